"""Comparisons: which values have an order or may be equal, and what is never asked."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.function import Lowering
from pyndis.frontend.state import Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c

COMPARE = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "==", ast.IsNot: "!="}


def negate(test: ir.Expr) -> ir.Expr:
    """`not test`, simplified."""
    flipped = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
    if isinstance(test, ir.Compare):
        return ir.Compare(c.BOOL, flipped[test.op], test.left, test.right, span=test.span)  # type: ignore[arg-type]
    if isinstance(test, ir.Unary) and test.op == "!":
        return test.operand
    return ir.Unary(c.BOOL, "!", test, span=test.span)


def comparison(fx: Lowering, node: ast.Compare, left: Value, op: ast.cmpop, right: Value) -> ir.Expr:
    """One comparison of two values. Raises PYN-K14."""
    spelled = COMPARE[type(op)]
    _refuse(fx, node, left.type, op, right.type)
    if isinstance(right.type, t.NoneType) or isinstance(left.type, t.NoneType):
        value = left if isinstance(right.type, t.NoneType) else right
        return ir.Compare(c.BOOL, spelled, value.expr, ir.Null(value.expr.type), span=fx.span(node))  # type: ignore[arg-type]
    if not comparable(left.type, right.type):
        raise fx.refuse("PYN-K14", f"{left.type} is never equal to {right.type}", node, help="compare things of one type")
    return ir.Compare(c.BOOL, spelled, left.expr, right.expr, span=fx.span(node))  # type: ignore[arg-type]


def _refuse(fx: Lowering, node: ast.AST, left: t.Type, op: ast.cmpop, right: t.Type) -> None:
    none = isinstance(left, t.NoneType) or isinstance(right, t.NoneType)
    other = right if isinstance(left, t.NoneType) else left
    number = t.is_integer(other) or isinstance(other, t.BoolType | t.EnumType)
    if none and number and not isinstance(other, t.RawType):
        raise fx.refuse("PYN-K14", f"{other} is never None", node, help="delete the comparison")
    if isinstance(op, ast.Is | ast.IsNot) and number and not none:
        raise fx.refuse("PYN-K14", "`is` asks for the same object, and these are numbers", node, help="write `==` or `!=`")
    if isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) and not (_is_ordered(left) and _is_ordered(right)):
        raise fx.refuse("PYN-K14", f"{left} and {right} have no order", node, help="compare numbers")


def _is_ordered(type: t.Type) -> bool:
    return t.is_integer(type) or isinstance(type, t.RawType)


def comparable(left: t.Type, right: t.Type) -> bool:
    """Whether values of the two types may be equal."""
    if t.is_integer(left) and t.is_integer(right):
        return True
    if isinstance(left, t.StrType) or isinstance(right, t.StrType):
        return False
    if isinstance(left, t.RawType) or isinstance(right, t.RawType):
        return True
    one, other = t.strip(left), t.strip(right)
    return one == other or (isinstance(one, t.ClassType) and isinstance(other, t.ClassType))
