"""Fixes C types: rewrites the expressions of a function whose intervals are known.

Takes: numbers without a width, `Wrap`s, comparisons as mathematics. Leaves: every integer expression with the C type that C
itself computes it in, `Cast`s where that must be another, and none of these.
"""

from __future__ import annotations

from dataclasses import replace

from pyndis.checks.ranges import c_types
from pyndis.checks.ranges.ddi_types import DdiTypes
from pyndis.checks.ranges.intervals import Interval, covers, invert, join, negate
from pyndis.checks.ranges.modular import Modular
from pyndis.checks.ranges.obligations import Watch
from pyndis.checks.ranges.places import is_integer
from pyndis.checks.ranges.saturating import Saturating
from pyndis.ir import nodes as ir
from pyndis.ir.types import BOOL, LONG, LONG64, ULONG64, Bool, CType, Int, Pointer


class Lowering:
    """Lowers the expressions of one function. `watch` has their intervals; what it never saw cannot be reached."""

    def __init__(self, watch: Watch, ddi_types: DdiTypes) -> None:
        self.watch, self.ddi_types = watch, ddi_types
        self.modular, self.saturating = Modular(self), Saturating(self)

    def interval(self, expr: ir.Expr) -> Interval:
        """The values of an expression that the analysis saw."""
        if expr.interval is None:
            expr.interval = self.watch.intervals.get(expr)
        if expr.interval is not None:
            return expr.interval
        if isinstance(expr, ir.Const):
            return expr.value, expr.value
        return (0, 1) if isinstance(expr.type, Bool) else (0, 0)

    # ---- any expression

    def expr(self, expr: ir.Expr) -> ir.Expr:
        """An expression of any type, lowered."""
        if isinstance(expr.type, Pointer) and isinstance(expr, ir.Binary):
            return replace(expr, left=self.expr(expr.left), right=self.expr(expr.right))
        match expr:
            case ir.Const():
                return self._const(expr)
            case ir.Compare():
                return self._compare(expr)
            case ir.Binary():
                return self._shift(expr) if expr.op in ("<<", ">>") else self._binary(expr)
            case ir.Unary() if expr.op != "!":
                return self._unary(expr)
            case ir.Choose() if is_integer(expr.type):
                return self._choose(expr)
            case ir.Wrap():
                return self._wrap(expr)
            case ir.Var():
                return replace(expr, type=expr.symbol.type, interval=self.interval(expr) if is_integer(expr.type) else None)
            case ir.Call():
                return self.call(expr)
        lowered = self._parts(expr)
        if is_integer(lowered.type):
            lowered.interval = self.interval(expr)
        return lowered

    def _parts(self, expr: ir.Expr) -> ir.Expr:
        match expr:
            case ir.Field():
                return replace(expr, base=self.expr(expr.base))
            case ir.Index():
                return replace(expr, base=self.expr(expr.base), index=self.expr(expr.index))
            case ir.Deref():
                return replace(expr, pointer=self.expr(expr.pointer))
            case ir.AddressOf():
                return self._address(expr)
            case ir.Unary() | ir.Cast():
                return replace(expr, operand=self.expr(expr.operand))
            case ir.Logic():
                return replace(expr, left=self.expr(expr.left), right=self.expr(expr.right))
            case ir.Choose():
                return replace(expr, test=self.expr(expr.test), then=self.expr(expr.then), orelse=self.expr(expr.orelse))
        return expr

    def _address(self, expr: ir.AddressOf) -> ir.Expr:
        place = self.expr(expr.place)
        type_ = expr.type
        if isinstance(type_, Pointer) and is_integer(type_.target):
            type_ = replace(type_, target=place.type)
        return replace(expr, place=place, type=type_)

    def _const(self, expr: ir.Const) -> ir.Expr:
        if isinstance(expr.type, Bool):
            return expr
        value = (expr.value, expr.value)
        kept = expr.type if isinstance(expr.type, Int) else c_types.narrowest(value)
        return replace(expr, type=kept or ULONG64, interval=value)

    def call(self, expr: ir.Call) -> ir.Call:
        """A call whose arguments have the types that its parameters want."""
        wanted: list[CType | None]
        type_ = expr.type
        if isinstance(expr.function, ir.Function):
            wanted = [param.symbol.type for param in expr.function.params]
            type_ = expr.function.result if is_integer(type_) else type_
        else:
            wanted = [each.type for each in self.ddi_types.of(expr.function, len(expr.args))]
        wanted += [None] * (len(expr.args) - len(wanted))
        args = [self.stored(arg, each) for arg, each in zip(expr.args, wanted, strict=True)]
        return replace(expr, args=args, type=type_, interval=self.interval(expr) if is_integer(type_) else None)

    # ---- conversions

    def stored(self, expr: ir.Expr, wanted: CType | None) -> ir.Expr:
        """A value on its way into a place of a type: with a Cast where C would narrow it or change its sign."""
        lowered = self.expr(expr)
        if not isinstance(wanted, Int) or not isinstance(lowered.type, Int):
            return lowered
        if isinstance(lowered, ir.Const):
            return replace(lowered, type=wanted)
        widens = c_types.implicit(lowered.type, wanted) or (c_types.never_negative(lowered) and (wanted.bits or 32) >= 32)
        return lowered if widens else self.cast(lowered, wanted)

    def cast(self, expr: ir.Expr, type_: Int) -> ir.Expr:
        """An explicit conversion that changes no value; a literal just gets the type."""
        if isinstance(expr, ir.Const):
            return replace(expr, type=type_)
        return ir.Cast(type_, expr, span=expr.span, interval=expr.interval)

    def _operands(self, type_: Int, left: ir.Expr, right: ir.Expr) -> tuple[ir.Expr, ir.Expr]:
        """Both operands such that C computes in `type_`, with as few casts as that takes. The printer spells literals."""
        both = [self._admitted(each, type_) for each in (left, right)]
        literals = all(isinstance(each, ir.Const) and abs(each.value) < 1 << 31 for each in both)
        if not literals and not any(self.carries(each, type_) for each in both):
            first = 1 if isinstance(both[0], ir.Const) and not isinstance(both[1], ir.Const) else 0
            both[first] = ir.Cast(type_, both[first], span=both[first].span, interval=both[first].interval)
        return both[0], both[1]

    def _admitted(self, expr: ir.Expr, type_: Int) -> ir.Expr:
        """An operand that C can convert to the type by itself."""
        if isinstance(expr, ir.Const):
            return self.cast(expr, type_)
        return expr if c_types.implicit(expr.type, type_) or c_types.never_negative(expr) else self.cast(expr, type_)

    @staticmethod
    def carries(expr: ir.Expr, type_: Int) -> bool:
        """Whether this operand makes C compute in the type. A literal does not: how it is written decides its type."""
        return not isinstance(expr, ir.Const) and c_types.same(c_types.promoted(expr.type), type_)

    def _type_for(self, operands: list[ir.Expr], needed: list[Interval], native: bool = False) -> Int:
        """C's own choice for the operands where it holds all that is needed, else the narrowest type that does."""
        typed = [each for each in operands if not isinstance(each, ir.Const)]
        if typed:
            own = c_types.usual(typed[0].type, typed[-1].type)
            if c_types.holds(own, *needed) or (native and own.bits == 0):
                return own
        return c_types.common(needed) or ULONG64

    def _native(self, *exprs: ir.Expr) -> bool:
        """Whether a pointer-size type holds all of these on each architecture."""
        return all(self.watch.native.get(each, False) or covers((0, (1 << 32) - 1), self.interval(each)) for each in exprs)

    # ---- operators

    def _binary(self, expr: ir.Binary) -> ir.Expr:
        if expr.op == "&" and (masked := self.modular.masked(expr)) is not None:
            return masked
        left, right = self.expr(expr.left), self.expr(expr.right)
        needed = [self.interval(expr.left), self.interval(expr.right), self.interval(expr)]
        if c_types.common(needed) is None and (result := c_types.narrowest(self.interval(expr))) is not None:
            return self.modular.wrapped(expr, result, self.interval(expr))  # its low 64 bits are the result
        native = self._native(expr.left, expr.right, expr)
        type_ = self._type_for([left, right], needed, native)
        if expr.op in ("//", "%") and type_.bits == 64 and (narrow := c_types.common(needed)) is not None:
            type_ = narrow if narrow.bits == 32 else type_  # a 64-bit division is a library call on x86
        left, right = self._operands(type_, left, right)
        return replace(expr, left=left, right=right, type=type_, interval=self.interval(expr))

    def _shift(self, expr: ir.Binary) -> ir.Expr:
        left, right = self.expr(expr.left), self.expr(expr.right)
        needed = [self.interval(expr.left), self.interval(expr)]
        type_ = self._type_for([left], needed)
        most = self.interval(expr.right)[1]
        if most >= (type_.bits or 32):
            type_ = LONG64 if min(each[0] for each in needed) < 0 else ULONG64
        if not self.carries(left, type_):
            left = self.cast(left, type_)
        return replace(expr, left=left, right=right, type=type_, interval=self.interval(expr))

    def _unary(self, expr: ir.Unary) -> ir.Expr:
        operand = self.expr(expr.operand)
        inside = self.interval(expr.operand)
        result = negate(inside) if expr.op == "-" else invert(inside)
        type_ = self._type_for([operand], [inside, result])
        if not self.carries(operand, type_):
            operand = self.cast(operand, type_)
        return replace(expr, operand=operand, type=type_, interval=self.interval(expr))

    def _choose(self, expr: ir.Choose) -> ir.Expr:
        then, orelse = self.expr(expr.then), self.expr(expr.orelse)
        needed = [self.interval(expr.then), self.interval(expr.orelse)]
        native = self._native(expr.then, expr.orelse)
        type_ = self._type_for([then, orelse], needed, native)
        then, orelse = self._operands(type_, then, orelse)
        return replace(expr, test=self.expr(expr.test), then=then, orelse=orelse, type=type_, interval=self.interval(expr))

    def _compare(self, expr: ir.Compare) -> ir.Expr:
        left, right = self.expr(expr.left), self.expr(expr.right)
        if not (isinstance(left.type, Int) and isinstance(right.type, Int)):
            return replace(expr, left=left, right=right)
        a, b = self.interval(expr.left), self.interval(expr.right)
        native = self._native(expr.left, expr.right)
        if not isinstance(left, ir.Const) and not isinstance(right, ir.Const) and c_types.same(left.type, right.type):
            return replace(expr, left=left, right=right)
        if c_types.narrowest(join(a, b)) is None:
            return self._compare_apart(expr, left, right, a[0] < 0)
        left, right = self._operands(self._type_for([left, right], [a, b], native), left, right)
        return replace(expr, left=left, right=right)

    def _compare_apart(self, expr: ir.Compare, left: ir.Expr, right: ir.Expr, left_signed: bool) -> ir.Expr:
        """One side may be negative, the other above what a signed type holds: the sign decides first."""
        signed = left if left_signed else right
        zero = ir.Const(LONG, 0, interval=(0, 0))
        negative = ir.Compare(BOOL, "<", signed, self.cast(zero, _int(signed)))
        positive = ir.Compare(BOOL, ">=", signed, self.cast(zero, _int(signed)))
        wide = [self.cast(each, ULONG64) if each is signed else each for each in (left, right)]
        unsigned = ir.Compare(BOOL, expr.op, wide[0], wide[1], span=expr.span)
        holds_when_negative = expr.op in (("<", "<=", "!=") if left_signed else (">", ">=", "!="))
        if holds_when_negative:
            return ir.Logic(BOOL, "||", negative, unsigned, span=expr.span)
        return ir.Logic(BOOL, "&&", positive, unsigned, span=expr.span)

    # ---- wrapping and saturating

    def _wrap(self, expr: ir.Wrap) -> ir.Expr:
        assert isinstance(expr.type, Int)
        if expr.kind == "saturate":
            return self.saturating.lowered(expr.operand, expr.type)
        return self.modular.wrapped(expr.operand, expr.type, self.interval(expr))


def _int(expr: ir.Expr) -> Int:
    assert isinstance(expr.type, Int)
    return expr.type
