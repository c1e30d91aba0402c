"""Runs functions of the intermediate form twice over: as mathematics, and as C computes on Windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pyndis.backend.arithmetic import needs_type, width_of_literal, width_of_type
from pyndis.checks.ranges.intervals import Interval
from pyndis.ir import nodes as ir
from pyndis.ir.types import Bool, Int

FUEL = 400
Typed = tuple[int, int, bool]
"""A value, the bits of its C type, and whether that has a sign."""


class Wrapped(Exception):
    """C computed something else than the number."""


class Stopped(Exception):
    """The run took too many turns."""


class Left(Exception):
    """A jump out of a block."""

    def __init__(self, kind: str, value: int | None = None) -> None:
        super().__init__(kind)
        self.kind, self.value = kind, value


def fit(value: int, bits: int, signed: bool) -> int:
    value %= 1 << bits
    return value - (1 << bits) if signed and value >> (bits - 1) else value


PYTHON: dict[str, Callable[[int, int], int]] = {
    "+": int.__add__,
    "-": int.__sub__,
    "*": int.__mul__,
    "//": int.__floordiv__,
    "%": int.__mod__,
    "&": int.__and__,
    "|": int.__or__,
    "^": int.__xor__,
    "<<": int.__lshift__,
    ">>": int.__rshift__,
    "==": int.__eq__,
    "!=": int.__ne__,
    "<": int.__lt__,
    "<=": int.__le__,
    ">": int.__gt__,
    ">=": int.__ge__,
}


class Mathematics:
    """Values without width. `seen` is told each value of each expression."""

    def __init__(self, seen: Callable[[ir.Expr, int], None]) -> None:
        self.locals: dict[ir.Symbol, int] = {}
        self.seen = seen

    def condition(self, expr: ir.Expr) -> bool:
        return bool(self.value(expr))

    def stored(self, expr: ir.Expr, target: ir.Symbol | None) -> int:
        return self.value(expr)

    def value(self, expr: ir.Expr) -> int:
        found = self._value(expr)
        self.seen(expr, found)
        return found

    def _value(self, expr: ir.Expr) -> int:
        match expr:
            case ir.Const():
                return expr.value
            case ir.Var():
                return self.locals[expr.symbol]
            case ir.Unary():
                operand = self.value(expr.operand)
                return {"-": -operand, "~": ~operand, "!": int(not operand)}[expr.op]
            case ir.Binary() | ir.Compare():
                return int(PYTHON[expr.op](self.value(expr.left), self.value(expr.right)))
            case ir.Logic():
                left = self.value(expr.left)
                return left if bool(left) == (expr.op == "||") else self.value(expr.right)
            case ir.Choose():
                return self.value(expr.then if self.value(expr.test) else expr.orelse)
            case ir.Wrap():
                assert isinstance(expr.type, Int)
                operand = self.value(expr.operand)
                if expr.kind == "wrap":
                    return fit(operand, expr.type.bits, expr.type.signed)
                return min(max(operand, expr.type.low), expr.type.high)
        raise AssertionError(expr)


class C:
    """Values with width, for pointers of so many bits. What is not meant to wrap and does, raises."""

    def __init__(self, pointer: int, may_wrap: bool) -> None:
        self.locals: dict[ir.Symbol, int] = {}
        self.pointer, self.may_wrap = pointer, may_wrap

    def condition(self, expr: ir.Expr) -> bool:
        return bool(self.value(expr)[0])

    def stored(self, expr: ir.Expr, target: ir.Symbol | None) -> int:
        value = self.value(expr)
        if target is None or not isinstance(target.type, Int):
            return value[0]
        return fit(value[0], target.type.bits or self.pointer, target.type.signed)

    def _promoted(self, value: int, type_: object) -> Typed:
        if isinstance(type_, Bool):
            return value, 32, True
        assert isinstance(type_, Int), type_
        bits = type_.bits or self.pointer
        value = fit(value, bits, type_.signed)
        return (value, 32, True) if bits < 32 else (value, bits, type_.signed)

    def _const(self, const: ir.Const, sibling: ir.Expr | None) -> Typed:
        width = width_of_type(const.type) if needs_type(const, sibling) else width_of_literal(const.value)
        bits = self.pointer if width.rank == 33 else width.rank
        return fit(const.value, bits, width.signed), bits, width.signed

    def operand(self, expr: ir.Expr, sibling: ir.Expr | None) -> Typed:
        return self._const(expr, sibling) if isinstance(expr, ir.Const) else self.value(expr)

    def _usual(self, a: Typed, b: Typed) -> tuple[int, bool]:
        bits = max(a[1], b[1])
        return bits, all(each[2] for each in (a, b) if each[1] == bits)

    def _result(self, value: int, bits: int, signed: bool) -> Typed:
        fitted = fit(value, bits, signed)
        if fitted != value and (signed or not self.may_wrap):
            raise Wrapped(f"{value} in {bits} bits")
        return fitted, bits, signed

    def value(self, expr: ir.Expr) -> Typed:
        match expr:
            case ir.Const():
                return self._const(expr, None) if isinstance(expr.type, Int) else (expr.value, 32, True)
            case ir.Var():
                return self._promoted(self.locals[expr.symbol], expr.symbol.type)
            case ir.Cast():
                assert isinstance(expr.type, Int)
                value = self.value(expr.operand)[0]
                bits = expr.type.bits or self.pointer
                return self._promoted(fit(value, bits, expr.type.signed), expr.type)
            case ir.Unary(op="!"):
                return int(not self.condition(expr.operand)), 32, True
            case ir.Unary():
                value, bits, signed = self.operand(expr.operand, None)
                if expr.op == "~":
                    return fit(~value, bits, signed), bits, signed
                return self._result(-value, bits, signed)
            case ir.Binary(op="<<" | ">>"):
                value, bits, signed = self.operand(expr.left, None)
                count = self.value(expr.right)[0]
                assert 0 <= count < bits, "a shift without meaning in C"
                return self._result(PYTHON[expr.op](value, count), bits, signed)
            case ir.Binary() | ir.Compare():
                left, right = self._both(expr)
                bits, signed = self._usual(left, right)
                a, b = fit(left[0], bits, signed), fit(right[0], bits, signed)
                if (a, b) != (left[0], right[0]) and not self.may_wrap and getattr(expr, "op", "") != "&":
                    raise Wrapped(f"{left} {expr.op} {right}")
                value = PYTHON[expr.op](a, b)
                if isinstance(expr, ir.Compare):
                    return int(value), 32, True
                return self._result(value, bits, signed)
            case ir.Logic():
                left = self.condition(expr.left)
                return (int(left), 32, True) if left == (expr.op == "||") else (int(self.condition(expr.right)), 32, True)
            case ir.Choose():
                return self._choose(expr)
        raise AssertionError(expr)

    def _both(self, expr: ir.Binary | ir.Compare) -> tuple[Typed, Typed]:
        """The operands; a mask may wrap, only its low bits are used."""
        before, self.may_wrap = self.may_wrap, self.may_wrap or expr.op == "&"
        literals = isinstance(expr.left, ir.Const) and isinstance(expr.right, ir.Const)
        found = self.operand(expr.left, None if literals else expr.right), self.operand(expr.right, expr.left)
        self.may_wrap = before
        return found

    def _choose(self, expr: ir.Choose) -> Typed:
        chosen, other = (expr.then, expr.orelse) if self.condition(expr.test) else (expr.orelse, expr.then)
        literals = isinstance(chosen, ir.Const) and isinstance(other, ir.Const)
        value = self.operand(chosen, None if literals else other)
        try:
            beside = self.operand(other, None if literals else chosen)
        except (Wrapped, AssertionError, ZeroDivisionError):
            return value  # the other branch is not computed; its type is the same
        bits, signed = self._usual(value, beside)
        return fit(value[0], bits, signed), bits, signed


class Run:
    """One run of a function's statements."""

    def __init__(self, machine: Mathematics | C) -> None:
        self.machine, self.fuel = machine, FUEL

    def result(self, function: ir.Function, args: dict[ir.Symbol, int]) -> int | None:
        self.machine.locals = dict(args)
        try:
            self.block(function.body)
        except Left as left:
            assert left.kind == "return"
            return left.value
        return None

    def block(self, body: list[ir.Stmt]) -> None:
        labels = {each.name: position for position, each in enumerate(body) if isinstance(each, ir.Label)}
        position = 0
        while position < len(body):
            try:
                self.statement(body[position])
                position += 1
            except Left as left:
                if left.kind not in labels:
                    raise
                position = labels[left.kind]

    def statement(self, statement: ir.Stmt) -> None:
        self.fuel -= 1
        if not self.fuel:
            raise Stopped
        machine = self.machine
        match statement:
            case ir.Declare():
                if statement.value is not None:
                    machine.locals[statement.symbol] = machine.stored(statement.value, statement.symbol)
            case ir.Assign():
                assert isinstance(statement.target, ir.Var)
                machine.locals[statement.target.symbol] = machine.stored(statement.value, statement.target.symbol)
            case ir.If():
                self.block(statement.then if machine.condition(statement.test) else statement.orelse)
            case ir.Loop():
                self.loop(statement)
            case ir.Break():
                raise Left("break")
            case ir.Continue():
                raise Left("continue")
            case ir.Goto():
                raise Left(statement.label)
            case ir.Return():
                raise Left("return", None if statement.value is None else machine.stored(statement.value, None))

    def loop(self, loop: ir.Loop) -> None:
        while loop.test is None or self.machine.condition(loop.test):
            try:
                self.block(loop.body)
            except Left as left:
                if left.kind == "break":
                    return
                if left.kind != "continue":
                    raise
            if loop.step is not None:
                self.statement(loop.step)


def inside(interval: Interval, value: int) -> bool:
    return interval[0] <= value <= interval[1]


def wraps(function_body: Iterator[ir.Expr]) -> bool:
    return any(isinstance(each, ir.Wrap) for each in function_body)
