"""IR expressions as C text. Total and dumb: what is not settled before (`checks.ranges`) is a fault, not a decision made here.

Takes: expressions without Number and Wrap, Casts in place. Leaves: text with as few parentheses as a reader needs.
"""

from __future__ import annotations

from typing import Literal

from pyndis.backend.arithmetic import INT, is_status, needs_type, width_of_type
from pyndis.backend.declarators import type_name
from pyndis.backend.faults import bad_ir
from pyndis.backend.literals import INT_MAX, INT_MIN, integer, string
from pyndis.ir.nodes import (
    AddressOf,
    Binary,
    Call,
    Cast,
    Choose,
    Compare,
    Const,
    Deref,
    Expr,
    Field,
    Global,
    Index,
    Logic,
    Null,
    SizeOf,
    Text,
    Unary,
    Var,
    Wrap,
    Zeroed,
)
from pyndis.ir.types import Bool, Int, Pointer

# How tightly C's operators bind. A text with its number is a `Printed`.
CHOOSE, OR, AND, BIT_OR, BIT_XOR, BIT_AND, EQUAL, ORDER, SHIFT, SUM, PRODUCT, UNARY, POSTFIX = range(1, 14)
Printed = tuple[str, int]

_PRECEDENCE = {
    **{"*": PRODUCT, "//": PRODUCT, "%": PRODUCT, "+": SUM, "-": SUM, "<<": SHIFT, ">>": SHIFT},
    **{"&": BIT_AND, "^": BIT_XOR, "|": BIT_OR, "&&": AND, "||": OR},
    **{"<": ORDER, "<=": ORDER, ">": ORDER, ">=": ORDER, "==": EQUAL, "!=": EQUAL},
}
_OPPOSITE: dict[str, Literal["==", "!=", "<", "<=", ">", ">="]] = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
}
_BITS = {"&", "|", "^"}


def value(expr: Expr) -> str:
    """The expression as a value: assigned, passed, returned, where C converts it."""
    if isinstance(expr, Choose) and _is_int(expr.then) and _is_int(expr.orelse):
        return _choose(expr, _plain(expr.then, OR), _plain(expr.orelse, OR))
    return _value(expr)[0]


def atom(expr: Expr) -> str:
    """The value such that it stays whole wherever it is put, as a macro's body."""
    return _plain(expr, POSTFIX)


def condition(expr: Expr) -> str:
    """The expression where only its truth counts: `if`, `while`, `for`."""
    return _truth(expr)[0]


def opposite(expr: Expr) -> str:
    """The condition that holds where `expr` does not."""
    return _not(expr)[0]


def operator(op: str) -> str:
    """C's spelling of a binary operator."""
    return "/" if op == "//" else op


def operand(expr: Expr, least: int, *, sibling: Expr | None = None, bits: bool = False) -> str:
    """The expression as an operand, in parentheses if it binds less tightly than `least`."""
    if isinstance(expr, Const):
        text, binds = _const(expr, bits, needs_type(expr, sibling))
    else:
        text, binds = _value(expr)
    return text if binds >= least else f"({text})"


def _value(expr: Expr) -> Printed:
    match expr:
        case Const():
            return _const(expr, False, False)
        case Text():
            return string(expr.value, wide=expr.wide), POSTFIX
        case Null():
            return "NULL", POSTFIX
        case Var():
            return expr.symbol.name, POSTFIX
        case Global():
            return expr.name, POSTFIX
        case SizeOf():
            return f"sizeof({type_name(expr.measured)})", POSTFIX
        case Call():
            return f"{expr.name}({', '.join(value(each) for each in expr.args)})", POSTFIX
        case Field() | Index() | Deref() | AddressOf():
            return _place(expr)
        case Unary() | Binary() | Compare() | Logic() | Choose() | Cast():
            return _operation(expr)
        case Wrap():
            raise bad_ir(f"checks.ranges left a Wrap ({expr.kind}) in the IR", expr.span)
        case Zeroed():
            raise bad_ir("the frontend put Zeroed elsewhere than in a Declare", expr.span)
        case _:
            raise bad_ir(f"the printer knows no expression {type(expr).__name__}", expr.span)


def _const(const: Const, bits: bool, typed: bool) -> Printed:
    if const.name:
        return (f"({type_name(const.type)}){const.name}", UNARY) if typed else (const.name, POSTFIX)
    if isinstance(const.type, Bool):
        return ("TRUE" if const.value else "FALSE"), POSTFIX
    if isinstance(const.type, Pointer):
        return f"({type_name(const.type)}){integer(const.value, bits=True)}", UNARY
    if is_status(const.type) and const.value < 0:  # people know statuses by their bits
        return f"({type_name(const.type)}){integer(const.value + (1 << 32))}", UNARY
    if typed and isinstance(const.type, Int) and const.type.bits == 0:
        return f"({type_name(const.type)}){integer(const.value, bits=bits)}", UNARY
    text = integer(const.value, suffix=_suffix(const) if typed else "", bits=bits)
    return text, UNARY if text.startswith("-") else POSTFIX


def _suffix(const: Const) -> str:
    meant = width_of_type(const.type)
    return "" if meant == INT else ("" if meant.signed else "U") + ("LL" if meant.rank == 64 else "")


