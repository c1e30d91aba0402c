"""Puts lowered expressions into the statements of a function, and asserts that nothing was forgotten."""

from __future__ import annotations

from pyndis.checks import walk
from pyndis.checks.ranges import c_types
from pyndis.checks.ranges.lowering import Lowering
from pyndis.checks.ranges.places import is_integer
from pyndis.ir import nodes as ir
from pyndis.ir.types import ULONG64, CType, Number, Pointer


def rewrite(function: ir.Function, lowering: Lowering) -> None:
    """Lower every expression of a function, in place."""
    for statement in list(walk.statements(function.body)):
        _rewrite(statement, function, lowering)


def _rewrite(statement: ir.Stmt, function: ir.Function, lowering: Lowering) -> None:
    match statement:
        case ir.Declare() if statement.value is not None:
            statement.value = lowering.stored(statement.value, statement.symbol.type)
        case ir.Assign():
            statement.target = lowering.expr(statement.target)
            statement.value = lowering.stored(statement.value, statement.target.type)
        case ir.Do():
            statement.call = lowering.call(statement.call)
        case ir.If() | ir.Assert():
            statement.test = lowering.expr(statement.test)
        case ir.Loop() if statement.test is not None:
            statement.test = lowering.expr(statement.test)
        case ir.Return() if statement.value is not None:
            statement.value = lowering.stored(statement.value, function.result)
        case ir.Switch():
            statement.subject = lowering.expr(statement.subject)
            for case in statement.cases:
                case.values = [lowering.stored(value, statement.subject.type) for value in case.values]


def constant(expr: ir.Expr) -> ir.Expr:
    """The value of a `#define`."""
    if isinstance(expr, ir.Const) and isinstance(expr.type, Number):
        value = (expr.value, expr.value)
        return ir.Const(c_types.narrowest(value) or ULONG64, expr.value, expr.name, span=expr.span, interval=value)
    return expr


def _open(type_: CType) -> bool:
    return isinstance(type_, Number) or (isinstance(type_, Pointer) and _open(type_.target))


def assert_fixed(program: ir.Program) -> None:
    """No Number and no Wrap anywhere, an interval on every integer expression that can be reached."""
    for function in program.functions:
        symbols = [param.symbol for param in function.params]
        symbols += [each.symbol for each in walk.statements(function.body) if isinstance(each, ir.Declare)]
        for symbol in symbols:
            assert not _open(symbol.type), f"{function.name}: {symbol.name} has no C type (checks.ranges)"
        assert not _open(function.result), f"{function.name} has no C type (checks.ranges)"
        for expr in walk.expressions(function.body):
            assert not isinstance(expr, ir.Wrap), f"{function.name}: a Wrap is left (checks.ranges)"
            assert not _open(expr.type), f"{function.name}: {expr} has no C type (checks.ranges)"
            if is_integer(expr.type) and isinstance(expr, ir.Binary):
                assert expr.interval is not None, f"{function.name}: {expr} has no interval (checks.ranges)"
