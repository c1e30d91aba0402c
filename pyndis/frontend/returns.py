"""`return` -> IR: the result where the caller wants it, and what is released before."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.calls import construct, lower_call
from pyndis.frontend.coercion import coerce
from pyndis.frontend.expressions import lower
from pyndis.frontend.function import Lowering
from pyndis.frontend.rawcalls import keep_raw
from pyndis.frontend.state import Local, Value
from pyndis.frontend.static_types import result_type
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def lower_return(fx: Lowering, node: ast.Return) -> None:
    if fx.generators:
        _leave_generator(fx, node)
        return
    expr: ir.Expr | None = None
    if node.value is not None and not (
        isinstance(node.value, ast.Constant) and node.value.value is None and fx.result_out is None
    ):
        expr = _returned(fx, node.value, node)
    elif not isinstance(fx.instance.result, t.OptionalType | t.NoneType):
        raise fx.refuse("PYN-K11", f"found nothing, wanted {fx.instance.result}", node, help="return a value")
    elif isinstance(fx.instance.result, t.OptionalType):
        expr = ir.Null(fx.c_value(fx.instance.result))
    fx.release_since([], node)
    fx.emit(ir.Return(answer(fx, node) if fx.request is not None else expr), node)
    fx.state = None


def answer(fx: Lowering, node: ast.AST) -> ir.Expr:
    """What dispatch returns: PENDING for a request that waits, else the status that it was completed with."""
    disposition = fx.live.disposition
    if disposition == "mixed":
        raise fx.refuse(
            "PYN-O17",
            "the request has been answered on one path and waits on another, and here they are one",
            node,
            "the hook ends here",
            help="write `return` at the end of each path",
        )
    code = (0x103, "STATUS_PENDING") if disposition == "pending" else (0, "STATUS_SUCCESS")
    return ir.Const(c.NTSTATUS, *code)


def _returned(fx: Lowering, value: ast.expr, node: ast.Return) -> ir.Expr | None:
    result = fx.instance.result
    if fx.result_out is not None:
        into = Local("Result", result, stored=True)
        into.alias = Value(result, ir.Var(fx.result_out.type, fx.result_out))
        _build_result(fx, value, into, node)
        return None
    found = keep_raw(fx, lower(fx, value), value)
    expr = coerce(fx, found, result, node)
    if found.local is not None and found.local.owner is not None:
        fx.give(found.local, node)
    elif fx.live.live and not isinstance(expr, (ir.Var, ir.Const, ir.Null)):
        expr = fx.temporary("value", expr, result, node).expr
    return expr


def _build_result(fx: Lowering, value: ast.expr, into: Local, node: ast.Return) -> None:
    """The result is a struct: it is built where the caller wants it."""
    assert into.alias is not None
    pointer = into.alias.expr
    place = ir.Deref(pointer.type.target, pointer) if isinstance(pointer.type, c.Pointer) else pointer
    into.alias.expr = ir.AddressOf(pointer.type, place)
    if isinstance(value, ast.Call):
        made = result_type(fx, value)
        if isinstance(value.func, ast.Name | ast.Subscript) and isinstance(made, t.ClassType):
            into.alias.expr = pointer
            _zero_unless_complete(fx, made, place, node)
            construct(fx, made, value, into)
            return
        lower_call(fx, value, into)
        return
    found = lower(fx, value)
    if not isinstance(found.expr, ir.AddressOf) or found.local is None or not found.local.stored:
        raise fx.refuse("PYN-L13", "a struct that lies elsewhere is returned as a whole", node, help="return what you need")
    fx.emit(ir.Assign(place, found.expr.place), node)
    if found.local is not None and found.local.owner is not None:
        fx.give(found.local, node)


def _zero_unless_complete(fx: Lowering, made: t.ClassType, place: ir.Expr, node: ast.AST) -> None:
    init = made.decl.method("__init__")
    stored = {
        each.targets[0].attr
        for each in (init.node.body if init else [])
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Attribute)
    }
    if {each.name for each in made.decl.extra_fields} - stored:
        pointer = c.Pointer(place.type)
        size = ir.SizeOf(c.SIZE_T, place.type)
        fx.emit(ir.Do(ir.Call(c.VOID, "RtlZeroMemory", [ir.AddressOf(pointer, place), size])), node)


def _leave_generator(fx: Lowering, node: ast.Return) -> None:
    frame = fx.generators[-1]
    if node.value is not None:
        raise fx.refuse("PYN-L15", "a generator returns no value", node)
    fx.release_since(frame.base, node)
    frame.states.append(fx.live.copy())
    fx.emit(ir.Goto(frame.end_label), node)
    fx.state = None
