"""What a condition says of the terms in it."""

from __future__ import annotations

from pyndis.checks.ranges import intervals as iv
from pyndis.checks.ranges.evaluate import Evaluator
from pyndis.checks.ranges.known import Known
from pyndis.checks.ranges.linear import Linear, constant
from pyndis.checks.ranges.places import is_integer
from pyndis.checks.ranges.state import State, join_states
from pyndis.checks.ranges.values import Value
from pyndis.ir import nodes as ir
from pyndis.ir.types import Bool

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class Conditions:
    """Narrows states of one function."""

    def __init__(self, known: Known) -> None:
        self.known = known

    def assume(self, test: ir.Expr, truth: bool, state: State) -> State | None:
        """The state where `test` came out as `truth`; None when it cannot."""
        match test:
            case ir.Const():
                return state if bool(test.value) == truth else None
            case ir.Unary(op="!"):
                return self.assume(test.operand, not truth, state)
            case ir.Logic():
                return self._logic(test, truth, state)
            case ir.Compare() if is_integer(test.left.type) and is_integer(test.right.type):
                return self._compare(test.left, test.op if truth else _OPPOSITE[test.op], test.right, state)
        if isinstance(test.type, Bool) and (term := self.known.places.term(test)) is not None:
            known = state.copy()
            return known if known.limit(term, (int(truth), int(truth))) else None
        return state

    def _logic(self, test: ir.Logic, truth: bool, state: State) -> State | None:
        both = test.op == "&&"
        if truth == both:
            first = self.assume(test.left, truth, state)
            return None if first is None else self.assume(test.right, truth, first)
        alone = self.assume(test.left, truth, state)
        first = self.assume(test.left, not truth, state)
        second = None if first is None else self.assume(test.right, truth, first)
        if alone is None or second is None:
            return alone or second
        return join_states(alone, second)

    def _compare(self, left: ir.Expr, op: str, right: ir.Expr, state: State) -> State | None:
        known = state.copy()
        evaluator = Evaluator(self.known, known, None, self.assume)
        a, b = evaluator.value(left), evaluator.value(right)
        return known if relate(known, a, op, b) else None

    def among(self, subject: ir.Expr, values: list[ir.Expr], state: State) -> State | None:
        """The state where a switch's subject is one of the values."""
        found: State | None = None
        for value in values:
            here = self._compare(subject, "==", value, state)
            if here is not None:
                found = here if found is None else join_states(found, here)
        return found

    def none_of(self, subject: ir.Expr, values: list[ir.Expr], state: State) -> State | None:
        """The state where it is none of them."""
        here: State | None = state
        for value in sorted(values, key=lambda each: each.value if isinstance(each, ir.Const) else 0):
            here = None if here is None else self._compare(subject, "!=", value, here)
        return here


def relate(state: State, a: Value, op: str, b: Value) -> bool:
    """Take in place that `a op b` is so. False: it cannot be."""
    match op:
        case "<=" | "<":
            return state.learn(_excess(a, b, 1 if op == "<" else 0))
        case ">=" | ">":
            return state.learn(_excess(b, a, 1 if op == ">" else 0))
        case "==":
            return state.learn(_excess(a, b, 0)) and state.learn(_excess(b, a, 0))
    return _differ(state, a, b)


def _excess(a: Value, b: Value, gap: int) -> Linear:
    """a - b + gap, which is at most 0 where a is not above b (less the gap)."""
    return a.at_least().plus(b.at_most(), -1).plus(constant(gap))


def _differ(state: State, a: Value, b: Value) -> bool:
    if a.form is None or b.form is None:
        return not (a.interval == b.interval and a.interval[0] == a.interval[1])
    difference = a.form.plus(b.form, -1)
    low, high = state.interval(difference)
    if low == 0 == high:
        return False
    if high == 0:
        return state.learn(difference.plus(constant(1)))
    if low == 0:
        return state.learn(difference.times(-1).plus(constant(1)))
    return abs(low) <= iv.MOST
