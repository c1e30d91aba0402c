"""Takes a body with any locals. Leaves one in which every local is read: the others' calls stay, their values do not.

The compilers' warnings about unused variables are errors for us, and a reader asks what such a variable is for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from pyndis.backend.walk import has_effect, of_body, symbols
from pyndis.ir.nodes import (
    Assert,
    Assign,
    Call,
    Case,
    Declare,
    Do,
    Expr,
    Function,
    Goto,
    If,
    Label,
    Loop,
    Stmt,
    Switch,
    Symbol,
    Unary,
    Var,
)
from pyndis.ir.types import BOOL


def pruned(body: list[Stmt]) -> list[Stmt]:
    """The body without locals that are never read, branches without content, labels that nobody goes to."""
    while True:
        read = _reads(body)
        labels = {each.label for each in of_body(body) if isinstance(each, Goto)}
        after = list(_kept(body, read, labels))
        if _size(after) == _size(body):
            return after
        body = after


def unread_parameters(function: Function) -> list[Symbol]:
    """The parameters that the body does not read."""
    read = _reads(function.body)
    return [each.symbol for each in function.params if not read[each.symbol]]


def only_asserted(body: list[Stmt]) -> set[Symbol]:
    """The locals that nothing but assertions read, which are gone in Release builds."""
    asserted = Counter(symbol for each in of_body(body) if isinstance(each, Assert) for symbol in symbols(each.test))
    return {symbol for symbol, count in _reads(body).items() if asserted[symbol] == count}


def _size(body: list[Stmt]) -> int:
    return sum(1 for _ in of_body(body))


def _reads(body: list[Stmt]) -> Counter[Symbol]:
    found: Counter[Symbol] = Counter()
    for node in of_body(body):
        if isinstance(node, Var):
            found[node.symbol] += 1
        elif isinstance(node, Assign) and isinstance(node.target, Var):
            target = node.target.symbol
            found[target] -= 1  # it stands there as a place
            if not has_effect(node.value):
                found[target] -= sum(each is target for each in symbols(node.value))  # x = x + 1 alone reads nothing
    return found


def _kept(body: list[Stmt], read: Counter[Symbol], labels: set[str]) -> Iterator[Stmt]:
    for statement in body:
        match statement:
            case Declare(symbol=symbol) if not read[symbol]:
                yield from _effect(statement, statement.value)
            case Assign(target=Var() as target) if not read[target.symbol]:
                yield from _effect(statement, statement.value)
            case If():
                yield from _branch(
                    statement, list(_kept(statement.then, read, labels)), list(_kept(statement.orelse, read, labels))
                )
            case Loop():
                yield replace(statement, body=list(_kept(statement.body, read, labels)))
            case Switch():
                cases = [Case(each.values, list(_kept(each.body, read, labels))) for each in statement.cases]
                yield replace(statement, cases=cases)
            case Label() if statement.name not in labels:
                pass
            case _:
                yield statement


def _effect(statement: Stmt, value: Expr | None) -> Iterator[Stmt]:
    if isinstance(value, Call) and not value.pure:
        yield Do(value, span=statement.span)
    elif value is not None and has_effect(value):
        yield statement


def _branch(statement: If, then: list[Stmt], orelse: list[Stmt]) -> Iterator[Stmt]:
    if then:
        yield replace(statement, then=then, orelse=orelse)
    elif orelse:
        yield replace(statement, test=Unary(BOOL, "!", statement.test), then=orelse, orelse=[])
    elif has_effect(statement.test):
        yield replace(statement, then=[], orelse=[])
