"""A whole function: its parameters in C, its body, its ladder, its C result."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.errors import error
from pyndis.frontend.function import Lowering
from pyndis.frontend.layout import declaring, pointee
from pyndis.frontend.program import Context, Instance
from pyndis.frontend.raising import emit_ladder
from pyndis.frontend.returns import answer
from pyndis.frontend.state import Local
from pyndis.frontend.tidy import place_declarations, tidy, walk, walk_statements
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def lower_body(context: Context, instance: Instance) -> None:
    """Fill `instance.ir`, and append it to the program's functions, behind those that it calls."""
    from pyndis.frontend.callbacks import callback_function
    from pyndis.frontend.ownership import register
    from pyndis.frontend.statements import lower_block

    fx = Lowering(context, instance, lower_block)
    decl = instance.decl
    callback = decl.decorator("callback")
    if callback is not None:
        parameters = callback_function(fx, callback)
    else:
        parameters = [_parameter(fx, name, type) for name, type in instance.parameters]
    _result_parameter(fx)
    request = decl.decorator("requests")
    for (name, type), local in zip(instance.parameters, [fx.locals.get(name) for name, _ in instance.parameters], strict=True):
        del name
        if local is not None and isinstance(t.strip_optional(type), t.OwnedType | t.SharedType):
            register(fx, local, decl.node)
            if local.owner is not None:
                local.owner.kind = "param"
                fx.parameters.append(local)
    if request is not None or decl in context.requests:
        _request(fx, instance)
    fx.lower_block(decl.node.body)
    _end(fx, decl.node)
    if fx.ladder:
        emit_ladder(fx, decl.node)
    instance.ir = _function(fx, parameters)
    context.functions.append(instance.ir)


def _parameter(fx: Lowering, name: str, type: t.Type) -> ir.Param:
    kind = fx.c_value(type)
    shown = fx.owner.decl.name if name == "self" and fx.owner is not None else name
    symbol = fx.symbol(shown, kind, local=False)
    symbol.source = name
    fx.locals[name] = Local(name, type, symbol)
    if isinstance(kind, c.Pointer) or (isinstance(kind, c.Named) and kind.name.startswith("P")):
        return ir.Param(symbol, "_Inout_opt_" if isinstance(type, t.OptionalType) else "_Inout_")
    return ir.Param(symbol)


def _result_parameter(fx: Lowering) -> None:
    """A result that is a struct is built where the caller says."""
    result = fx.instance.result
    if fx.is_stored(result) and not isinstance(result, t.RawType):
        fx.result_out = ir.Symbol("Result", c.Pointer(pointee(fx.context, result)), source="result")


def _request(fx: Lowering, instance: Instance) -> None:
    """A hook of a request answers it: a raise is put into it."""
    from pyndis.frontend.calls import call_instance, instance_of
    from pyndis.frontend.state import Value

    name, type = next((name, type) for name, type in instance.parameters if isinstance(type, t.OwnedType))
    local = fx.locals[name]
    fx.request = local
    assert local.owner is not None and isinstance(type.inner, t.ClassType)
    kind = type.inner
    fail = kind.decl.method("fail")
    assert fail is not None
    owner = local.owner

    def answer(raising: bool) -> None:
        assert raising, "Lowering.release refuses a request that nobody answers"
        status = Value(t.EnumType(fx.context.scope.library("Status")), ir.Var(c.NTSTATUS, fx.status_symbol()))  # type: ignore[arg-type]
        target = Value(t.OwnedType(kind), fx.reference(local).expr)
        call_instance(
            fx,
            instance_of(fx.context, fail, declaring(kind, fail.owner), node=instance.decl.node),
            [target, status],
            instance.decl.node,
        )

    owner.release = answer
    owner.kind = "request"


