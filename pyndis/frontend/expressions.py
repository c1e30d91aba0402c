"""Expressions -> IR. What has an effect becomes a statement of its own, before."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.borrows import check_use
from pyndis.frontend.comparing import COMPARE, comparison, negate
from pyndis.frontend.constants import NotConstant
from pyndis.frontend.constructs import describe, instead
from pyndis.frontend.declarations import ConstantDecl
from pyndis.frontend.function import Lowering
from pyndis.frontend.known import constant_value, lower_constant
from pyndis.frontend.members import lower_attribute
from pyndis.frontend.narrowing import narrow
from pyndis.frontend.state import Local, Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c

_BINARY = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip


def lower(fx: Lowering, node: ast.expr) -> Value:
    """The value of an expression."""
    from pyndis.frontend.calls import lower_call

    value = _lower(fx, node) if not isinstance(node, ast.Call) else lower_call(fx, node)
    if value.expr.span is None and not isinstance(value.expr, (ir.Var, ir.Const)):
        value.expr.span = fx.span(node)
    value.node = node
    return value


def _lower(fx: Lowering, node: ast.expr) -> Value:
    match node:
        case ast.Name(id=name) if name in fx.locals:
            check_use(fx, fx.locals[name], node)
            _check_assigned(fx, fx.locals[name], node)
            return fx.reference(fx.locals[name])
        case ast.Name() | ast.Constant():
            return lower_constant(fx, node)
        case ast.Attribute():
            return lower_attribute(fx, node)
        case ast.BinOp():
            return _binary(fx, node)
        case ast.UnaryOp():
            return _unary(fx, node)
        case ast.Compare():
            return _compare(fx, node)
        case ast.BoolOp():
            return _logic(fx, node)
        case ast.IfExp():
            return _choose(fx, node)
        case ast.Subscript():
            return _subscript(fx, node)
    raise fx.refuse("PYN-L01", f"{describe(node)} is not in the language", node, "this expression", instead(node))


def _check_assigned(fx: Lowering, local: Local, node: ast.AST) -> None:
    if local.tracked and local not in fx.live.assigned:
        raise fx.refuse(
            "PYN-N02",
            f"{local.name} has no value on some paths to here",
            node,
            help="give it a value on all paths",
        )


# ---- operators


def integer(fx: Lowering, value: Value, node: ast.expr) -> ir.Expr:
    """An operand of arithmetic."""
    if not t.is_integer(value.type):
        raise fx.refuse("PYN-K11", f"found {value.type}, wanted a number", node)
    return value.expr


def _binary(fx: Lowering, node: ast.BinOp) -> Value:
    constant = _all_constant(fx, node)
    if constant is not None:
        return constant
    left, right = lower(fx, node.left), lower(fx, node.right)
    pointer = left.type.c if isinstance(left.type, t.RawType) else None
    if isinstance(pointer, c.Pointer) and isinstance(node.op, ast.Add):
        element = ir.Index(pointer.target, left.expr, integer(fx, right, node.right))
        return Value(left.type, ir.AddressOf(pointer, element))
    if type(node.op) not in _BINARY:
        help = "write `//`" if isinstance(node.op, ast.Div) else "write it as a product or a shift"
        raise fx.refuse("PYN-L02", "this operator is not in the language", node, "there are no fractions in a kernel", help)
    op = _BINARY[type(node.op)]
    expr = ir.Binary(c.NUMBER, op, integer(fx, left, node.left), integer(fx, right, node.right))  # type: ignore[arg-type]
    return Value(t.NUMBER, expr)


def _all_constant(fx: Lowering, node: ast.expr) -> Value | None:
    if any(isinstance(each, ast.Name) and each.id in fx.locals for each in ast.walk(node)):
        return None
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    if names and not all(_is_literal_like(fx, each) for each in names):
        return None
    value = fx.context.constants.maybe(fx.module, node)
    return None if isinstance(value, NotConstant) or names else constant_value(fx, value, node)


def _is_literal_like(fx: Lowering, node: ast.Name) -> bool:
    return not isinstance(fx.context.scope.find(fx.module, node.id), ConstantDecl)


def _unary(fx: Lowering, node: ast.UnaryOp) -> Value:
    if isinstance(node.op, ast.Not):
        return Value(t.BOOL, negate(truth(fx, node.operand)))
    constant = _all_constant(fx, node)
    if constant is not None:
        return constant
    operand = lower(fx, node.operand)
    op = {ast.USub: "-", ast.Invert: "~"}.get(type(node.op))
    if op is None:
        return operand
    return Value(t.NUMBER, ir.Unary(c.NUMBER, op, integer(fx, operand, node.operand)))  # type: ignore[arg-type]


def truth(fx: Lowering, node: ast.expr) -> ir.Expr:
    """A condition. Only truth values are conditions: numbers and containers are compared."""
    value = lower(fx, node)
    if not isinstance(value.type, t.BoolType):
        mends = {t.NumberType: "compare it with 0", t.IntType: "compare it with 0", t.OptionalType: "write `is not None`"}
        raise fx.refuse("PYN-K13", f"found {value.type}, wanted a truth value", node, help=mends.get(type(value.type), ""))
    return value.expr


def _compare(fx: Lowering, node: ast.Compare) -> Value:
    for op in node.ops:
        if type(op) not in COMPARE:
            raise fx.refuse("PYN-L01", f"{describe(op)} is not in the language", node, help=instead(op))
    left = lower(fx, node.left)
    if len(node.ops) > 1 and isinstance(left.expr, ir.Call):
        left = fx.temporary("operand", left.expr, left.type, node.left)
    return Value(t.BOOL, _chain(fx, node, left, 0))


def _chain(fx: Lowering, node: ast.Compare, left: Value, number: int) -> ir.Expr:
    """A chained comparison from one of its operators on: what stands behind is looked at where the one before it holds."""
    right = lower(fx, node.comparators[number])
    last = number + 1 == len(node.ops)
    if not last and not isinstance(right.expr, (ir.Var, ir.Const)):
        right = fx.temporary("operand", right.expr, right.type, node.comparators[number])
    test = comparison(fx, node, left, node.ops[number], right)
    if last:
        return test
    before = fx.live.copy()
    with fx.block() as statements:
        rest = _chain(fx, node, right, number + 1)
    fx.state = fx.join(node, before, fx.state)
    return _late(fx, "&&", test, statements, rest, node) if statements else ir.Logic(c.BOOL, "&&", test, rest)


def _logic(fx: Lowering, node: ast.BoolOp) -> Value:
    op = "&&" if isinstance(node.op, ast.And) else "||"
    test = truth(fx, node.values[0])
    for number, operand in enumerate(node.values[1:], 1):
        before = fx.live.copy()
        with fx.block() as statements:
            for each in node.values[:number]:
                narrow(fx, each, isinstance(node.op, ast.And))
            fx.live.live = list(before.live)
            right = truth(fx, operand)
        fx.live.narrow = dict(before.narrow)
        fx.state = fx.join(node, before, fx.state)
        if statements:
            test = _late(fx, op, test, statements, right, node)
        else:
            test = ir.Logic(c.BOOL, op, test, right, span=fx.span(node))  # type: ignore[arg-type]
    return Value(t.BOOL, test)


def _late(fx: Lowering, op: str, test: ir.Expr, statements: list[ir.Stmt], right: ir.Expr, node: ast.AST) -> ir.Expr:
    """The right operand has effects: it is looked at only where the left one does not decide."""
    kept = fx.temporary("test", ir.Const(c.BOOL, int(op == "||")), t.BOOL, node).expr
    statements.append(ir.Assign(kept, right))
    fx.emit(ir.If(test if op == "&&" else negate(test), statements), node)
    return kept


def _choose(fx: Lowering, node: ast.IfExp) -> Value:
    test = truth(fx, node.test)
    with fx.block() as first:
        then = lower(fx, node.body)
    with fx.block() as second:
        orelse = lower(fx, node.orelse)
    if first or second:
        raise fx.refuse("PYN-L03", "a conditional expression calls something", node, help="write an `if` statement")
    type = then.type if then.type == orelse.type else t.NUMBER
    if type is t.NUMBER and not (t.is_integer(then.type) and t.is_integer(orelse.type)):
        raise fx.refuse("PYN-K14", f"{then.type} on one side, {orelse.type} on the other", node)
    kind = c.NUMBER if isinstance(type, t.NumberType) else then.expr.type
    return Value(type, ir.Choose(kind, test, then.expr, orelse.expr))


def _subscript(fx: Lowering, node: ast.Subscript) -> Value:
    base = lower(fx, node.value)
    index = lower(fx, node.slice)
    if isinstance(base.type, t.ArrayType) and isinstance(base.expr, ir.AddressOf):
        kind = base.expr.place.type
        assert isinstance(kind, c.Array)
        return Value(base.type.item, ir.Index(kind.element, base.expr.place, integer(fx, index, node.slice)))
    if (
        isinstance(base.type, t.RawType)
        and isinstance(base.type.c, c.Array)
        and isinstance(base.expr, ir.AddressOf)
        and fx.unsafe
    ):
        element = base.type.c.element
        item = ir.Index(element, base.expr.place, integer(fx, index, node.slice))
        if isinstance(element, c.Struct):
            return Value(t.RawType(element, struct=True), ir.AddressOf(c.Pointer(element), item))
        return Value(t.RawType(element), item)
    if isinstance(base.type, t.RawType) and isinstance(base.type.c, c.Pointer) and fx.unsafe:
        target = base.type.c.target
        if isinstance(target, c.Struct):
            item = ir.Index(target, base.expr, integer(fx, index, node.slice))
            return Value(t.RawType(target, struct=True), ir.AddressOf(base.type.c, item))
        return Value(t.RawType(base.type.c.target), ir.Index(base.type.c.target, base.expr, integer(fx, index, node.slice)))
    raise fx.refuse("PYN-K12", f"{base.type} has no items", node)
