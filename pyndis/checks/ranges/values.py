"""The value of an expression, and what always holds of the results of operators."""

from __future__ import annotations

from dataclasses import dataclass

from pyndis.checks.ranges.intervals import Interval
from pyndis.checks.ranges.linear import Linear, constant
from pyndis.ir.types import CType, Int


@dataclass(frozen=True)
class Value:
    """What an integer expression can be. `native`: it comes as it is from a place of a pointer-size type."""

    interval: Interval
    form: Linear | None = None
    native: bool = False

    def at_least(self) -> Linear:
        """A form that is not above the value."""
        return self.form or constant(self.interval[0])

    def at_most(self) -> Linear:
        """A form that is not below the value."""
        return self.form or constant(self.interval[1])


def full_range(type_: CType) -> Interval:
    """All values of a C type, whatever part of them a declaration lets in."""
    assert isinstance(type_, Int), f"a conversion to {type_} (frontend)"
    width = type_.bits or 64
    return (-(1 << (width - 1)), (1 << (width - 1)) - 1) if type_.signed else (0, (1 << width) - 1)


def axioms(op: str, result: Linear, left: Value, right: Value) -> list[Linear]:
    """What holds of `left op right`: each form is at most 0."""
    assert left.form is not None and right.form is not None
    x, y = left.form, right.form
    low, high = right.interval
    positive = left.interval[0] >= 0 and low >= 0
    exact = low == high
    found: list[Linear] = []
    if op in ("//", ">>") and exact and (low > 0 if op == "//" else 0 <= low < 64) and (positive or op == ">>"):
        divisor = low if op == "//" else 1 << low
        found += [result.times(divisor).plus(x, -1), x.plus(result, -divisor).plus(constant(1 - divisor))]
    elif op in ("//", ">>", "%") and positive:
        found.append(result.plus(x, -1))
    if op == "%" and positive and low > 0:
        found.append(result.plus(y, -1).plus(constant(1)))
    if op == "&" and left.interval[0] >= 0:
        found.append(result.plus(x, -1))
        if exact and (lost := _cleared(low, left.interval[1])) is not None:
            found.append(x.plus(result, -1).plus(constant(-lost)))
    if op == "&" and low >= 0:
        found.append(result.plus(y, -1))
    if op == "|" and positive:
        found += [x.plus(result, -1), y.plus(result, -1)]
    if op in ("|", "^") and positive:
        found.append(result.plus(x, -1).plus(y, -1))
    return found


def _cleared(mask: int, highest: int) -> int | None:
    """What `& mask` can take away from 0..highest, if the mask clears low bits only."""
    holes = ~mask & ((1 << max(highest.bit_length(), 1)) - 1)
    return holes if holes & (holes + 1) == 0 else None
