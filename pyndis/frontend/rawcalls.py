"""Calls of the kernel's functions, whose types the facts know. Only in `unsafe`."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.annotations import c_type
from pyndis.frontend.function import Lowering
from pyndis.frontend.members import member_expr, need_raw
from pyndis.frontend.program import kernel_data
from pyndis.frontend.state import Local, Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def lower_raw_call(fx: Lowering, node: ast.Call, name: str, into: Local | None) -> Value:
    """`raw.NAME(…)`: a function, macro, or a zeroed struct of the kernel's."""
    from pyndis.frontend.intrinsics import size_of

    need_raw(fx, node)
    if name == "sizeof":
        return size_of(fx, node)
    if name not in kernel_data()["macros"] and fx.context.facts.function(name) is None:
        if fx.context.is_kernel_struct(name) and not node.args:
            type = t.RawType(c.Struct(name), struct=True)
            local = into if into is not None else fx.storage(name.lower(), type, node)
            return Value(type, fx.reference(local).expr, local, fresh=True)
        raise fx.refuse("PYN-D02", f"the kernel has no function {name}", node, help="check the name against the WDK's")
    result, parameters, pure = _signature(fx, name)
    if len(parameters) != len(node.args) or node.keywords:
        raise fx.refuse("PYN-D03", f"{name} takes {len(parameters)} arguments, found {len(node.args)}", node)
    arguments = [_argument(fx, each, kind, name) for each, kind in zip(node.args, parameters, strict=True)]
    call = ir.Call(result, name, arguments, pure=pure, span=fx.span(node))
    if isinstance(result, c.Void):
        fx.emit(ir.Do(call), node)
        return Value(t.NONE, ir.Null(c.VOID))
    kind: t.Type = t.BOOL if isinstance(result, c.Bool) else t.RawType(result)
    return Value(kind, call, fresh=not pure)


def keep_raw(fx: Lowering, value: Value, node: ast.AST, name: str = "value") -> Value:
    """A call's result, in a local, so that the call is a statement of its own."""
    if isinstance(value.expr, ir.Call) and not value.expr.pure:
        kept = fx.temporary(name, value.expr, value.type, node)
        return Value(value.type, kept.expr, fresh=value.fresh)
    return value


def _signature(fx: Lowering, name: str) -> tuple[c.CType, list[c.CType | str], bool]:
    known = kernel_data()["macros"].get(name)
    if known is not None:
        result, parameters, pure = known
        return c_type(fx.context, result), [each if each == "token" else c_type(fx.context, each) for each in parameters], pure
    function = fx.context.facts.function(name)
    if function.header == "undocumented":
        fx.context.undocumented.add(name)
    return c_type(fx.context, function.ret), [c_type(fx.context, each.type) for each in function.params], False


def _argument(fx: Lowering, node: ast.expr, kind: c.CType | str, name: str) -> ir.Expr:
    from pyndis.frontend.expressions import lower

    if kind == "token":
        assert isinstance(node, ast.Constant)
        return ir.Global(c.Named("token"), str(node.value))
    value = keep_raw(fx, lower(fx, node), node)
    assert isinstance(kind, c.CType)
    if isinstance(value.type, t.SharedType) and not value.type.unit:
        value = Value(value.type.inner, member_expr(value.expr, "Object", fx.c_value(value.type.inner)), value.local)
    if isinstance(value.expr, ir.Null):
        return ir.Null(kind)
    if value.local is not None and value.local.owner is not None and name in kernel_data()["consumes"]:
        fx.give(value.local, node)
    if isinstance(kind, c.Struct) and isinstance(value.expr, ir.AddressOf):
        return value.expr.place
    number = t.is_integer(value.type)
    if (
        isinstance(kind, c.Int) != number
        and isinstance(kind, c.Int | c.Pointer)
        and not isinstance(value.type, t.EnumType | t.BoolType)
    ):
        raise fx.refuse("PYN-K11", f"found {value.type}, wanted {kind} for {name}", node)
    return value.expr
