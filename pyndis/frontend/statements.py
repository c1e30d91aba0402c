"""Statements -> IR."""

from __future__ import annotations

import ast
from collections.abc import Callable

from pyndis.frontend import types as t
from pyndis.frontend.assignments import assign, assign_annotated, assign_augmented
from pyndis.frontend.comparing import negate
from pyndis.frontend.constants import NotConstant
from pyndis.frontend.constructs import describe, instead
from pyndis.frontend.contexts import lower_with
from pyndis.frontend.expressions import lower, truth
from pyndis.frontend.function import Lowering
from pyndis.frontend.generators import lower_yield
from pyndis.frontend.loops import lower_for, lower_while
from pyndis.frontend.matching import lower_match
from pyndis.frontend.narrowing import narrow
from pyndis.frontend.returns import lower_return
from pyndis.frontend.state import State
from pyndis.frontend.trying import lower_raise, lower_try
from pyndis.ir import nodes as ir


def lower_block(fx: Lowering, statements: list[ast.stmt]) -> None:
    """Statements in order. What can never be reached is an error."""
    for number, statement in enumerate(statements):
        if fx.state is None and (fx.generators or isinstance(statements[number - 1], ast.For)):
            return  # what a generator does is no business of who writes the loop, nor the other way round
        if fx.state is None:
            raise fx.refuse("PYN-L09", "this can never be reached", statement, help="delete it")
        if number == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # a docstring
        lower_statement(fx, statement)


def lower_statement(fx: Lowering, node: ast.stmt) -> None:
    """One statement."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise fx.refuse("PYN-L01", f"{describe(node)} is not in the language", node, "this statement", instead(node))
    handler(fx, node)


def _expression(fx: Lowering, node: ast.Expr) -> None:
    if isinstance(node.value, ast.Yield | ast.YieldFrom):
        lower_yield(fx, node.value)
        return
    if isinstance(node.value, ast.Constant):
        return
    if not isinstance(node.value, ast.Call):
        raise fx.refuse("PYN-L14", "this expression has no effect", node, help="delete it, or use its value")
    value = lower(fx, node.value)
    if isinstance(t.strip_optional(value.type), t.OwnedType | t.SharedType) and value.fresh:
        raise fx.refuse(
            "PYN-O01", f"the result, {value.type}, is owned and nothing becomes of it", node, help="give it a name and consume it"
        )
    if isinstance(value.expr, ir.Call) and not value.expr.pure:
        fx.emit(ir.Do(value.expr), node)
    elif isinstance(value.expr, ir.Call) and not fx.module.library:
        raise fx.refuse("PYN-L14", "this call only computes a value", node, help="delete it, or use its value")


def _if(fx: Lowering, node: ast.If) -> None:
    decided = _decided(fx, node.test)
    if decided is not None:
        lower_block(fx, node.body if decided else node.orelse)
        return
    test = truth(fx, node.test)
    before = fx.live.copy()
    then, after_then = _branch(fx, before, node.test, True, node.body)
    orelse, after_else = _branch(fx, before, node.test, False, node.orelse)
    fx.emit(ir.If(test, then, orelse) if then or not orelse else ir.If(negate(test), orelse), node)
    fx.state = fx.join(node, after_then, after_else)


def _decided(fx: Lowering, test: ast.expr) -> bool | None:
    """An `if` on an option or another constant is decided here, and the other branch not looked at."""
    if any(isinstance(each, ast.Name) and each.id in fx.locals for each in ast.walk(test)):
        return None
    value = fx.context.constants.maybe(fx.module, test)
    return None if isinstance(value, NotConstant) or not isinstance(value, bool) else value


def _branch(fx: Lowering, before: State, test: ast.expr, holds: bool, body: list[ast.stmt]) -> tuple[list[ir.Stmt], State | None]:
    fx.state = before.copy()
    fx.depth += 1
    with fx.block() as statements:
        narrow(fx, test, holds)
        lower_block(fx, body)
    fx.depth -= 1
    after, fx.state = fx.state, before
    return statements, after


def _assert(fx: Lowering, node: ast.Assert) -> None:
    with fx.block() as statements:
        test = truth(fx, node.test)
    if statements:
        raise fx.refuse(
            "PYN-L21", "an assertion calls something", node, help="Release builds leave assertions out: call before it"
        )
    fx.emit(ir.Assert(test), node)
    narrow(fx, node.test, True)


def _break(fx: Lowering, node: ast.Break) -> None:
    frame = fx.loops[-1]
    fx.release_since(frame.base, node)
    frame.break_states.append(fx.live.copy())
    frame.breaks += 1
    fx.emit(ir.Goto(frame.break_label), node)
    fx.state = None


def _continue(fx: Lowering, node: ast.Continue) -> None:
    frame = fx.loops[-1]
    fx.release_since(frame.base, node)
    frame.continue_states.append(fx.live.copy())
    fx.emit(ir.Goto(frame.continue_label), node)
    fx.state = None


def _pass(fx: Lowering, node: ast.Pass) -> None:
    del fx, node


_HANDLERS: dict[type[ast.stmt], Callable[..., None]] = {
    ast.Assign: assign, ast.AnnAssign: assign_annotated, ast.AugAssign: assign_augmented, ast.Expr: _expression, ast.If: _if,
    ast.While: lower_while,
    ast.For: lower_for, ast.Return: lower_return, ast.Raise: lower_raise, ast.Try: lower_try, ast.Match: lower_match,
    ast.Assert: _assert, ast.Break: _break,
    ast.Continue: _continue, ast.Pass: _pass, ast.With: lower_with,
}  # fmt: skip
