"""Expressions of which only the low bits matter: `wrapping_…`, and masks.

They are computed in an unsigned type of the right width, where C wraps as wanted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pyndis.checks.ranges import c_types
from pyndis.checks.ranges.evaluate import MODULAR
from pyndis.checks.ranges.intervals import Interval
from pyndis.ir import nodes as ir
from pyndis.ir.types import ULONG, ULONG64, ULONG_PTR, Int

if TYPE_CHECKING:
    from pyndis.checks.ranges.lowering import Lowering


class Modular:
    """The part of the lowering that lets C wrap."""

    def __init__(self, lowering: Lowering) -> None:
        self.lowering = lowering

    def masked(self, expr: ir.Binary) -> ir.Expr | None:
        """`x & m` of x >= 0 and m perhaps negative (`x & ~15`): m's low bits in x's unsigned type. None: nothing special."""
        kept, mask = expr.left, expr.right
        if self.lowering.interval(kept)[0] < 0:
            kept, mask = mask, kept
        inside = self.lowering.interval(kept)
        if inside[0] < 0 or self.lowering.interval(mask)[0] >= 0:
            return None
        lowered, other = self.lowering.expr(kept), self.lowering.expr(mask)
        typed = [each for each in (lowered, other) if not isinstance(each, ir.Const)]
        if typed and c_types.holds(c_types.usual(typed[0].type, typed[-1].type), inside, self.lowering.interval(mask)):
            return None
        type_ = c_types.promoted(lowered.type)
        if type_.signed or not (c_types.holds(type_, inside) or type_.bits == 0):
            type_ = c_types.narrowest(inside) or ULONG64
        left = lowered if c_types.same(lowered.type, type_) else self.lowering.cast(lowered, type_)
        return replace(expr, left=left, right=self._low_bits(mask, type_), type=type_, interval=self.lowering.interval(expr))

    def wrapped(self, expr: ir.Expr, wanted: Int, interval: Interval) -> ir.Expr:
        """An expression reduced to the width of a type."""
        reduced = self._low_bits(expr, {64: ULONG64, 0: ULONG_PTR}.get(wanted.bits, ULONG))
        if c_types.implicit(reduced.type, wanted):
            reduced.interval = interval
            return reduced
        return ir.Cast(wanted, reduced, span=expr.span, interval=interval)

    def _low_bits(self, expr: ir.Expr, type_: Int) -> ir.Expr:
        """What has the right low bits once C converts it to an unsigned type, which it does without a cast."""
        anything = (type_.low, type_.high)
        match expr:
            case ir.Const():
                return self._literal(expr, type_)
            case ir.Unary() if expr.op != "!":
                return replace(expr, operand=self._typed(expr.operand, type_), type=type_, interval=anything)
            case ir.Binary(op="<<") if self.lowering.interval(expr.right)[1] < (type_.bits or 32):
                left, count = self._typed(expr.left, type_), self.lowering.expr(expr.right)
                return replace(expr, left=left, right=count, type=type_, interval=anything)
            case ir.Binary() if expr.op in MODULAR and expr.op != "<<":
                left, right = self._low_bits(expr.left, type_), self._low_bits(expr.right, type_)
                if not self.lowering.carries(left, type_) and not self.lowering.carries(right, type_):
                    left = ir.Cast(type_, left, span=left.span, interval=left.interval)
                return replace(expr, left=left, right=right, type=type_, interval=anything)
        lowered = self.lowering.expr(expr)
        if isinstance(lowered, ir.Const):
            return self._literal(lowered, type_)
        return lowered if c_types.implicit(lowered.type, type_) else self._cast(lowered, type_)

    def _literal(self, const: ir.Const, type_: Int) -> ir.Expr:
        if const.value < 0 and type_.bits == 0:
            return self._cast(self.lowering.expr(const), type_)
        value = const.value % (1 << (type_.bits or 64))
        return replace(const, value=value, type=type_, name=const.name if value == const.value else "", interval=(value, value))

    def _typed(self, expr: ir.Expr, type_: Int) -> ir.Expr:
        """Low bits as the only operand, which decides what C computes in."""
        lowered = self._low_bits(expr, type_)
        return lowered if self.lowering.carries(lowered, type_) else self._cast(lowered, type_)

    @staticmethod
    def _cast(expr: ir.Expr, type_: Int) -> ir.Expr:
        return ir.Cast(type_, expr, span=expr.span, interval=(type_.low, type_.high))