def _place(expr: Field | Index | Deref | AddressOf) -> Printed:
    match expr:
        case Field(base=Deref() as base):
            return f"{operand(base.pointer, POSTFIX)}->{expr.name}", POSTFIX
        case Field(base=AddressOf() as base):
            return f"{operand(base.place, POSTFIX)}.{expr.name}", POSTFIX
        case Field():
            arrow = "->" if isinstance(expr.base.type, Pointer) else "."
            return f"{operand(expr.base, POSTFIX)}{arrow}{expr.name}", POSTFIX
        case Index():
            return f"{operand(expr.base, POSTFIX)}[{value(expr.index)}]", POSTFIX
        case Deref(pointer=AddressOf() as pointer):
            return _value(pointer.place)
        case Deref():
            return f"*{operand(expr.pointer, UNARY)}", UNARY
        case AddressOf(place=Deref() as place):
            return _value(place.pointer)
        case AddressOf():
            return f"&{operand(expr.place, UNARY)}", UNARY


def _operation(expr: Unary | Binary | Compare | Logic | Choose | Cast) -> Printed:
    match expr:
        case Unary(op="!"):
            return _not(expr.operand)
        case Unary():
            return f"{expr.op}{_unsigned_operand(expr.operand, expr.op == '~')}", UNARY
        case Cast():
            return f"({type_name(expr.type)}){_unsigned_operand(expr.operand, False, typed=False)}", UNARY
        case Binary():
            return _binary(expr)
        case Compare():
            return _compare(expr)
        case Logic():
            binds = _PRECEDENCE[expr.op]
            sides = (_logic_operand(each, expr.op) for each in (expr.left, expr.right))
            return f" {expr.op} ".join(sides), binds
        case Choose():
            then = operand(expr.then, OR, sibling=None if isinstance(expr.orelse, Const) else expr.orelse)
            return _choose(expr, then, operand(expr.orelse, OR, sibling=expr.then)), CHOOSE


def _choose(expr: Choose, then: str, orelse: str) -> str:
    test, binds = _truth(expr.test)
    return f"{test if binds > CHOOSE else f'({test})'} ? {then} : {orelse}"


def _unsigned_operand(expr: Expr, bits: bool, *, typed: bool = True) -> str:
    """The operand of a prefix, which starts with no sign of its own: no `--x`, no `(UCHAR)-1`."""
    if isinstance(expr, Const):
        text, binds = _const(expr, bits, typed and needs_type(expr, None))
    else:
        text, binds = _value(expr)
    return text if binds >= UNARY and not text.startswith("-") else f"({text})"


def _binary(expr: Binary) -> Printed:
    binds, shift, bits = _PRECEDENCE[expr.op], expr.op in ("<<", ">>"), expr.op in _BITS
    chained = isinstance(expr.left, Binary) and expr.left.op == expr.op
    least = binds if chained or binds == SUM else UNARY
    left = operand(expr.left, least, sibling=None if shift or isinstance(expr.right, Const) else expr.right, bits=bits)
    if shift:
        return f"{left} {expr.op} {_plain(expr.right, UNARY)}", binds
    right = operand(expr.right, PRODUCT if binds == SUM else UNARY, sibling=expr.left, bits=bits)
    return f"{left} {operator(expr.op)} {right if right[0] != '-' else f'({right})'}", binds


def _compare(expr: Compare) -> Printed:
    binds = _PRECEDENCE[expr.op]
    return f"{_compared(expr.left)} {expr.op} {_compared(expr.right)}", binds


def _compared(expr: Expr) -> str:
    """A side of a comparison: a literal that is an int compares as the number it is, whatever it is compared with."""
    return _plain(expr, SHIFT) if not isinstance(expr, Const) or _is_int(expr) else operand(expr, SHIFT)


def _is_int(expr: Expr) -> bool:
    return isinstance(expr, Const) and INT_MIN <= expr.value <= INT_MAX


def _plain(expr: Expr, least: int) -> str:
    """An operand whose literals need no type of their own."""
    text, binds = _value(expr)
    return text if binds >= least else f"({text})"


def _logic_operand(expr: Expr, op: str) -> str:
    text, binds = _truth(expr)
    same = isinstance(expr, Logic) and expr.op == op
    return text if same or binds >= BIT_OR else f"({text})"


def _truth(expr: Expr) -> Printed:
    match expr:
        case Compare(op="!=", right=Null()):
            return _value(expr.left)
        case Compare(op="==", right=Null()):
            return _not(expr.left)
        case Unary(op="!"):
            return _not(expr.operand)
        case Const() if not isinstance(expr.type, Bool):
            return ("TRUE" if expr.value else "FALSE"), POSTFIX
        case _ if isinstance(expr.type, Int):
            return f"{_plain(expr, SHIFT)} != 0", EQUAL
        case _:
            return _value(expr)


def _not(expr: Expr) -> Printed:
    match expr:
        case Compare(right=Null()):
            return _truth(Compare(expr.type, "!=" if expr.op == "==" else "==", expr.left, expr.right))
        case Compare():
            return _compare(Compare(expr.type, _OPPOSITE[expr.op], expr.left, expr.right))
        case Unary(op="!"):
            return _truth(expr.operand)
        case _ if isinstance(expr.type, Int):
            return f"{_plain(expr, SHIFT)} == 0", EQUAL
        case _:
            text, binds = _truth(expr)
            return f"!{text}" if binds >= UNARY else f"!({text})", UNARY
