"""Random functions: whatever is proven of a value holds in every run, and C computes the same numbers."""

from __future__ import annotations

from random import Random

import pytest

from pyndis.checks import ranges, walk
from pyndis.checks.ranges import c_types
from pyndis.checks.ranges.intervals import Interval
from pyndis.ir import nodes as ir
from pyndis.ir.types import BOOL, LONG, LONG64, NUMBER, SIZE_T, UCHAR, ULONG, ULONG64, USHORT, Int
from tests.checks.build import FakeFacts, declare, function, give, n, op, program, put, test, v, when
from tests.checks.machine import C, Mathematics, Run, Stopped, inside, wraps

TYPES = (UCHAR, USHORT, ULONG, ULONG, ULONG64, LONG, LONG64, SIZE_T)
OPERATORS = ("+", "+", "-", "-", "*", "//", "%", "&", "|", "^", "<<", ">>")


class Writer:
    """Writes one function, of a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.names = 0
        self.params = [self.symbol(self.narrowed(self.random.choice(TYPES))) for _ in range(3)]
        self.numbers: list[ir.Symbol] = []
        self.loops = 0

    def symbol(self, type_: object) -> ir.Symbol:
        self.names += 1
        return ir.Symbol(f"V{self.names}", type_, f"v{self.names}")  # type: ignore[arg-type]

    def narrowed(self, type_: Int) -> Int:
        if self.random.random() < 0.3:
            return type_
        low = self.random.choice((max(type_.low, -100), 0, 0, 1, 7))
        return type_.within(low, min(type_.high, low + self.random.choice((1, 9, 255, 4096, 70000))))

    def expr(self, depth: int) -> ir.Expr:
        roll = self.random.random()
        if depth == 0 or roll < 0.15:
            if self.random.random() < 0.35:
                return n(self.random.choice((0, 1, 2, 3, 7, 15, 16, 100, 255, 65536, 2**31, -1, -16, ~7)))
            return v(self.random.choice(self.params + self.numbers))
        if roll < 0.75:
            return self.operation(self.random.choice(OPERATORS), depth - 1)
        if roll < 0.82:
            return ir.Unary(NUMBER, self.random.choice("-~"), self.expr(depth - 1))
        if roll < 0.92:
            return ir.Choose(NUMBER, self.condition(depth - 1), self.expr(depth - 1), self.expr(depth - 1))
        type_ = self.random.choice((UCHAR, USHORT, ULONG, ULONG64, LONG))
        return ir.Wrap(type_, self.random.choice(("wrap", "wrap", "saturate")), self.expr(depth - 1))

    def operation(self, operator: str, depth: int) -> ir.Expr:
        left, right = self.expr(depth), self.expr(depth)
        if self.random.random() < 0.9:  # what is not allowed to be anything
            if operator in ("//", "%", "<<"):
                left = ir.Choose(NUMBER, test(left, "<", 0), n(0), left)
            if operator in ("//", "%"):
                right = n(self.random.choice((1, 3, 16, 1000)))
            if operator in ("<<", ">>"):
                right = n(self.random.choice((0, 1, 4, 8))) if operator == "<<" else op(right, "&", 31)
        return op(left, operator, right)

    def condition(self, depth: int) -> ir.Expr:
        roll = self.random.random()
        if roll < 0.75 or depth == 0:
            return test(
                self.expr(min(depth, 2)), self.random.choice(("<", "<=", "==", "!=", ">", ">=")), self.expr(min(depth, 2))
            )
        if roll < 0.85:
            return ir.Unary(BOOL, "!", self.condition(depth - 1))
        return ir.Logic(BOOL, self.random.choice(("&&", "||")), self.condition(depth - 1), self.condition(depth - 1))

    def block(self, size: int, depth: int) -> list[ir.Stmt]:
        return [each for _ in range(size) for each in self.statement(depth)]

    def statement(self, depth: int) -> list[ir.Stmt]:
        roll = self.random.random()
        if roll < 0.3 or not self.numbers:
            statement = declare(self.symbol(NUMBER), self.expr(2))
            if depth == 2:  # seen to the end of the function
                self.numbers.append(statement.symbol)
            return [statement]
        if roll < 0.55:
            target = self.random.choice(self.numbers)
            more = op(target, self.random.choice("+-"), self.expr(1))
            return [put(target, more if self.random.random() < 0.6 else self.expr(2))]
        if depth == 0:
            return [when(self.condition(1), give(self.expr(1)))]
        if roll < 0.8:
            return [when(self.condition(2), *self.block(2, depth - 1), orelse=self.block(1, depth - 1))]
        return self.loop(depth)

    def loop(self, depth: int) -> list[ir.Stmt]:
        i = self.symbol(NUMBER)
        bound = self.expr(1)
        step = put(i, op(i, "+", self.random.choice((1, 1, 2, 5))))
        self.numbers.append(i)
        body = self.block(2, depth - 1)
        self.numbers.remove(i)
        if self.random.random() < 0.3:
            body.append(when(self.condition(1), self.random.choice((ir.Break, ir.Continue))()))
        return [declare(i, 0), ir.Loop(test(i, "<", bound), body, step=step)]

    def function(self) -> ir.Function:
        body = self.block(self.random.choice((2, 3, 5)), 2)
        return function("F", self.params, [*body, give(self.expr(3))], LONG64 if self.random.random() < 0.2 else NUMBER)

    def arguments(self) -> dict[ir.Symbol, int]:
        found = {}
        for symbol in self.params:
            low, high = symbol.type.low, symbol.type.high  # type: ignore[attr-defined]
            found[symbol] = self.random.choice(
                (low, high, self.random.randint(low, high), min(low + self.random.randint(0, 20), high))
            )
        return found


@pytest.mark.parametrize("batch", range(8))
def test_what_is_proven_holds_and_c_computes_it(batch: int) -> None:
    proven = 0
    for seed in range(batch * 40, batch * 40 + 40):
        proven += one(seed)
    assert proven > 0


def mixes(expr: ir.Expr, known: dict[ir.Expr, Interval]) -> bool:
    """Whether no one type holds both operands and the result: C computes the low bits, which are the result's."""
    if not isinstance(expr, ir.Binary) or expr not in known:
        return False
    return c_types.common([known[expr.left], known[expr.right], known[expr]]) is None


def one(seed: int) -> bool:
    writer = Writer(seed)
    whole = writer.function()
    facts = FakeFacts()
    analysis = ranges.analysis(program(whole), facts)
    if analysis.errors:
        return False
    known: dict[ir.Expr, Interval] = analysis.functions[0].watch.intervals
    wrapping = wraps(walk.expressions(whole.body)) or any(mixes(each, known) for each in walk.expressions(whole.body))

    def seen(expr: ir.Expr, value: int) -> None:
        if expr in known:
            assert inside(known[expr], value), (seed, expr, known[expr], value)
        else:
            assert not isinstance(expr.type, Int) and expr.type != NUMBER, (seed, "never analysed", expr)

    runs = []
    for _ in range(12):
        args = writer.arguments()
        try:
            runs.append((args, Run(Mathematics(seen)).result(whole, args)))
        except Stopped:
            continue
    ranges.fix(analysis)
    for args, expected in runs:
        for pointer in (32, 64):
            if any(symbol.type == SIZE_T and value >> 32 for symbol, value in args.items()) and pointer == 32:
                continue
            assert Run(C(pointer, wrapping)).result(whole, args) == expected, (seed, args)
    return bool(runs)
