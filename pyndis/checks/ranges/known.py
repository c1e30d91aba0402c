"""What an evaluation knows beside its state: the function's places, what calls give, and what they want."""

from __future__ import annotations

from dataclasses import dataclass

from pyndis.checks.ranges.ddi_types import DdiTypes
from pyndis.checks.ranges.places import Places
from pyndis.checks.ranges.summary import Results
from pyndis.diagnostics import Span
from pyndis.ir import nodes as ir
from pyndis.ir.types import CType


@dataclass(frozen=True)
class Wanted:
    """Where a value lands: its type (None: any), how a message names the place, and where that is declared."""

    type: CType | None
    where: str = ""
    declared: Span | None = None


@dataclass(frozen=True)
class Known:
    """For one function."""

    places: Places
    results: Results
    ddi_types: DdiTypes

    def wanted(self, call: ir.Call) -> list[Wanted]:
        """What each argument of a call must fit."""
        if isinstance(call.function, ir.Function):
            name = call.function.source or call.name
            symbols = [param.symbol for param in call.function.params]
            found = [Wanted(each.type, f"`{each.source or each.name}` of `{name}`", each.span) for each in symbols]
        else:
            typed = self.ddi_types.of(call.function, len(call.args))
            found = [Wanted(each.type, f"`{each.name}` of `{call.name}`") for each in typed]
        return found + [Wanted(None)] * (len(call.args) - len(found))
