"""What callers know of a function's result, beside its interval."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyndis.checks import walk
from pyndis.checks.ranges.intervals import MOST, Interval, join
from pyndis.checks.ranges.linear import Linear, Term, of_term
from pyndis.checks.ranges.places import bounds, is_integer
from pyndis.checks.ranges.state import State
from pyndis.ir import nodes as ir


@dataclass
class Results:
    """Function -> position of a parameter -> the interval of result - parameter: `stride(size)` is size + (16 … 31)."""

    differences: dict[ir.Function, dict[int, Interval]] = field(default_factory=dict)

    def beside_parameters(self, function: ir.Function) -> dict[int, Interval]:
        """What is known of one function; nothing before it was analysed."""
        return self.differences.get(function, {})

    def at_return(self, function: ir.Function, value: Linear | None, state: State) -> None:
        """One way out: what holds on all of them remains."""
        here: dict[int, Interval] = {}
        for position, term in _lasting(function).items():
            if value is None:
                continue
            difference = state.interval(value.plus(of_term(term), -1))
            if abs(difference[0]) < MOST and abs(difference[1]) < MOST:
                here[position] = difference
        before = self.differences.get(function)
        if before is not None:
            here = {position: join(before[position], each) for position, each in here.items() if position in before}
        self.differences[function] = here


def _lasting(function: ir.Function) -> dict[int, Term]:
    """The integer parameters that keep the caller's value throughout."""
    changed = {
        each.target.symbol
        for each in walk.statements(function.body)
        if isinstance(each, ir.Assign) and isinstance(each.target, ir.Var)
    }
    changed |= {
        each.place.symbol
        for each in walk.expressions(function.body)
        if isinstance(each, ir.AddressOf) and isinstance(each.place, ir.Var)
    }
    symbols = [param.symbol for param in function.params]
    return {
        position: Term(symbol.name, bounds(symbol.type), frozenset({symbol.name}))
        for position, symbol in enumerate(symbols)
        if is_integer(symbol.type) and symbol not in changed
    }
