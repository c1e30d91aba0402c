"""Which integer type C computes an expression in, so that literals can be given the type that is meant.

A width is 32, 64, or 33 for a pointer's size: that is at least 32 bits, and no more than 64.
"""

from __future__ import annotations

from typing import NamedTuple

from pyndis.backend.literals import INT_MAX, INT_MIN, UINT_MAX
from pyndis.ir.nodes import Binary, Choose, Const, Expr, Unary
from pyndis.ir.types import NDIS_STATUS, NTSTATUS, CType, Int, Pointer


class Width(NamedTuple):
    """An integer type after C's promotions."""

    rank: int
    signed: bool


INT, UNSIGNED, LONG64, ULONG64, POINTER = Width(32, True), Width(32, False), Width(64, True), Width(64, False), Width(33, False)


def width_of_type(type: CType) -> Width:
    """What a value of this type is promoted to. Truth values and whatever is no integer count as int."""
    if not isinstance(type, Int) or type.bits in (8, 16):
        return INT
    return Width(type.bits or POINTER.rank, type.signed)


def is_status(type: CType) -> bool:
    """Whether a type tells success from failure."""
    return str(type) in (str(NTSTATUS), str(NDIS_STATUS))


def width_of_literal(value: int) -> Width:
    """The type of the plain literal."""
    if INT_MIN <= value <= INT_MAX:
        return INT
    if 0 <= value <= UINT_MAX:
        return UNSIGNED
    return LONG64 if value < 1 << 63 else ULONG64


def usual(left: Width, right: Width) -> Width:
    """C's usual arithmetic conversions."""
    if left.rank == right.rank:
        return Width(left.rank, left.signed and right.signed)
    return max(left, right)


def width(expr: Expr) -> Width:
    """The type that C gives to the printed expression, once its literals are spelled by `expressions`."""
    match expr:
        case Binary(op="<<" | ">>"):
            return width(expr.left)
        case Binary():
            return usual(width(expr.left), width(expr.right))
        case Choose():
            return usual(width(expr.then), width(expr.orelse))
        case Unary(op="-" | "~"):
            return width(expr.operand)
        case _:
            return width_of_type(expr.type)


def needs_type(const: Const, sibling: Expr | None) -> bool:
    """Whether the plain literal beside `sibling` (or alone) would make C compute in another type than the constant's own."""
    meant, plain = width_of_type(const.type), width_of_literal(const.value)
    if sibling is not None and isinstance(sibling.type, Pointer):
        return False  # an offset
    if sibling is None:
        return meant != plain
    beside = width(sibling)
    return usual(meant, beside) != usual(plain, beside)
