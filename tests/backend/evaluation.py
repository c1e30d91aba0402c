"""Random expressions whose arithmetic C defines, each with the value that Python gives it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import NamedTuple

from hypothesis import strategies as st

from pyndis.ir import text
from pyndis.ir.nodes import Binary, Cast, Choose, Compare, Const, Expr, Logic, Symbol, Unary, Var
from pyndis.ir.types import BOOL, CHAR, LONG, LONG64, SHORT, UCHAR, ULONG, ULONG64, USHORT, Int

TYPES = (UCHAR, CHAR, USHORT, SHORT, ULONG, LONG, ULONG64, LONG64)
COMPUTED = (ULONG, LONG, ULONG64, LONG64)
NARROW = {
    ULONG: (UCHAR, USHORT),
    LONG: (UCHAR, CHAR, USHORT, SHORT),
    ULONG64: (UCHAR, USHORT, ULONG),
    LONG64: (UCHAR, SHORT, LONG, ULONG),
}
EDGES = (
    0,
    1,
    2,
    3,
    9,
    10,
    31,
    127,
    128,
    255,
    256,
    32767,
    65535,
    65536,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    (1 << 63) - 1,
    (1 << 64) - 1,
)


class Known(NamedTuple):
    """An expression and its value."""

    expr: Expr
    value: int

    def __repr__(self) -> str:
        return f"<{text.expression(self.expr)} = {self.value}>"


class Values(dict[Var, int]):
    """Variables with their values."""

    def __repr__(self) -> str:
        return ", ".join(f"{var.symbol.name} = {value}" for var, value in self.items())


_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    **{"+": operator.add, "-": operator.sub, "*": operator.mul, "&": operator.and_, "|": operator.or_, "^": operator.xor},
    **{"//": operator.floordiv, "%": operator.mod, "<<": operator.lshift, ">>": operator.rshift},
    **{"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge},
}


def _of_type(type: Int) -> st.SearchStrategy[int]:
    edges = [sign * each for each in EDGES for sign in (1, -1) if type.low <= sign * each <= type.high]
    return st.one_of(st.sampled_from([*edges, type.low, type.high]), st.integers(type.low, type.high))


@st.composite
def variables(draw: st.DrawFn) -> Values:
    """Two variables of each type with their values."""
    return Values({Var(type, Symbol(f"{type.name}{n}", type)): draw(_of_type(type)) for type in TYPES for n in range(2)})


@st.composite
def known(draw: st.DrawFn, values: Values, type: Int | None = None, depth: int = 3) -> Known:
    """An integer expression that C computes in `type`, over these variables."""
    type = type or draw(st.sampled_from(COMPUTED))
    kinds = ("var", "const") if depth == 0 else ("var", "const", "binary", "binary", "binary", "shift", "unary", "choose", "cast")
    match draw(st.sampled_from(kinds)):
        case "var":
            var = draw(st.sampled_from([each for each in values if each.type == type]))
            return Known(var, values[var])
        case "const":
            value = draw(_of_type(type))
            return Known(Const(type, value), value)
        case "binary":
            return draw(_binary(values, type, depth - 1))
        case "shift":
            return draw(_shift(values, type, depth - 1))
        case "unary":
            return draw(_unary(values, type, depth - 1))
        case "choose":
            test = draw(truth(values, depth - 1))
            then, orelse = draw(known(values, type, depth - 1)), draw(known(values, type, depth - 1))
            return Known(Choose(type, test.expr, then.expr, orelse.expr), then.value if test.value else orelse.value)
        case _:
            inner = draw(known(values, None, depth - 1))
            bits = type.bits
            value = inner.value & (1 << bits) - 1
            return Known(Cast(type, inner.expr), value - (1 << bits) if value > type.high else value)


@st.composite
def _binary(draw: st.DrawFn, values: Values, type: Int, depth: int) -> Known:
    left, right = draw(known(values, type, depth)), draw(known(values, type, depth))
    if draw(st.booleans()):  # a narrower operand beside one of the type: C widens it by itself
        narrow = draw(st.sampled_from([each for each in values if each.type in NARROW[type]]))
        left, right = draw(st.permutations([Known(narrow, values[narrow]), right]))
    op = draw(st.sampled_from(("+", "-", "*", "//", "%", "&", "|", "^")))
    if op in ("//", "%") and (right.value <= 0 or left.value < 0):
        op = "|"
    value = _OPERATIONS[op](left.value, right.value)
    if not type.low <= value <= type.high:
        op, value = "^", left.value ^ right.value
    return Known(Binary(type, op, left.expr, right.expr), value)


@st.composite
def _shift(draw: st.DrawFn, values: Values, type: Int, depth: int) -> Known:
    left, count = draw(known(values, type, depth)), draw(st.integers(0, 31))
    op = draw(st.sampled_from(("<<", ">>")))
    value = _OPERATIONS[op](left.value, count)
    if left.value < 0 or value > type.high:
        return left
    return Known(Binary(type, op, left.expr, Const(ULONG, count)), value)


@st.composite
def _unary(draw: st.DrawFn, values: Values, type: Int, depth: int) -> Known:
    operand = draw(known(values, type, depth))
    if type.signed and operand.value != type.low and draw(st.booleans()):
        return Known(Unary(type, "-", operand.expr), -operand.value)
    return Known(Unary(type, "~", operand.expr), ~operand.value if type.signed else type.high - operand.value)


@st.composite
def truth(draw: st.DrawFn, values: Values, depth: int) -> Known:
    """A truth value."""
    if depth > 0 and draw(st.booleans()):
        left, right = draw(truth(values, depth - 1)), draw(truth(values, depth - 1))
        if draw(st.booleans()):
            return Known(Unary(BOOL, "!", left.expr), 1 - left.value)
        op = draw(st.sampled_from(("&&", "||")))
        value = left.value and right.value if op == "&&" else left.value or right.value
        return Known(Logic(BOOL, op, left.expr, right.expr), value)
    type = draw(st.sampled_from(COMPUTED))
    left, right = draw(known(values, type, max(depth, 0))), draw(known(values, type, max(depth, 0)))
    op = draw(st.sampled_from(("==", "!=", "<", "<=", ">", ">=")))
    return Known(Compare(BOOL, op, left.expr, right.expr), int(_OPERATIONS[op](left.value, right.value)))
