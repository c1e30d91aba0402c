"""Where a function's syntax uses names: what loops have to know before they are lowered."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def assigned_in(body: list[ast.stmt]) -> set[str]:
    """The names that statements assign."""
    return {
        each.id
        for statement in body
        for each in ast.walk(statement)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }


def names_in(node: ast.expr) -> set[str]:
    """The names in an expression."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def is_assigned_again(function: ast.FunctionDef, name: str) -> bool:
    """Whether a function has several assignments to a name."""
    return (
        sum(isinstance(each, ast.Name) and each.id == name and isinstance(each.ctx, ast.Store) for each in ast.walk(function)) > 1
    )


def is_counter_only(function: ast.FunctionDef, loop: ast.For, name: str) -> bool:
    """Whether a loop's name is no more than its counter: not assigned in the body, and not looked at behind the loop."""
    return name not in assigned_in(loop.body) and not any(_is_load(each, name) for each in _outside(function, name))


def is_looked_at_once(function: ast.FunctionDef, name: str) -> bool:
    """Whether a function looks at a name at most once, and not in a loop."""
    loads = sum(_is_load(each, name) for each in ast.walk(function))
    return loads <= 1 and loads == sum(_is_load(each, name) for each in _outside_loops(function))


def _is_load(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)


def _outside(node: ast.AST, name: str) -> Iterator[ast.AST]:
    """All nodes that are not in a loop over a name."""
    yield node
    if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and node.target.id == name:
        yield from _outside(node.iter, name)
        return
    for child in ast.iter_child_nodes(node):
        yield from _outside(child, name)


def _outside_loops(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.For | ast.While):
            yield from _outside_loops(child)
