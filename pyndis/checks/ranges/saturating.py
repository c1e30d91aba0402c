"""`saturating_…`: the operand where its type holds it, else the nearest limit.

It is compared before it is computed, so that nothing needs a wider type.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pyndis.checks.ranges import c_types
from pyndis.checks.ranges.intervals import Interval, covers
from pyndis.ir import nodes as ir
from pyndis.ir.types import BOOL, ULONG64, Int

if TYPE_CHECKING:
    from pyndis.checks.ranges.lowering import Lowering


class Saturating:
    """The part of the lowering that clips."""

    def __init__(self, lowering: Lowering) -> None:
        self.lowering = lowering

    def lowered(self, operand: ir.Expr, type_: Int) -> ir.Expr:
        """`operand` clipped to what the type holds on every architecture."""
        limits = c_types.capacity(type_)
        clipped = operand if covers(limits, self.lowering.interval(operand)) else self._clipped(operand, limits)
        return self.lowering.stored(clipped, type_)

    def _clipped(self, operand: ir.Expr, limits: Interval) -> ir.Expr:
        """Made of expressions that the lowering takes, with the values that each can have where it is computed."""
        low, high = limits
        first, last = self.lowering.interval(operand)
        if isinstance(operand, ir.Binary) and self._fits_by_parts(operand, high):
            return self._sum(operand, first, high)
        if first < low:
            test = self._below(operand, low)
            inside = _known(replace(operand), (low, max(last, low)))
            rest = self._clipped(inside, limits) if last > high else inside
            return _choice(operand, test, low, rest, (low, min(max(last, low), high)))
        inside = _known(replace(operand), (min(first, high), high))
        test = ir.Compare(BOOL, ">", operand, _number(high))
        return _choice(operand, test, high, inside, (min(first, high), high))

    def _fits_by_parts(self, operand: ir.Binary, high: int) -> bool:
        """Whether `left > high - right` says that a sum is too large."""
        left, right = self.lowering.interval(operand.left), self.lowering.interval(operand.right)
        return operand.op == "+" and left[0] >= 0 and right[0] >= 0 and right[1] <= high

    def _sum(self, operand: ir.Binary, first: int, high: int) -> ir.Expr:
        right = self.lowering.interval(operand.right)
        room: ir.Expr = ir.Binary(operand.type, "-", _number(high), operand.right)
        room = _number(high - right[0]) if right[0] == right[1] else _known(room, (high - right[1], high - right[0]))
        inside = _known(replace(operand), (min(first, high), high))
        return _choice(operand, ir.Compare(BOOL, ">", operand.left, room), high, inside, (min(first, high), high))

    def _below(self, operand: ir.Expr, low: int) -> ir.Expr:
        if isinstance(operand, ir.Binary) and operand.op == "-" and low == 0:
            return ir.Compare(BOOL, "<", operand.left, operand.right)
        assert c_types.narrowest(self.lowering.interval(operand)) is not None, "ranges.evaluate reports what no type holds"
        return ir.Compare(BOOL, "<", operand, _number(low))


def _choice(operand: ir.Expr, test: ir.Expr, limit: int, inside: ir.Expr, values: Interval) -> ir.Expr:
    return _known(ir.Choose(operand.type, test, _number(limit), inside, span=operand.span), values)


def _number(value: int) -> ir.Const:
    return ir.Const(c_types.narrowest((value, value)) or ULONG64, value, interval=(value, value))


def _known(expr: ir.Expr, interval: Interval) -> ir.Expr:
    expr.interval = interval
    return expr
