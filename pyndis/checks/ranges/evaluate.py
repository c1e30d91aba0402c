"""Values of expressions in a state: an interval, and a linear form where there is one."""

from __future__ import annotations

from collections.abc import Callable

from pyndis.checks import walk
from pyndis.checks.ranges import intervals as iv
from pyndis.checks.ranges.intervals import Interval
from pyndis.checks.ranges.known import Known, Wanted
from pyndis.checks.ranges.linear import Linear, Term, constant, of_term
from pyndis.checks.ranges.obligations import SIXTY_FOUR, Watch, representable
from pyndis.checks.ranges.places import MAX_OBJECT, bounds, is_integer
from pyndis.checks.ranges.state import State
from pyndis.checks.ranges.values import Value, axioms, full_range
from pyndis.checks.spelling import spell
from pyndis.ir import nodes as ir
from pyndis.ir.types import Array, Bool, Int

FITS_UNSIGNED: Interval = (0, (1 << 32) - 1)
FITS_SIGNED: Interval = (-(1 << 31), (1 << 31) - 1)
MODULAR = {"+", "-", "*", "&", "|", "^", "<<"}
"""Operators of which the low bits of the result depend on the low bits of the operands only."""


Assume = Callable[[ir.Expr, bool, State], State | None]


class Evaluator:
    """Evaluates in one state. What always holds of an operator's result is added to the state; nothing else changes it."""

    def __init__(self, known: Known, state: State, watch: Watch | None, assume: Assume) -> None:
        self.known, self.state, self.watch, self.assume = known, state, watch, assume
        self.saturated: ir.Expr | None = None

    def _in(self, state: State) -> Evaluator:
        return Evaluator(self.known, state, self.watch, self.assume)

    # ---- any expression

    def visit(self, expr: ir.Expr) -> None:
        """Evaluate the integers in an expression of any type, each where its short circuits leave it reachable."""
        if is_integer(expr.type):
            self.value(expr)
        elif isinstance(expr, ir.Logic):
            self.visit(expr.left)
            self._visit_under(expr.left, expr.op == "&&", expr.right)
        elif isinstance(expr, ir.Choose):
            self.visit(expr.test)
            self._visit_under(expr.test, True, expr.then)
            self._visit_under(expr.test, False, expr.orelse)
        elif isinstance(expr, ir.Call):
            self._arguments(expr)
        else:
            if isinstance(expr, ir.Index):
                self._index(expr)
            for child in walk.children(expr):
                self.visit(child)

    def _visit_under(self, test: ir.Expr, truth: bool, expr: ir.Expr) -> None:
        state = self.assume(test, truth, self.state)
        if state is not None:
            self._in(state.copy()).visit(expr)

    def value(self, expr: ir.Expr, modular: bool = False) -> Value:
        """The value of an integer expression. `modular`: only its low bits matter, so it may be of any size."""
        value = self._value(expr, modular)
        if value.form is not None and len(value.form.terms) > 1:
            value = Value(iv.meet(value.interval, self.state.interval(value.form)), value.form, value.native)
        free = modular or expr is self.saturated or representable(value.interval)
        if self.watch is not None:
            if not free:
                self.watch.too_wide(expr, value.interval)
            self.watch.see(expr, value.interval)
            self.watch.see_native(expr, self.is_native(value))
        return value if free else Value(iv.meet(value.interval, SIXTY_FOUR), None)

    def _value(self, expr: ir.Expr, modular: bool) -> Value:
        match expr:
            case ir.Const():
                return Value((expr.value, expr.value), constant(expr.value))
            case ir.Unary():
                return self._unary(expr, modular)
            case ir.Binary():
                return self._binary(expr, modular)
            case ir.Choose():
                return self._choose(expr)
            case ir.Wrap() | ir.Cast():
                return self._converted(expr)
            case ir.SizeOf():
                return self._sizeof(expr)
            case ir.Call():
                return self._call(expr)
        for child in walk.children(expr):
            self.visit(child)
        if isinstance(expr, ir.Index):
            self._index(expr)
        return self._loaded(expr)

    # ---- leaves

    def _loaded(self, expr: ir.Expr) -> Value:
        native = isinstance(expr.type, Int) and expr.type.bits == 0
        term = self.known.places.term(expr)
        if term is None:
            return Value(bounds(expr.type), None, native)
        return Value(self.state.of(term), of_term(term), native)

    def _sizeof(self, expr: ir.SizeOf) -> Value:
        measured = expr.measured
        if isinstance(measured, Array) and isinstance(measured.element, Int) and measured.element.bits:
            size = measured.count * measured.element.bits // 8
            return Value((size, size), constant(size))
        if isinstance(measured, Int) and measured.bits:
            return Value((measured.bits // 8, measured.bits // 8), constant(measured.bits // 8))
        low, high = bounds(expr.type)
        term = Term(f"sizeof({measured})", (max(low, 1), min(high, MAX_OBJECT)))
        return Value(self.state.of(term), of_term(term))

    def _index(self, expr: ir.Index) -> None:
        if not isinstance(expr.base.type, Array) or not is_integer(expr.index.type):
            return
        index = self.value(expr.index)
        if self.watch is not None and not iv.covers((0, expr.base.type.count - 1), index.interval):
            self.watch.index(expr, index.interval, expr.base.type.count)

    def _call(self, expr: ir.Call) -> Value:
        args = self._arguments(expr)
        if isinstance(expr.function, str):
            return self._loaded(expr)
        known = iv.meet(bounds(expr.function.result), expr.function.returns or iv.UNBOUNDED)
        native = isinstance(expr.function.result, Int) and expr.function.result.bits == 0
        result = self._fresh(f"{expr.function.name}()", known)
        for position, (low, high) in self.known.results.beside_parameters(expr.function).items():
            arg_value = args[position]
            if arg_value is not None:
                self.state.learn(of_term(result).plus(arg_value.at_most(), -1).plus(constant(high), -1))
                self.state.learn(arg_value.at_least().plus(of_term(result), -1).plus(constant(low)))
        return Value(self.state.of(result), of_term(result), native)

    def _arguments(self, call: ir.Call) -> list[Value | None]:
        """The integers that a call passes, proven to fit its parameters."""
        found: list[Value | None] = []
        if self.watch is not None:
            self.watch.near = call.span or self.watch.near
        for arg, wanted in zip(call.args, self.known.wanted(call), strict=True):
            if is_integer(arg.type):
                found.append(self.fit(arg, self.value(arg), wanted))
            else:
                self.visit(arg)
                found.append(None)
        return found

    # ---- what must fit

    def fit(self, expr: ir.Expr, value: Value, wanted: Wanted) -> Value:
        """Prove that a value fits where it lands; from there on it does."""
        if not isinstance(wanted.type, Int):
            return value
        room = (wanted.type.low, wanted.type.high)
        fits = iv.covers(room, value.interval)
        if fits and wanted.type.bits == 0:
            fits = iv.covers(FITS_SIGNED if wanted.type.signed else FITS_UNSIGNED, value.interval) or self.is_native(value)
        if not fits and self.watch is not None:
            self.watch.does_not_fit(expr, value.interval, wanted.type, wanted.where, wanted.declared)
        inside = iv.meet(value.interval, room)
        return Value(inside if inside[0] <= inside[1] else room, value.form if fits else None, value.native)

    def _fresh(self, text: str, interval: Interval) -> Term:
        """A new unknown, of which nothing from an earlier evaluation holds."""
        term = Term(f"<{text}>", iv.UNBOUNDED)
        self.state.forget(lambda each: each == term)
        self.state.limit(term, interval)
        return term

    # ---- operators

    def _unary(self, expr: ir.Unary, modular: bool) -> Value:
        operand = self.value(expr.operand, modular)
        negated = operand.form.times(-1) if operand.form is not None else None
        if expr.op == "-":
            return Value(iv.negate(operand.interval), negated)
        return Value(iv.invert(operand.interval), negated.plus(constant(-1)) if negated is not None else None)

    def _binary(self, expr: ir.Binary, modular: bool) -> Value:
        modular = modular and expr.op in MODULAR
        left = self.value(expr.left, modular)
        right = self.value(expr.right, modular and expr.op != "<<")
        self._oblige(expr, left, right)
        interval = iv.OPERATIONS[expr.op](left.interval, right.interval)
        exact = self._linear(expr.op, left, right)
        if exact is not None:
            return Value(interval, exact)
        if left.form is None or right.form is None:
            return Value(interval)
        return self._opaque(expr.op, left, right, interval)

    def _oblige(self, expr: ir.Binary, left: Value, right: Value) -> None:
        if self.watch is None:
            return
        if expr.op in ("//", "%") and right.interval[0] <= 0:
            self.watch.divisor(expr, right.interval)
        if expr.op in ("<<", ">>") and not iv.covers((0, 63), right.interval):
            self.watch.shift(expr, right.interval)
        if expr.op in ("//", "%", "<<") and left.interval[0] < 0:
            self.watch.negative(expr, left.interval)

    @staticmethod
    def _linear(op: str, left: Value, right: Value) -> Linear | None:
        a, b = left.form, right.form
        low, high = right.interval
        match op:
            case "+" | "-" if a is not None and b is not None:
                return a.plus(b, 1 if op == "+" else -1)
            case "*" if a is not None and low == high:
                return a.times(low)
            case "*" if b is not None and left.interval[0] == left.interval[1]:
                return b.times(left.interval[0])
            case "<<" if a is not None and low == high and 0 <= low < 64:
                return a.times(1 << low)
        return None

    def _opaque(self, op: str, left: Value, right: Value, interval: Interval) -> Value:
        assert left.form is not None and right.form is not None
        inner = [term for term, _ in (*left.form.terms, *right.form.terms)]
        parts = frozenset().union(*(term.parts for term in inner)) if inner else frozenset()
        steps = frozenset().union(*(term.steps for term in inner)) if inner else frozenset()
        term = Term(f"({left.form.text} {op} {right.form.text})", iv.UNBOUNDED, parts, steps)
        result = of_term(term)
        if not self.state.limit(term, interval):
            return Value(interval)
        for axiom in axioms(op, result, left, right):
            self.state.learn(axiom)
        return Value(self.state.of(term), result)

    def _choose(self, expr: ir.Choose) -> Value:
        self.visit(expr.test)
        outcomes: list[tuple[State, Value]] = []
        for truth, branch in ((True, expr.then), (False, expr.orelse)):
            state = self.assume(expr.test, truth, self.state)
            if state is not None:
                inside = self._in(state.copy())
                outcomes.append((inside.state, inside.value(branch)))
        if not outcomes:
            return Value((0, 0), constant(0))
        interval = outcomes[0][1].interval
        for _, value in outcomes[1:]:
            interval = iv.join(interval, value.interval)
        native = all(value.native for _, value in outcomes)
        if len(outcomes) == 1:
            return Value(interval, outcomes[0][1].form, native)
        result = self._fresh(f"{spell(expr)}", interval)
        self._relate_choice(result, outcomes)
        return Value(interval, of_term(result), native)

    def _relate_choice(self, result: Term, outcomes: list[tuple[State, Value]]) -> None:
        """What the chosen value is beside each of the values that it was chosen from: min() is at most either."""
        for candidate in [value.form for _, value in outcomes if value.form is not None and value.form.terms]:
            if any(value.form is None for _, value in outcomes):
                return
            differences = [state.interval(value.form.plus(candidate, -1)) for state, value in outcomes if value.form is not None]
            low, high = min(each[0] for each in differences), max(each[1] for each in differences)
            self.state.learn(of_term(result).plus(candidate, -1).plus(constant(-high)))
            self.state.learn(candidate.plus(of_term(result), -1).plus(constant(low)))

    def _converted(self, expr: ir.Wrap | ir.Cast) -> Value:
        if not is_integer(expr.operand.type):
            self.visit(expr.operand)
            boolean = isinstance(expr.operand.type, Bool)
            return Value((0, 1) if boolean else bounds(expr.type), None, isinstance(expr.type, Int) and expr.type.bits == 0)
        saturates = isinstance(expr, ir.Wrap) and expr.kind == "saturate"
        whole = full_range(expr.type)
        if saturates and self._compared_first(expr.operand, whole):
            self.saturated = expr.operand
        operand = self.value(expr.operand, modular=not saturates)
        if isinstance(expr, ir.Cast):
            return self._cast(expr, operand, whole)
        if iv.covers(whole, operand.interval):
            return operand
        if saturates:
            return Value((min(max(operand.interval[0], whole[0]), whole[1]), max(min(operand.interval[1], whole[1]), whole[0])))
        return Value(whole)

    @staticmethod
    def _cast(expr: ir.Cast, operand: Value, whole: Interval) -> Value:
        """What `unsafe` says of a value is taken at its word: it is in the part of the C type that the cast names."""
        said = bounds(expr.type)
        if iv.covers(said, operand.interval):
            return operand
        if iv.covers(whole, operand.interval) and iv.meet(said, operand.interval)[0] <= iv.meet(said, operand.interval)[1]:
            return Value(iv.meet(said, operand.interval), None, operand.native)
        return Value(said)

    def _compared_first(self, operand: ir.Expr, whole: Interval) -> bool:
        """Whether the lowering can saturate this by comparing its parts, so that it needs no type of its own."""
        if whole[0] != 0 or not isinstance(operand, ir.Binary) or operand.op not in ("+", "-"):
            return False
        left, right = self.value(operand.left).interval, self.value(operand.right).interval
        return left[0] >= 0 and right[0] >= 0 and (operand.op == "-" or max(left[1], right[1]) <= whole[1])

    # ---- pointer-size values

    def is_native(self, value: Value) -> bool:
        """Whether a value is at most some value of a pointer-size type, so that it fits such a type on each architecture."""
        if value.native or value.interval[0] < 0 or value.form is None:
            return value.native and value.interval[0] >= 0
        mine = {term for term, _ in value.form.terms}
        near = {t for terms in self.state.relations if any(t in mine for t, _ in terms) for t, _ in terms}
        sized = sorted((t for t in mine | near if t.pointer_sized), key=lambda each: each.text)
        return any(self.state.upper(value.form.plus(of_term(term), -1)) <= 0 for term in sized)
