"""Calls of functions, methods, classes and of the kernel."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.arguments import lower_arguments
from pyndis.frontend.borrows import check_use
from pyndis.frontend.coercion import bind_shares, coerce
from pyndis.frontend.constructs import instead_of_builtin
from pyndis.frontend.declarations import ClassDecl, EnumDecl, FuncDecl
from pyndis.frontend.expressions import lower
from pyndis.frontend.function import Lowering
from pyndis.frontend.instances import instance_of
from pyndis.frontend.intrinsics import INTRINSICS, lower_intrinsic
from pyndis.frontend.layout import declaring, pointee, storage_struct
from pyndis.frontend.members import member, member_expr, refuse_private
from pyndis.frontend.program import Instance
from pyndis.frontend.raising import check_status
from pyndis.frontend.rawcalls import lower_raw_call
from pyndis.frontend.records import follow_records, refuse_changing
from pyndis.frontend.state import Local, Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c

__all__ = ["call_instance", "call_method", "construct", "instance_of", "lower_call"]


def lower_call(fx: Lowering, node: ast.Call, into: Local | None = None) -> Value:
    """A call. `into`: the local that the result is stored in, where it is a struct."""
    match node.func:
        case ast.Name(id=name) if name in fx.locals:
            raise fx.refuse(
                "PYN-L06", f"{name} is a value and not a function", node, help="there are no function values in the language"
            )
        case ast.Name(id=name):
            return _named_call(fx, node, name, into)
        case ast.Subscript(value=ast.Name()):
            type = fx.read_annotation(node.func)
            return construct(fx, type, node, into)
        case ast.Attribute(value=ast.Name(id="raw"), attr=name):
            return lower_raw_call(fx, node, name, into)
        case ast.Attribute(value=ast.Name(id=name), attr=method) if name not in fx.locals and isinstance(
            found := fx.context.scope.find(fx.module, name), ClassDecl
        ):
            return _static_call(fx, node, found, method, into)
        case ast.Attribute(value=base, attr=method):
            return _method_call(fx, node, lower(fx, base), method, into)
    raise fx.refuse("PYN-L06", "only functions and methods can be called", node)


def _named_call(fx: Lowering, node: ast.Call, name: str, into: Local | None) -> Value:
    if name in INTRINSICS:
        return lower_intrinsic(fx, name, node, into)
    found = fx.context.scope.find(fx.module, name)
    if isinstance(found, ClassDecl):
        variables = tuple(t.VarType(each) for each in found.variables)
        return construct(fx, fx.bindings.substitute(t.ClassType(found, variables)), node, into)
    if isinstance(found, FuncDecl):
        if found.is_generator:
            raise fx.refuse("PYN-L07", f"{name} is a generator", node, help="write `for … in` before it")
        return _call_function(fx, found, node, into)
    if isinstance(found, EnumDecl):
        raise fx.refuse("PYN-K16", f"{name} cannot be made of a number", node, help=f"name a member: `{name}.…`")
    raise fx.refuse("PYN-N01", f"no function is named {name} here", node, help=instead_of_builtin(name))


def _call_function(fx: Lowering, decl: FuncDecl, node: ast.Call, into: Local | None) -> Value:
    """A function of a module. Its type variables are what the arguments say."""
    arguments = lower_arguments(fx, decl, node, skip=0)
    bindings = t.Bindings()
    for argument, parameter in zip(arguments, decl.node.args.args, strict=False):
        if parameter.annotation is not None:
            annotated = fx.context.annotations.read(decl.module, parameter.annotation, t.Bindings())
            bind_shares(fx, annotated, argument.type, node)
            if isinstance(annotated, t.VarType):
                bindings.variables[annotated.name] = fx.context.resolve(t.strip(argument.type))
    instance = instance_of(
        fx.context, decl, None, node=node, bindings=bindings, shares=_shares(fx, arguments), caller=fx.instance
    )
    return call_instance(fx, instance, arguments, node, into)


def _shares(fx: Lowering, arguments: list[Value]) -> tuple[t.Type, ...]:
    return tuple(fx.context.resolve(each.type) for each in arguments if isinstance(each.type, t.SharedType))


def _static_call(fx: Lowering, node: ast.Call, decl: ClassDecl, name: str, into: Local | None) -> Value:
    method = decl.method(name)
    if method is None:
        raise fx.refuse("PYN-K12", f"{decl.name} has no {name}", node)
    arguments = lower_arguments(fx, method, node, skip=0)
    instance = instance_of(fx.context, method, t.ClassType(decl), node=node, shares=_shares(fx, arguments), caller=fx.instance)
    return call_instance(fx, instance, arguments, node, into)


def _method_call(fx: Lowering, node: ast.Call, base: Value, name: str, into: Local | None) -> Value:
    type = fx.context.resolve(base.type)
    if isinstance(type, t.OptionalType):
        raise fx.refuse("PYN-K10", f"this may be None here, and None has no {name}()", node, help="compare it with None first")
    if isinstance(type, t.SharedType) and not type.unit:
        if name == "share":
            return _split(fx, base, type, node)
        base = Value(type.inner, member_expr(base.expr, "Object", fx.c_value(type.inner)), base.local)
    inner = fx.context.resolve(t.unmarked(base.type))
    if not isinstance(inner, t.ClassType):
        raise fx.refuse("PYN-K12", f"{inner} has no {name}()", node)
    method = inner.decl.method(name)
    if method is None:
        member(fx, base, name, node)  # says what is near
        raise fx.refuse("PYN-K12", f"{name} of {inner} is not a method", node)
    if method.is_generator:
        raise fx.refuse("PYN-L07", f"{name} is a generator", node, help="write `for … in` before it")
    if method.decorator("property") is not None:
        raise fx.refuse("PYN-K12", f"{name} of {inner} is a property", node, help="leave out the parentheses")
    refuse_private(fx, method, node)
    refuse_changing(fx, inner, name, node)
    follow_records(fx, inner, name, base.local, node)
    if name == "load" and inner.decl.name == "Reader":
        return lower_intrinsic(fx, "load", node, into, base)
    return call_method(fx, base, inner, method, lower_arguments(fx, method, node, skip=1), node, into)


def _split(fx: Lowering, base: Value, type: t.SharedType, node: ast.AST) -> Value:
    share = storage_struct(fx.context, type)
    split = share.decl.method("split")
    assert split is not None
    value = call_method(fx, Value(share, base.expr), share, split, [], node)
    unit = Value(t.SharedType(type.inner, unit=True), value.expr, fresh=True)
    return unit


def call_method(
    fx: Lowering,
    base: Value,
    type: t.ClassType,
    method: FuncDecl,
    arguments: list[Value],
    node: ast.AST,
    into: Local | None = None,
) -> Value:
    """A method of a value."""
    for argument, parameter in zip(arguments, method.node.args.args[1:], strict=False):
        if parameter.annotation is not None:
            wanted = fx.context.annotations.read(method.module, parameter.annotation, t.Bindings(), type)
            bind_shares(fx, wanted, argument.type, node)
    one = declaring(type, method.owner)
    instance = instance_of(fx.context, method, one, node=node, shares=_shares(fx, arguments), caller=fx.instance)
    value = call_instance(fx, instance, [base, *arguments], node, into)
    if one != type and method.node.returns is not None and type.args:
        bindings = t.Bindings(dict(zip(type.decl.variables, type.args, strict=False)))
        value.type = fx.context.resolve(fx.context.annotations.read(method.module, method.node.returns, bindings, type))
    return value


def call_instance(fx: Lowering, instance: Instance, values: list[Value], node: ast.AST, into: Local | None = None) -> Value:
    """Emit the call: arguments checked, ownership moved, its status looked at."""
    arguments = [
        coerce(fx, value, type, node, parameter=name) for value, (name, type) in zip(values, instance.parameters, strict=True)
    ]
    for value, (name, type) in zip(values, instance.parameters, strict=True):
        _refuse_losing(fx, value, type, name, node)
    result = instance.result
    function = instance.ir
    assert function is not None, f"{instance.c_name} has not been lowered"
    stored = fx.is_stored(result) and not isinstance(result, t.RawType)
    target = _target(fx, instance, result, node, into) if stored else None
    if target is not None:
        arguments.append(ir.AddressOf(c.Pointer(pointee(fx.context, result)), fx.reference(target).expr.place))  # type: ignore[attr-defined]
    call = ir.Call(function.result, function, arguments, pure=instance.pure, span=fx.span(node))
    if instance.pure and not isinstance(result, t.NoneType):
        return _consumed(fx, instance, values, node, Value(result, call))
    if not instance.fallible:
        value = _plain_call(fx, instance, call, target, node)
        return _consumed(fx, instance, values, node, value)
    kept: Value | None = None
    if target is None and not isinstance(result, t.NoneType):
        symbol = fx.symbol(_result_name(instance), fx.c_value(result), node)
        place = ir.Var(symbol.type, symbol)
        call.args.append(ir.AddressOf(c.Pointer(symbol.type), place))
        kept = Value(result, place)
    check_status(fx, call, instance, node, [each for each in values if each.fresh])
    done = fx.reference(target) if target is not None else kept or Value(t.NONE, ir.Null(c.VOID))
    return _consumed(fx, instance, values, node, Value(done.type, done.expr, done.local, fresh=True))


def _refuse_losing(fx: Lowering, value: Value, wanted: t.Type, name: str, node: ast.AST) -> None:
    """What a call has just given must have an owner before it can be lent."""
    owned = isinstance(t.strip_optional(value.type), t.OwnedType | t.SharedType)
    if value.fresh and owned and not isinstance(t.strip_optional(wanted), t.OwnedType | t.SharedType):
        raise fx.refuse(
            "PYN-O01",
            f"{value.type} is only lent for {name}, and nothing becomes of it afterwards",
            node,
            help="give it a name, and consume it behind this call",
        )


def _target(fx: Lowering, instance: Instance, result: t.Type, node: ast.AST, into: Local | None) -> Local:
    return into if into is not None else fx.storage(_result_name(instance), result, node)


def _result_name(instance: Instance) -> str:
    if isinstance(instance.result, t.BoolType):
        return "ok"
    return {"completing": "done", "over": "nbl", "pop": "item"}.get(instance.decl.name, instance.decl.name)


def _plain_call(fx: Lowering, instance: Instance, call: ir.Call, target: Local | None, node: ast.AST) -> Value:
    if target is not None or isinstance(instance.result, t.NoneType):
        fx.emit(ir.Do(call), node)
        return (
            Value(fx.reference(target).type, fx.reference(target).expr, target, fresh=True)
            if target
            else Value(t.NONE, ir.Null(c.VOID))
        )
    kept = fx.temporary(_result_name(instance), call, instance.result, node)
    return Value(instance.result, kept.expr, fresh=True)


def _consumed(fx: Lowering, instance: Instance, values: list[Value], node: ast.AST, result: Value) -> Value:
    """What the call has taken is no longer owned here."""
    for value, (_, type) in zip(values, instance.parameters, strict=True):
        consumes = isinstance(t.strip_optional(type), (t.OwnedType, t.SharedType))
        if consumes and value.local is not None and value.local.owner is not None:
            check_use(fx, value.local, node)
            if fx.request is value.local and instance.decl.name == "fail":
                raise fx.refuse(
                    "PYN-O18",
                    "a hook raises to refuse its request",
                    node,
                    "fail() is for queues",
                    "write `raise NtError(…)`",
                )
            if fx.request is value.local and fx.state is not None:
                fx.state.disposition = "pending" if instance.decl.decorator("pends") else "completed"
            fx.give(value.local, node)
    return result


def construct(fx: Lowering, type: t.Type, node: ast.Call, into: Local | None = None) -> Value:
    """`Class(…)`: a struct in place, zeroed, then what `__init__` says."""
    resolved = fx.context.resolve(type)
    if not isinstance(resolved, t.ClassType) or resolved.decl.is_reference or resolved.decl.extends("NtError"):
        raise fx.refuse("PYN-K16", f"{type} cannot be made here", node, help="kernel objects come from pools, queues and hooks")
    method = resolved.decl.method("__init__")
    if method is None and (node.args or node.keywords):
        raise fx.refuse("PYN-K15", f"{resolved} takes no arguments", node)
    values = lower_arguments(fx, method, node, skip=1) if method else []
    local = into if into is not None else fx.storage(resolved.decl.name, resolved, node)
    return initialise(fx, resolved, fx.reference(local), values, method, node, local)


def initialise(
    fx: Lowering,
    type: t.ClassType,
    place: Value,
    values: list[Value],
    method: FuncDecl | None,
    node: ast.AST,
    local: Local | None,
) -> Value:
    """Run `__init__` on a zeroed struct: plain stores are written out."""
    if method is not None:
        instance = instance_of(fx.context, method, type, node=node, caller=fx.instance)
        names = [name for name, _ in instance.parameters[1:]]
        for statement in method.node.body:
            match statement:
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=field)], value=ast.Name(id=source)) if (
                    source in names
                ):
                    from pyndis.frontend.assignments import store_field

                    store_field(fx, place, type, field, values[names.index(source)], node)
                case ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    call_instance(fx, instance, [place, *values], node)
                    break
    return Value(type, place.expr, local, fresh=True)