def _end(fx: Lowering, node: ast.FunctionDef) -> None:
    """Falling off the end."""
    if fx.state is None:
        return
    if not isinstance(fx.instance.result, t.NoneType | t.OptionalType):
        raise error(
            "PYN-L26", f"{node.name} can end without a result", (fx.span(node), "this function"), help="return one on every path"
        )
    fx.release_since([], node.body[-1])
    returned = ir.Return(ir.Null(fx.c_value(fx.instance.result)) if isinstance(fx.instance.result, t.OptionalType) else None)
    if fx.request is not None:
        returned.value = answer(fx, node.body[-1])
    fx.emit(returned, node.body[-1])
    fx.state = None


def _function(fx: Lowering, parameters: list[ir.Param]) -> ir.Function:
    instance = fx.instance
    result = c.VOID if fx.result_out is not None else fx.c_value(instance.result)
    body = fx.out
    if fx.request is not None:
        result = c.NTSTATUS
    elif instance.fallible:
        ndis = instance.raises == {"NdisStatus"}
        result = _fallible_returns(fx, body, parameters, result, c.NDIS_STATUS if ndis else c.NTSTATUS)
    if fx.result_out is not None:
        parameters.append(ir.Param(fx.result_out, "_Out_"))
    _drop_last_return(body)
    _drop_unused_self(fx, body)
    tidy(body)
    place_declarations(body, fx.symbols)
    decl = instance.decl
    function = ir.Function(instance.c_name, parameters, result, body, doc=decl.doc, source=decl.name, span=decl.span)
    function.role = fx.role
    instance.pure = _is_pure(function)
    function.inline = len(body) <= 2 and decl.module.library and decl.decorator("callback") is None
    return function


def _fallible_returns(fx: Lowering, body: list[ir.Stmt], parameters: list[ir.Param], result: c.CType, status: c.Int) -> c.CType:
    out: ir.Symbol | None = None
    if not isinstance(result, c.Void):
        out = ir.Symbol("Result", c.Pointer(result), source="result")
        parameters.append(ir.Param(out, "_Out_"))
    success = "NDIS_STATUS_SUCCESS" if status.name == "NDIS_STATUS" else "STATUS_SUCCESS"
    _rewrite(fx, body, out, ir.Const(status, 0, success))
    if fx.status is not None:
        fx.status.type = status
    return status


def _rewrite(fx: Lowering, block: list[ir.Stmt], out: ir.Symbol | None, success: ir.Expr) -> None:
    from pyndis.frontend.tidy import bodies

    for number in range(len(block) - 1, -1, -1):
        statement = block[number]
        for inner in bodies(statement):
            _rewrite(fx, inner, out, success)
        if isinstance(statement, ir.Return) and statement not in fx.raising:
            if statement.value is not None and out is not None:
                place = ir.Deref(out.type.target, ir.Var(out.type, out))  # type: ignore[attr-defined]
                block.insert(number, ir.Assign(place, statement.value, span=statement.span))
            statement.value = success


def _drop_last_return(body: list[ir.Stmt]) -> None:
    if body and isinstance(body[-1], ir.Return) and body[-1].value is None:
        body.pop()


def _drop_unused_self(fx: Lowering, body: list[ir.Stmt]) -> None:
    """A callback that does not look at its object does not look for it."""
    local = fx.locals.get("self")
    if not fx.role or local is None:
        return
    uses = [each for each in walk_statements(body) if isinstance(each, ir.Var) and each.symbol is local.symbol]
    if len(uses) == 1:
        for number, statement in enumerate(body):
            if isinstance(statement, ir.Assign) and statement.target is uses[0]:
                anchors = [each for each in walk(statement.value) if isinstance(each, ir.Var)]
                body[number] = ir.Do(ir.Call(c.VOID, "UNREFERENCED_PARAMETER", [anchors[0]]))


def _is_pure(function: ir.Function) -> bool:
    """Whether a call may stand inside an expression: it computes a value and does nothing else."""
    if isinstance(function.result, c.Void) or any(param.sal.startswith("_Out") for param in function.params):
        return False
    for each in walk_statements(function.body):
        if isinstance(each, ir.Call) and not each.pure and each.name != "MmGetMdlByteCount":
            return False
        if isinstance(each, ir.Do | ir.Loop | ir.Goto):
            return False
        if isinstance(each, ir.Assign) and not isinstance(each.target, ir.Var):
            return False
    return True
