"""Whole bodies: where declarations move, what is pruned and how branches nest must not change what a function computes."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pyndis import native
from pyndis.backend.walk import of_body, symbols
from pyndis.ir.nodes import (
    Assign,
    Binary,
    Break,
    Case,
    Compare,
    Const,
    Continue,
    Declare,
    Expr,
    Function,
    Goto,
    If,
    Label,
    Loop,
    Return,
    Stmt,
    Switch,
    Symbol,
    Unary,
    Var,
    Zeroed,
)
from pyndis.ir.types import BOOL, ULONG
from tests.backend.ir import add, binary, compare, function, num, program, var

_MASK = (1 << 32) - 1


class _Body:
    """Draws statements over locals that were declared, so that each is known when it is read."""

    def __init__(self, draw: st.DrawFn, params: list[Var]) -> None:
        self.draw, self.known, self.counters, self.names = draw, list(params), 0, 0

    def value(self) -> Expr:
        atom = self.draw(st.one_of(st.sampled_from(self.known), st.integers(0, 9).map(num)))
        op = self.draw(st.sampled_from((None, "&", "|", "^", ">>")))
        if op == ">>":
            return binary(self.draw(st.sampled_from(self.known)), op, num(self.draw(st.integers(0, 31))))
        return binary(atom, op, self.draw(st.sampled_from(self.known)), ULONG) if op else atom

    def test(self) -> Expr:
        test = compare(self.value(), self.draw(st.sampled_from(("==", "!=", "<", ">="))), self.value())
        return Unary(BOOL, "!", test) if self.draw(st.booleans()) else test

    def block(self, depth: int, *, loop: bool) -> list[Stmt]:
        outside = list(self.known)
        body = [each for _ in range(self.draw(st.integers(1, 4))) for each in self.statements(depth, loop=loop)]
        self.known = outside
        return body

    def statements(self, depth: int, *, loop: bool) -> list[Stmt]:
        kinds = ("declare", "zero", "assign", "assign", "assign")
        kind = self.draw(st.sampled_from((*kinds, "if", "if", "switch", "loop", "goto", "leave") if depth else kinds))
        match kind:
            case "declare" | "zero":
                self.names += 1
                local = var(f"Local{self.names}")
                made = Declare(local.symbol, Zeroed(ULONG) if kind == "zero" else self.value())
                self.known.append(local)
                return [made]
            case "assign":
                return [Assign(self.draw(st.sampled_from(self.known)), self.value())]
            case "if":
                orelse = self.block(depth - 1, loop=loop) if self.draw(st.booleans()) else []
                return [If(self.test(), self.block(depth - 1, loop=loop), orelse)]
            case "switch":
                cases = [Case([num(2 * n), num(2 * n + 1)], self.block(depth - 1, loop=False)) for n in range(2)]
                return [Switch(self.value(), [*cases, Case([], self.block(depth - 1, loop=False))])]
            case "loop":
                self.counters += 1
                index = var(f"Index{self.counters}")
                body = self.block(depth - 1, loop=True)
                turns = compare(index, "<", num(self.draw(st.integers(1, 3))))
                return [Declare(index.symbol, num(0)), Loop(turns, body, add(index, num(1)))]
            case "goto":
                self.names += 1
                label = f"Skip{self.names}"
                inner = [each for each in self.block(depth - 1, loop=loop) if not isinstance(each, Declare)]
                safe = inner if not _uses_undeclared(inner, self.known) else []
                return [If(self.test(), [Goto(label)]), *safe, Label(label)]
            case _:
                return [If(self.test(), [self.draw(st.sampled_from((Break(), Continue()))) if loop else Return(self.value())])]


def _uses_undeclared(body: list[Stmt], known: list[Var]) -> bool:
    declared = {each.symbol for each in known} | {node.symbol for node in of_body(body) if isinstance(node, Declare)}
    return any(symbol not in declared for each in body for symbol in symbols(each))


@st.composite
def functions(draw: st.DrawFn, name: str) -> Function:
    params = [var("A"), var("B")]
    made = _Body(draw, params)
    body = made.block(3, loop=False)
    return function(name, *params, body=[*body, Return(binary(params[0], "^", params[1]))], result=ULONG)


@given(st.data())
@settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_bodies_compute_what_the_ir_means(data: st.DataObject) -> None:
    made = [data.draw(functions(f"F{number}")) for number in range(25)]
    loaded = native.load(program(*made), made)
    for each in made:
        for a, b in ((0, 0), (1, 2), (7, 3), (_MASK, 5), (0x80000000, _MASK)):
            assert getattr(loaded, each.name)(a, b) == interpreted(each, a, b), (each.name, a, b)


class _Left(Exception):
    """Break, Continue, Goto and Return on their way to where they lead."""

    def __init__(self, statement: Stmt, value: int = 0) -> None:
        self.statement, self.value = statement, value


def interpreted(function: Function, a: int, b: int) -> int:
    state = {function.params[0].symbol: a, function.params[1].symbol: b}
    try:
        _run(function.body, state)
    except _Left as left:
        return left.value
    raise AssertionError("the body does not return")


def _run(body: list[Stmt], state: dict[Symbol, int]) -> None:
    position = 0
    while position < len(body):
        try:
            _step(body[position], state)
        except _Left as left:
            target = left.statement.label if isinstance(left.statement, Goto) else None
            labels = [number for number, each in enumerate(body) if isinstance(each, Label) and each.name == target]
            if not labels:
                raise
            position = labels[0]
        position += 1


def _step(statement: Stmt, state: dict[Symbol, int]) -> None:
    match statement:
        case Declare():
            state[statement.symbol] = 0 if isinstance(statement.value, Zeroed) else _value(statement.value, state)
        case Assign():
            state[statement.target.symbol] = _value(statement.value, state)
        case If():
            _run(statement.then if _value(statement.test, state) else statement.orelse, state)
        case Switch():
            subject = _value(statement.subject, state)
            matching = [each for each in statement.cases if not each.values or subject in [v.value for v in each.values]]
            _run(matching[0].body, state)
        case Loop():
            _loop(statement, state)
        case Return():
            raise _Left(statement, _value(statement.value, state))
        case Goto() | Break() | Continue():
            raise _Left(statement)
        case _:
            assert isinstance(statement, Label)


def _loop(loop: Loop, state: dict[Symbol, int]) -> None:
    while _value(loop.test, state):
        try:
            _run(loop.body, state)
        except _Left as left:
            if isinstance(left.statement, Break):
                return
            if not isinstance(left.statement, Continue):
                raise
        _step(loop.step, state)


def _value(expr: Expr | None, state: dict[Symbol, int]) -> int:
    match expr:
        case Const():
            return expr.value
        case Var():
            return state[expr.symbol]
        case Unary():
            return int(not _value(expr.operand, state))
        case Binary() | Compare():
            left, right = _value(expr.left, state), _value(expr.right, state)
            results = {"&": left & right, "|": left | right, "^": left ^ right, "+": left + right, ">>": left >> (right & 31)}
            results |= {"==": left == right, "!=": left != right, "<": left < right, ">=": left >= right}
            return int(results[expr.op])
    raise AssertionError(expr)
