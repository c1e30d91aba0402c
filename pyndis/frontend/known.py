"""Constants as values."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.constants import Constant, Member, NotConstant
from pyndis.frontend.constructs import describe
from pyndis.frontend.declarations import ConstantDecl
from pyndis.frontend.function import Lowering
from pyndis.frontend.names import upper
from pyndis.frontend.state import Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def lower_constant(fx: Lowering, node: ast.expr) -> Value:
    """A name or literal whose value is known when the driver is compiled."""
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
