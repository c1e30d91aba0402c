"""Assignments -> IR: names, fields and items, and what changes hands."""

from __future__ import annotations

import ast
import copy

from pyndis.frontend import types as t
from pyndis.frontend.borrows import borrow, check_stored
from pyndis.frontend.calls import lower_call
from pyndis.frontend.coercion import coerce
from pyndis.frontend.errors import error
from pyndis.frontend.expressions import lower
from pyndis.frontend.function import Lowering
from pyndis.frontend.members import field_value, member
from pyndis.frontend.ownership import register
from pyndis.frontend.rawcalls import keep_raw
from pyndis.frontend.state import Local, Value
from pyndis.frontend.static_types import result_type
from pyndis.frontend.usage import is_assigned_again
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def assign(fx: Lowering, node: ast.Assign) -> None:
    if len(node.targets) != 1:
        raise fx.refuse("PYN-L10", "several targets at once", node, help="write one assignment for each")
    target = node.targets[0]
    if isinstance(target, ast.Tuple):
        _assign_tuple(fx, target, node)
    elif isinstance(target, ast.Name):
        assign_name(fx, target, node.value)
    else:
        _assign_place(fx, target, keep_raw(fx, lower(fx, node.value), node.value), node, node.value)


def _assign_tuple(fx: Lowering, target: ast.Tuple, node: ast.Assign) -> None:
    if not isinstance(node.value, ast.Tuple) or len(node.value.elts) != len(target.elts):
        raise fx.refuse("PYN-L10", "a tuple on one side only", node, help="write as many values as targets")
    values = [fx.temporary("kept", (v := _unowned(fx, each)).expr, v.type, each) for each in node.value.elts]
    for each, value in zip(target.elts, values, strict=True):
        if isinstance(each, ast.Name):
            bind(fx, each.id, value, each)
        else:
            _assign_place(fx, each, value, node, node.value.elts[target.elts.index(each)])


def _unowned(fx: Lowering, node: ast.expr) -> Value:
    value = lower(fx, node)
    if isinstance(t.strip_optional(value.type), t.OwnedType | t.SharedType) or fx.is_stored(value.type):
        raise fx.refuse("PYN-L10", f"a tuple with {value.type} in it", node, help="write one assignment for each")
    return value


def assign_annotated(fx: Lowering, node: ast.AnnAssign) -> None:
    if not isinstance(node.target, ast.Name):
        raise fx.refuse("PYN-L10", "only locals are annotated in a function", node)
    if node.value is None:
        raise fx.refuse("PYN-L11", f"{node.target.id} has no value", node, help="assign one where it is declared")
    assign_name(fx, node.target, node.value, fx.read_annotation(node.annotation))


def assign_name(fx: Lowering, target: ast.Name, value: ast.expr, type: t.Type | None = None) -> None:
    """`name = value`. A struct is built in the local itself."""
    name, before = target.id, list(fx.live.live)
    begins = name not in fx.locals
    _bind_name(fx, target, value, type)
    local = fx.locals[name]
    fx.assigned(local, begins=begins)
    borrow(fx, local, value)
    for owner in before:
        if local.owner is not None and owner not in fx.live.live:
            owner.moved = local.owner


def _bind_name(fx: Lowering, target: ast.Name, value: ast.expr, type: t.Type | None) -> None:
    name = target.id
    if name not in fx.locals and isinstance(value, ast.Call):
        into = _prospective(fx, name, value)
        if into is not None:
            result = lower_call(fx, value, into)
            if result.local is into:
                fx.locals[name] = into
                register(fx, into, target)
                return
            _discard(fx, into)
            bind(fx, name, result, target, type)
            return
    bind(fx, name, lower(fx, value), target, type)


def _prospective(fx: Lowering, name: str, value: ast.Call) -> Local | None:
    """A local to build the result in, if the result is a struct that a constructor or a method makes."""
    made = result_type(fx, value)
    if made is None or not fx.is_stored(made):
        return None
    zeroed = not (isinstance(value.func, ast.Attribute) and value.func.attr == "load")
    return fx.storage(name, made, value, zeroed=zeroed)


def _discard(fx: Lowering, local: Local) -> None:
    fx.out[:] = [each for each in fx.out if not (isinstance(each, ir.Declare) and each.symbol is local.symbol)]
    if local.symbol is not None:
        fx.symbols.remove(local.symbol)


def bind(fx: Lowering, name: str, value: Value, node: ast.AST, type: t.Type | None = None) -> Local:
    """Give a name to a value."""
    if isinstance(value.type, t.NoneType) and isinstance(value.expr.type, c.Void):
        raise fx.refuse("PYN-K11", "found nothing, wanted a value", node, "the call gives none", help="write the call alone")
    if isinstance(value.type, t.StrType):
        raise fx.refuse("PYN-K18", "text in a local", node, help="text is for declarations and option()")
    local = fx.locals.get(name)
    if local is not None and local.owner in fx.live.live:
        _refuse_overwriting(fx, local, node)
    if local is not None and type is not None:
        raise fx.refuse("PYN-L10", f"{name} has a type already", node, help="annotate a local once, where it begins")
    if local is not None and local.alias is not None:
        raise fx.refuse("PYN-L12", f"{name} is a parameter of a generator and cannot be assigned", node)
    changes = isinstance(value.type, t.IntType) and type is None and is_assigned_again(fx.source, name)
    if local is None and type is None and value.fresh and isinstance(value.expr, ir.Var) and value.local is None and not changes:
        return _adopt(fx, name, value, value.expr.symbol, node)
    if local is None:
        declared = type or (t.NUMBER if isinstance(value.type, t.NumberType) or changes else value.type)
        if isinstance(declared, t.NoneType):
            declared = t.OptionalType(t.VarType("?"))
        local = Local(name, declared)
        kind = fx.c_value(type) if type is not None else _kind(fx, declared, value)
        local.symbol = fx.symbol(name, kind, node)
        fx.locals[name] = local
    elif isinstance(local.type, t.OptionalType) and local.type.inner == t.VarType("?") and not isinstance(value.type, t.NoneType):
        local.type = t.optional(value.type)
        assert local.symbol is not None
        local.symbol.type = fx.c_value(value.type)
    elif isinstance(value.type, t.OptionalType) and t.unmarked(local.type) == t.unmarked(value.type.inner):
        local.type = value.type
    _store_local(fx, local, value, node)
    return local


