"""Walking over the IR without changing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from pyndis.ir.nodes import Call, Case, Expr, Function, If, Loop, Stmt, Switch, Symbol, Var

_SKIPPED = {"span", "interval", "type", "function", "symbol", "measured"}

_PARTS: dict[type, tuple[str, ...]] = {}


def _parts(node: Expr | Stmt | Case) -> tuple[str, ...]:
    kind = type(node)
    if kind not in _PARTS:
        _PARTS[kind] = tuple(each.name for each in fields(node) if each.name not in _SKIPPED)
    return _PARTS[kind]


def children(node: Expr | Stmt | Case) -> Iterator[Expr | Stmt | Case]:
    """The nodes directly below a node."""
    for name in _parts(node):
        value = getattr(node, name)
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, Expr | Stmt | Case):
                yield each


def within(node: Expr | Stmt | Case) -> Iterator[Expr | Stmt | Case]:
    """A node and all below it, in order."""
    yield node
    for each in children(node):
        yield from within(each)


def of_body(body: list[Stmt]) -> Iterator[Expr | Stmt | Case]:
    """All nodes of a list of statements."""
    for statement in body:
        yield from within(statement)


def blocks(body: list[Stmt]) -> Iterator[list[Stmt]]:
    """A block and the blocks in it."""
    yield body
    for statement in body:
        for inner in _inner_blocks(statement):
            yield from blocks(inner)


def _inner_blocks(statement: Stmt) -> list[list[Stmt]]:
    match statement:
        case If():
            return [statement.then, statement.orelse]
        case Loop():
            return [statement.body]
        case Switch():
            return [case.body for case in statement.cases]
        case _:
            return []


def symbols(node: Expr | Stmt) -> Iterator[Symbol]:
    """The symbol of each Var below a node, as often as it stands there."""
    return (each.symbol for each in within(node) if isinstance(each, Var))


def has_effect(node: Expr | Stmt) -> bool:
    """Whether a call that is not pure stands below a node."""
    return any(isinstance(each, Call) and not each.pure for each in within(node))


def called(body: list[Stmt]) -> Iterator[Function]:
    """The program's functions that a body calls, as often as it does."""
    for each in of_body(body):
        if isinstance(each, Call) and isinstance(each.function, Function):
            yield each.function
