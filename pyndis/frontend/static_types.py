"""What type an expression has, without lowering it."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.declarations import ClassDecl, FuncDecl
from pyndis.frontend.function import Lowering
from pyndis.ir import types as c


def result_type(fx: Lowering, node: ast.Call) -> t.Type | None:
    """The type of a call's result, without lowering it; None where that takes lowering or it is no struct."""
    match node.func:
        case ast.Name(id="shared", ctx=ast.Load()) if isinstance(node.args[0], ast.Name) and node.args[0].id in fx.locals:
            return t.SharedType(fx.context.resolve(t.unmarked(fx.locals[node.args[0].id].type)))
        case ast.Name(id=name) if name not in fx.locals:
            found = fx.context.scope.find(fx.module, name)
            if isinstance(found, ClassDecl) and not found.is_reference:
                return fx.bindings.substitute(t.ClassType(found, tuple(t.VarType(each) for each in found.variables)))
            if isinstance(found, FuncDecl) and found.node.returns is not None:
                return fx.context.resolve(fx.context.annotations.read(found.module, found.node.returns, fx.bindings))
        case ast.Subscript(value=ast.Name(id=name)) if isinstance(fx.context.scope.find(fx.module, name), ClassDecl):
            return fx.read_annotation(node.func)
        case ast.Attribute(value=ast.Name(id="raw"), attr=name) if fx.context.is_kernel_struct(name):
            return t.RawType(c.Struct(name), struct=True)
        case ast.Attribute(value=base, attr="load") if len(node.args) == 1 and isinstance(base, ast.Name):
            return fx.read_annotation(node.args[0])
        case ast.Attribute(value=base, attr=name):
            owner = static_type(fx, base)
            method = owner.decl.method(name) if owner is not None else None
            if owner is not None and method is not None and method.node.returns is not None and not method.is_generator:
                bindings = t.Bindings(dict(zip(owner.decl.variables, owner.args, strict=False)))
                return fx.context.resolve(fx.context.annotations.read(method.module, method.node.returns, bindings, owner))
    return None


def static_type(fx: Lowering, node: ast.expr) -> t.ClassType | None:
    """The class of `name` or `name.field`, without lowering."""
    from pyndis.frontend.layout import field_type

    found: t.Type | None = None
    match node:
        case ast.Name(id=name) if name in fx.locals:
            found = fx.reference(fx.locals[name]).type
        case ast.Attribute(value=base, attr=name):
            owner = static_type(fx, base)
            field = owner.decl.field(name) if owner is not None else None
            if owner is not None and field is not None:
                found = field_type(fx.context, owner, field)
            elif (
                owner is not None and (method := owner.decl.method(name)) and method.decorator("property") and method.node.returns
            ):
                found = fx.context.annotations.read(method.module, method.node.returns, t.Bindings(), owner)
        case ast.Call():
            found = result_type(fx, node)
    inner = fx.context.resolve(t.strip(found)) if found is not None else None
    return inner if isinstance(inner, t.ClassType) else None
