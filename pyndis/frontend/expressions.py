"""Expressions -> IR. What has an effect becomes a statement of its own, before."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.borrows import check_use
from pyndis.frontend.constants import Constant, Member, NotConstant
from pyndis.frontend.constructs import describe, instead
from pyndis.frontend.declarations import ConstantDecl
from pyndis.frontend.function import Lowering
from pyndis.frontend.members import lower_attribute
from pyndis.frontend.names import upper
from pyndis.frontend.state import Local, Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c

_BINARY = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip
_COMPARE = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "==", ast.IsNot: "!="}


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
            return _constant(fx, node)
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


# ---- constants


def _constant(fx: Lowering, node: ast.expr) -> Value:
    value = fx.context.constants.maybe(fx.module, node)
    if isinstance(value, NotConstant):
        if isinstance(node, ast.Constant):
            raise fx.refuse("PYN-L01", f"{describe(node)} is not in the language", node, "this value")
        raise fx.refuse("PYN-N01", f"nothing is named {ast.unparse(node)} here", node, help="import it, or assign it before")
    name = ""
    if isinstance(node, ast.Name):
        found = fx.context.scope.find(fx.module, node.id)
        if isinstance(found, ConstantDecl) and isinstance(value, int) and not isinstance(value, bool):
            name = upper(node.id)
            _use_constant(fx, name, found, value)
    return constant_value(fx, value, node, name)


def _use_constant(fx: Lowering, name: str, decl: ConstantDecl, value: int) -> None:
    if name not in fx.context.used_constants:
        fx.context.used_constants[name] = ir.ConstantDecl(name, ir.Const(c.NUMBER, value, span=decl.span))


def constant_value(fx: Lowering, value: Constant, node: ast.AST, name: str = "") -> Value:
    """A constant as a value."""
    match value:
        case None:
            return Value(t.NONE, ir.Null(c.Named("PVOID")))
        case bool():
            return Value(t.BOOL, ir.Const(c.BOOL, int(value)), constant=value)
        case int():
            return Value(t.NUMBER, ir.Const(c.NUMBER, value, name, span=fx.span(node)), constant=value)
        case str():
            return Value(t.STR, ir.Text(c.Named("PCSTR"), value), constant=value)
        case Member(decl, member):
            type = t.EnumType(decl)
            kind, pattern = fx.context.enum(type)
            spelled = pattern.format(member) if pattern else upper(f"{decl.name}_{member}")
            if not pattern and spelled not in fx.context.used_constants:
                fx.context.used_constants[spelled] = ir.ConstantDecl(spelled, ir.Const(c.NUMBER, value.value))
            number = value.value if not kind.signed or value.value <= kind.high else value.value - (1 << kind.bits)
            return Value(type, ir.Const(kind, number, spelled), constant=value)
    raise fx.refuse("PYN-L01", "this constant can only stand in a declaration", node)


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


def negate(test: ir.Expr) -> ir.Expr:
    """`not test`, simplified."""
    flipped = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
    if isinstance(test, ir.Compare):
        return ir.Compare(c.BOOL, flipped[test.op], test.left, test.right, span=test.span)  # type: ignore[arg-type]
    if isinstance(test, ir.Unary) and test.op == "!":
        return test.operand
    return ir.Unary(c.BOOL, "!", test, span=test.span)


def truth(fx: Lowering, node: ast.expr) -> ir.Expr:
    """A condition. Only truth values are conditions: numbers and containers are compared."""
    value = lower(fx, node)
    if not isinstance(value.type, t.BoolType):
        mends = {t.NumberType: "compare it with 0", t.IntType: "compare it with 0", t.OptionalType: "write `is not None`"}
        raise fx.refuse("PYN-K13", f"found {value.type}, wanted a truth value", node, help=mends.get(type(value.type), ""))
    return value.expr


def _compare(fx: Lowering, node: ast.Compare) -> Value:
    for op in node.ops:
        if type(op) not in _COMPARE:
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
    test = _comparison(fx, node, left, node.ops[number], right)
    if last:
        return test
    before = fx.live.copy()
    with fx.block() as statements:
        rest = _chain(fx, node, right, number + 1)
    fx.state = fx.join(node, before, fx.state)
    return _late(fx, "&&", test, statements, rest, node) if statements else ir.Logic(c.BOOL, "&&", test, rest)


def _comparison(fx: Lowering, node: ast.Compare, left: Value, op: ast.cmpop, right: Value) -> ir.Expr:
    spelled = _COMPARE[type(op)]
    _refuse_comparison(fx, node, left.type, op, right.type)
    if isinstance(right.type, t.NoneType) or isinstance(left.type, t.NoneType):
        value = left if isinstance(right.type, t.NoneType) else right
        return ir.Compare(c.BOOL, spelled, value.expr, ir.Null(value.expr.type), span=fx.span(node))  # type: ignore[arg-type]
    if not comparable(left.type, right.type):
        raise fx.refuse("PYN-K14", f"{left.type} is never equal to {right.type}", node, help="compare things of one type")
    return ir.Compare(c.BOOL, spelled, left.expr, right.expr, span=fx.span(node))  # type: ignore[arg-type]


def _refuse_comparison(fx: Lowering, node: ast.AST, left: t.Type, op: ast.cmpop, right: t.Type) -> None:
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


# ---- narrowing


def narrow(fx: Lowering, test: ast.expr, holds: bool) -> None:
    """What a condition says of locals that may be None."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            narrow(fx, operand, not holds)
        case ast.BoolOp(op=ast.And(), values=values) if holds:
            for each in values:
                narrow(fx, each, True)
        case ast.BoolOp(op=ast.Or(), values=values) if not holds:
            for each in values:
                narrow(fx, each, False)
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(value=None)]):
            local = fx.locals.get(name)
            while local is not None and local.alias is not None and local.alias.local not in (None, local):
                local = local.alias.local
            if local is not None and fx.state is not None and isinstance(local.type, t.OptionalType):
                is_none = isinstance(op, ast.Is) == holds
                if is_none:
                    fx.state.narrow[local] = t.NONE
                    if local.owner is not None:
                        fx.consume(local.owner)
                else:
                    fx.state.narrow[local] = local.type.inner
