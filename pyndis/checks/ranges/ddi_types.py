"""Which integers a DDI wants, from the C text of its parameters."""

from __future__ import annotations

from dataclasses import dataclass

from pyndis.checks.facts import Facts
from pyndis.ir import types
from pyndis.ir.types import Int

_NAMED = {
    each.name: each
    for each in (
        types.UCHAR, types.USHORT, types.ULONG, types.ULONG64, types.CHAR, types.SHORT, types.LONG, types.LONG64,
        types.ULONG_PTR, types.SIZE_T, types.NTSTATUS, types.NDIS_STATUS, types.KIRQL,
    )
}  # fmt: skip
_BITS = {1: 8, 2: 16, 4: 32, 8: 64}
_POINTER_SIZED = {"ULONG_PTR": False, "SIZE_T": False, "UINT_PTR": False, "LONG_PTR": True, "SSIZE_T": True, "INT_PTR": True}
"""Name -> whether it has a sign."""


@dataclass(frozen=True)
class Parameter:
    """A parameter: its name, and its integer type if it is one that is known."""

    name: str
    type: Int | None


class DdiTypes:
    """Integer types of DDI parameters and results."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def of(self, name: str, count: int) -> list[Parameter]:
        """The parameters of a DDI; none for a macro whose parameters have no types, or another number of arguments."""
        known = self.facts.function(name)
        if known is None or len(known.params) != count:
            return []
        return [Parameter(param.name, self.integer(param.type)) for param in known.params]

    def integer(self, text: str) -> Int | None:
        """The integer type that a typedef names."""
        text = text.replace("volatile", "").replace("const", "").strip()
        if text in _NAMED:
            return _NAMED[text]
        if text in _POINTER_SIZED:
            return _int(text, 0, _POINTER_SIZED[text])
        scalar = self.facts.scalar(text)
        if scalar is None or scalar[0].startswith("enum") or scalar[1] not in _BITS:
            return None
        return _int(text, _BITS[scalar[1]], "unsigned" not in scalar[0])


def _int(name: str, bits: int, signed: bool) -> Int:
    width = bits or 64
    low, high = (-(1 << (width - 1)), (1 << (width - 1)) - 1) if signed else (0, (1 << width) - 1)
    return Int(name, bits, signed, low, high)