def _refuse_overwriting(fx: Lowering, local: Local, node: ast.AST) -> None:
    assert local.owner is not None
    place = (local.owner.span, f"{local.name} becomes owned here")
    raise error(
        "PYN-O01", f"{local.name} still owns something", (fx.span(node), "this would lose it"), place,
        help="complete it, store it, or pass it on before; or use another name",
    )  # fmt: skip


def _adopt(fx: Lowering, name: str, value: Value, symbol: ir.Symbol, node: ast.AST) -> Local:
    """A call's result gets its name."""
    fx.rename(symbol, name)
    local = fx.locals[name] = Local(name, value.type, symbol)
    if isinstance(t.strip_optional(value.type), t.OwnedType | t.SharedType):
        register(fx, local, node)
    return local


def _kind(fx: Lowering, declared: t.Type, value: Value) -> c.CType:
    if isinstance(declared, t.OptionalType) and declared.inner == t.VarType("?"):
        return c.Named("PVOID")
    return fx.c_value(declared) if not isinstance(declared, t.RawType) or declared.struct else value.expr.type


def _store_local(fx: Lowering, local: Local, value: Value, node: ast.AST) -> None:
    assert local.symbol is not None
    wanted = local.type
    if isinstance(wanted, t.IntType) and isinstance(value.type, t.NumberType | t.IntType):
        pass
    expr = coerce(fx, value, wanted, node) if not isinstance(value.type, t.SharedType) else value.expr
    fx.emit(ir.Assign(ir.Var(local.symbol.type, local.symbol), expr), node)
    fx.live.narrow.pop(local, None)
    if isinstance(wanted, t.OptionalType):
        if isinstance(value.type, t.NoneType):
            fx.live.narrow[local] = t.NONE
        elif not isinstance(value.type, t.OptionalType):
            fx.live.narrow[local] = value.type
    if isinstance(t.strip_optional(value.type), t.OwnedType | t.SharedType):
        if value.local is not local:
            fx.give(value.local, node)
        register(fx, local, node)


def _assign_place(fx: Lowering, target: ast.expr, value: Value, node: ast.AST, source: ast.expr) -> None:
    if isinstance(target, ast.Attribute):
        if isinstance(target.value, ast.Name) and target.value.id == "raw" and "raw" not in fx.locals:
            raise fx.refuse("PYN-L10", "the kernel's names cannot be assigned", target)
        base = lower(fx, target.value)
        _refuse_method(fx, base, target)
        place = member(fx, base, target.attr, target)
    elif isinstance(target, ast.Subscript):
        place = lower(fx, target)
    else:
        raise fx.refuse("PYN-L10", "this cannot be assigned", target)
    check_stored(fx, target, place, source)
    store(fx, place, value, node)


def _refuse_method(fx: Lowering, base: Value, target: ast.Attribute) -> None:
    inner = fx.context.resolve(t.unmarked(base.type))
    if isinstance(inner, t.ClassType) and inner.decl.method(target.attr) is not None:
        raise fx.refuse("PYN-L10", f"{target.attr} of {inner} is no field and cannot be assigned", target)


def store(fx: Lowering, place: Value, value: Value, node: ast.AST) -> None:
    """`place = value`, with what changes hands."""
    if isinstance(place.expr, ir.Call):
        raise fx.refuse("PYN-L10", "a property cannot be assigned", node)
    wanted = place.type
    if isinstance(wanted, t.RawType) and not wanted.struct:
        expr = value.expr if not isinstance(value.expr, ir.Null) else ir.Null(place.expr.type)
    elif isinstance(place.expr, ir.AddressOf):
        raise fx.refuse("PYN-L13", "a struct in place cannot be assigned as a whole", node, help="assign its fields")
    else:
        expr = coerce(fx, value, wanted, node)
    fx.emit(ir.Assign(place.expr, expr), node)
    if isinstance(t.strip_optional(wanted), t.OwnedType | t.SharedType):
        fx.give(value.local, node)


def store_field(fx: Lowering, place: Value, type: t.ClassType, name: str, value: Value, node: ast.AST) -> None:
    """`self.name = value` of an `__init__`, written out where the object is made."""
    field = type.decl.field(name)
    assert field is not None, f"{type} has no field {name}"
    store(fx, field_value(fx, place, type, field), value, node)


def assign_augmented(fx: Lowering, node: ast.AugAssign) -> None:
    value = ast.copy_location(ast.BinOp(_as_load(node.target), node.op, node.value), node)
    ast.fix_missing_locations(value)
    if isinstance(node.target, ast.Name):
        bind(fx, node.target.id, lower(fx, value), node.target)
    else:
        _assign_place(fx, node.target, lower(fx, value), node, value)


def _as_load(target: ast.expr) -> ast.expr:
    """The target as an operand, in its own place."""
    load = copy.copy(target)
    load.ctx = ast.Load()  # type: ignore[attr-defined]
    return load
