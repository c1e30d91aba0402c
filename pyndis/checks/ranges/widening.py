"""How loops settle: thresholds that intervals widen to, and what bounds a sum that a loop builds up.

One statement runs at most 2**32 times in one call of its function: the loops of a driver walk objects in memory or count, and
more turns would take longer than the watchdogs of Windows allow. So a local that a loop only changes by `x = x + e` or
`x = x - e` moves away from its first value by at most 2**32 times the largest e, however the loops nest.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from pyndis.checks import walk
from pyndis.checks.ranges.intervals import MOST, Interval
from pyndis.checks.ranges.linear import Term
from pyndis.checks.ranges.places import is_integer
from pyndis.checks.ranges.state import State
from pyndis.ir import nodes as ir
from pyndis.ir.types import Int

TURNS = 1 << 32
_SHARP_TURNS = 2  # of a loop before widening begins


def thresholds(function: ir.Function) -> list[int]:
    """Where a bound that moves may come to rest: the numbers of the function and of its types, and their neighbours."""
    found = {0, -MOST, MOST}
    for bits in (8, 16, 31, 32, 63, 64):
        found |= {(1 << bits) - 1, 1 << bits}
    found |= {-(1 << 31), -(1 << 63)}
    for expr in walk.expressions(function.body):
        if isinstance(expr, ir.Const):
            found |= {expr.value - 1, expr.value, expr.value + 1}
        if isinstance(expr.type, Int):
            found |= {expr.type.low, expr.type.high}
    return sorted(found)


def widen(before: State, after: State, turn: int, steps: list[int], limits: dict[str, Interval]) -> State:
    """A state over both, reached in few turns. `limits`: what `accumulations` has bounded, by the local's name."""
    if turn < _SHARP_TURNS:
        return after
    out = State()
    for term, old in before.intervals.items():
        new = after.of(term)
        low = old[0] if new[0] >= old[0] else steps[max(bisect_right(steps, new[0]) - 1, 0)]
        high = old[1] if new[1] <= old[1] else steps[min(bisect_left(steps, new[1]), len(steps) - 1)]
        limit = limits.get(term.text, term.bounds)
        out.intervals[term] = (max(low, min(limit[0], new[0])), min(high, max(limit[1], new[1])))
    for terms, bound in before.relations.items():
        if after.relations.get(terms, MOST) <= bound:
            out.relations[terms] = bound
    return out


def accumulations(loop: ir.Loop, aliased: frozenset[str]) -> dict[ir.Symbol, list[ir.Assign]]:
    """The locals that a loop (with the loops in it) changes by adding and subtracting only, and the statements that do."""
    changes: dict[ir.Symbol, list[ir.Assign]] = {}
    other: set[ir.Symbol] = set()
    for statement in walk.statements([loop]):
        if isinstance(statement, ir.Declare):
            other.add(statement.symbol)
        elif isinstance(statement, ir.Assign) and isinstance(statement.target, ir.Var):
            symbol = statement.target.symbol
            if amount(statement) is None or not is_integer(symbol.type):
                other.add(symbol)
            else:
                changes.setdefault(symbol, []).append(statement)
    for expr in walk.expressions([loop]):
        if isinstance(expr, ir.AddressOf) and isinstance(expr.place, ir.Var):
            other.add(expr.place.symbol)
    return {symbol: found for symbol, found in changes.items() if symbol not in other and symbol.name not in aliased}


def amount(statement: ir.Assign) -> tuple[ir.Expr, int] | None:
    """(e, 1) of `x = x + e`, (e, -1) of `x = x - e`."""
    target, value = statement.target, statement.value
    if not (isinstance(target, ir.Var) and isinstance(value, ir.Binary) and value.op in ("+", "-")):
        return None
    if isinstance(value.left, ir.Var) and value.left.symbol is target.symbol:
        return value.right, 1 if value.op == "+" else -1
    if value.op == "+" and isinstance(value.right, ir.Var) and value.right.symbol is target.symbol:
        return value.left, 1
    return None


def reach(start: Interval, moves: list[Interval]) -> Interval | None:
    """Where a local can get to from `start`, if each of these changes it up to `TURNS` times; None: anywhere."""
    low = start[0] + TURNS * sum(min(move[0], 0) for move in moves)
    high = start[1] + TURNS * sum(max(move[1], 0) for move in moves)
    return (low, high) if low > -MOST and high < MOST else None


def runs_away(term: Term, state: State) -> bool:
    """Whether a loop has settled without a bound for a local, or only with that of a 64-bit type."""
    low, high = state.of(term)
    return low <= -(1 << 63) or high >= min(max(term.bounds[1], (1 << 63) - 1), (1 << 64) - 1)
