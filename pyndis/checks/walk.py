"""Walking over the intermediate form: the statements of a body, the expressions of a statement, the parts of an expression."""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.ir import nodes as ir


def blocks(statement: ir.Stmt) -> Iterator[list[ir.Stmt]]:
    """The blocks right inside a statement; a loop's step is not one of them."""
    match statement:
        case ir.If():
            yield statement.then
            yield statement.orelse
        case ir.Loop():
            yield statement.body
        case ir.Switch():
            for case in statement.cases:
                yield case.body


def statements(body: list[ir.Stmt]) -> Iterator[ir.Stmt]:
    """All statements of a body, the nested ones too, in the order of the text."""
    for statement in body:
        yield statement
        for block in blocks(statement):
            yield from statements(block)
        if isinstance(statement, ir.Loop) and statement.step is not None:
            yield statement.step


def own_expressions(statement: ir.Stmt) -> Iterator[ir.Expr]:
    """The outermost expressions that stand in a statement itself, not in the blocks inside it."""
    match statement:
        case ir.Declare() | ir.Return():
            if statement.value is not None:
                yield statement.value
        case ir.Assign():
            yield statement.target
            yield statement.value
        case ir.Do():
            yield statement.call
        case ir.If() | ir.Assert():
            yield statement.test
        case ir.Loop():
            if statement.test is not None:
                yield statement.test
        case ir.Switch():
            yield statement.subject
            for case in statement.cases:
                yield from case.values


def children(expr: ir.Expr) -> tuple[ir.Expr, ...]:
    """The parts of an expression, left to right."""
    match expr:
        case ir.Field():
            return (expr.base,)
        case ir.Index():
            return (expr.base, expr.index)
        case ir.Deref():
            return (expr.pointer,)
        case ir.AddressOf():
            return (expr.place,)
        case ir.Unary() | ir.Cast() | ir.Wrap():
            return (expr.operand,)
        case ir.Binary() | ir.Compare() | ir.Logic():
            return (expr.left, expr.right)
        case ir.Choose():
            return (expr.test, expr.then, expr.orelse)
        case ir.Call():
            return tuple(expr.args)
    return ()


def within(expr: ir.Expr) -> Iterator[ir.Expr]:
    """An expression and all of its parts."""
    yield expr
    for child in children(expr):
        yield from within(child)


def expressions(body: list[ir.Stmt]) -> Iterator[ir.Expr]:
    """All expressions of a body, the parts of expressions too."""
    for statement in statements(body):
        for outer in own_expressions(statement):
            yield from within(outer)


def calls(body: list[ir.Stmt]) -> Iterator[ir.Call]:
    """All calls of a body."""
    return (each for each in expressions(body) if isinstance(each, ir.Call))
