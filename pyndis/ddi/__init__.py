"""The facts about every kernel call, type and constant that a miniport may use; `facts()` is the way in."""

from pyndis.ddi.facts import Facts, facts
from pyndis.ddi.model import Callback, Function, IrqlRule, Param, Struct

__all__ = ["Callback", "Facts", "Function", "IrqlRule", "Param", "Struct", "facts"]
