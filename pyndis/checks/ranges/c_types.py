"""Which C type an operation is computed in, by C's own rules, so that it equals the mathematical one.

Windows' types: int and long have 32 bits, what is narrower is computed as int; a pointer-size type has 32 bits on x86.
"""

from __future__ import annotations

from pyndis.checks.ranges.intervals import Interval, covers, join
from pyndis.ir import nodes as ir
from pyndis.ir.types import LONG, LONG64, ULONG, ULONG64, Bool, CType, Int

CHOICES = (ULONG, LONG, ULONG64, LONG64)
"""What a number may become, the narrowest and plainest first."""


def narrowest(interval: Interval) -> Int | None:
    """The narrowest C type, never narrower than 32 bits, that holds an interval; None: no 64-bit type does."""
    return next((each for each in CHOICES if covers((each.low, each.high), interval)), None)


def capacity(type_: Int) -> Interval:
    """What a C type holds on every architecture, whatever part of it a declaration lets in."""
    bits = type_.bits or 32
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if type_.signed else (0, (1 << bits) - 1)


def promoted(type_: CType) -> Int:
    """What an operand of this type is computed as."""
    if isinstance(type_, Bool):
        return LONG
    assert isinstance(type_, Int), f"{type_} in arithmetic (frontend)"
    return LONG if type_.bits in (8, 16) else type_


def _rank(type_: Int) -> int:
    return {32: 1, 0: 2, 64: 3}[type_.bits]


def usual(left: CType, right: CType) -> Int:
    """The type that C computes in, of two operands: the wider one; of two equally wide ones the unsigned one."""
    a, b = promoted(left), promoted(right)
    if _rank(a) == _rank(b):
        return a if not a.signed else b
    return a if _rank(a) > _rank(b) else b


def holds(type_: Int, *intervals: Interval) -> bool:
    """Whether all these values can be computed with in a type, on every architecture."""
    return all(covers(capacity(type_), each) for each in intervals)


def same(a: CType, b: CType) -> bool:
    """Whether C makes no difference between two integer types, but for the name."""
    return isinstance(a, Int) and isinstance(b, Int) and (a.bits, a.signed) == (b.bits, b.signed)


def implicit(source: CType, target: Int) -> bool:
    """Whether C converts without losing a value of `source`, and without a warning from any compiler."""
    if isinstance(source, Bool) or same(source, target):
        return True
    assert isinstance(source, Int)
    room, has = source.bits or 64, target.bits or 32
    if source.signed:
        return target.signed and has >= room
    return has > room or (has == room and not target.signed)


def never_negative(expr: ir.Expr) -> bool:
    """Whether compilers see that an int, made of narrower unsigned numbers, has no sign: then it widens without a warning."""
    if isinstance(expr, ir.Const):
        return 0 <= expr.value < 1 << 31
    if isinstance(expr, ir.Binary):
        positive = expr.op in ("&", "|", "^", ">>", "//", "%")
        return positive and same(expr.type, LONG) and never_negative(expr.left) and never_negative(expr.right)
    return isinstance(expr.type, Int) and expr.type.bits in (8, 16) and not expr.type.signed


def common(intervals: list[Interval]) -> Int | None:
    """The narrowest type for values of all of these."""
    whole = intervals[0]
    for each in intervals[1:]:
        whole = join(whole, each)
    return narrowest(whole)
