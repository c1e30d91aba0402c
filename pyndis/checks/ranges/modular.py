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
from pyndis.ir.types import ULONG, ULONG64, ULONG_PTR, Bool, Int

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
        lowered = self.lowering.expr(kept)
        type_ = c_types.promoted(lowered.type)
        if type_.signed or not (c_types.holds(type_, inside) or type_.bits == 0):
            type_ = c_types.narrowest(inside) or ULONG64
        left = lowered if c_types.same(lowered.type, type_) else self.lowering.cast(lowered, type_)
        right = self._low_bits(mask, type_)
        return replace(expr, left=left, right=right, type=type_, interval=self.lowering.interval(expr))

    def wrapped(self, expr: ir.Expr, wanted: Int, interval: Interval) -> ir.Expr:
        """An expression reduced to the width of a type."""
        unsigned = {64: ULONG64, 0: ULONG_PTR}.get(wanted.bits, ULONG)
        reduced = self._low_bits(expr, unsigned)
        if c_types.same(reduced.type, wanted):
            return self.lowering.known(reduced, interval)
        return ir.Cast(wanted, reduced, span=expr.span, interval=interval)

    def _low_bits(self, expr: ir.Expr, type_: Int) -> ir.Expr:
        """An expression computed modulo the width of an unsigned type."""
        match expr:
            case ir.Const():
                bits = type_.bits or 64
                if expr.value < 0 and type_.bits == 0:
                    return ir.Cast(type_, self.lowering.expr(expr), span=expr.span)
                value = expr.value % (1 << bits)
                return replace(
                    expr, value=value, type=type_, name=expr.name if value == expr.value else "", interval=(value, value)
                )
            case ir.Unary() if expr.op != "!":
                return replace(expr, operand=self._typed(expr.operand, type_), type=type_, interval=(type_.low, type_.high))
            case ir.Binary(op="<<"):
                if self.lowering.interval(expr.right)[1] < (type_.bits or 32):
                    count = self.lowering.expr(expr.right)
                    return replace(
                        expr, left=self._typed(expr.left, type_), right=count, type=type_, interval=(type_.low, type_.high)
                    )
            case ir.Binary() if expr.op in MODULAR:
                left, right = self._low_bits(expr.left, type_), self._low_bits(expr.right, type_)
                if isinstance(left, ir.Const) and isinstance(right, ir.Const):
                    left = ir.Cast(type_, left, span=left.span, interval=left.interval)
                return replace(expr, left=left, right=right, type=type_, interval=(type_.low, type_.high))
        return self._leaf(expr, type_)

    def _typed(self, expr: ir.Expr, type_: Int) -> ir.Expr:
        """Low bits as an operand whose own type decides what C computes in."""
        lowered = self._low_bits(expr, type_)
        return ir.Cast(type_, lowered, span=lowered.span, interval=lowered.interval) if isinstance(lowered, ir.Const) else lowered

    def _leaf(self, expr: ir.Expr, type_: Int) -> ir.Expr:
        lowered = self.lowering.expr(expr)
        if isinstance(lowered, ir.Const):
            return self._low_bits(replace(lowered), type_)
        if isinstance(lowered.type, Bool) or not c_types.same(lowered.type, type_):
            return ir.Cast(type_, lowered, span=expr.span, interval=(type_.low, type_.high))
        return lowered
