"""What the compiler itself does where a call of these names stands."""

from __future__ import annotations

import ast
from collections.abc import Callable

from pyndis.frontend import types as t
from pyndis.frontend.coercion import coerce
from pyndis.frontend.expressions import integer, lower
from pyndis.frontend.function import Lowering
from pyndis.frontend.layout import field_type, need_struct, storage_struct, struct_name
from pyndis.frontend.members import member_expr, need_unsafe
from pyndis.frontend.names import camel
from pyndis.frontend.raising import raise_status
from pyndis.frontend.state import Local, Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c

INTRINSICS = {
    "len", "align", "wrapping_add", "wrapping_add64", "wrapping_sub", "saturating_add", "saturating_sub", "cast", "addr",
    "sizeof", "shared", "owned", "given",
    "program_adapter",
}  # fmt: skip


def lower_intrinsic(fx: Lowering, name: str, node: ast.Call, into: Local | None, base: Value | None = None) -> Value:
    """A call of one of INTRINSICS, or of `load` on a reader."""
    if name == "load":
        assert base is not None
        return _load(fx, node, base, into)
    table: dict[str, Callable[[], Value]] = {
        "len": lambda: _len(fx, node),
        "align": lambda: _align(fx, node),
        "cast": lambda: _cast(fx, node),
        "addr": lambda: _addr(fx, node),
        "sizeof": lambda: size_of(fx, node),
        "shared": lambda: _shared(fx, node, into),
        "owned": lambda: _owned(fx, node),
        "given": lambda: _given(fx, node),
        "program_adapter": lambda: _program_adapter(fx, node),
    }
    return table[name]() if name in table else _bounded(fx, name, node)


def _one(fx: Lowering, node: ast.Call, count: int = 1) -> list[ast.expr]:
    if len(node.args) != count or node.keywords:
        raise fx.refuse("PYN-K15", f"{ast.unparse(node.func)} takes {count} argument(s), found {len(node.args)}", node)
    return node.args


def _len(fx: Lowering, node: ast.Call) -> Value:
    from pyndis.frontend.calls import call_method

    value = lower(fx, _one(fx, node)[0])
    inner = fx.context.resolve(t.unmarked(value.type))
    if isinstance(inner, t.ClassType) and (method := inner.decl.method("__len__")):
        match method.node.body[-1]:
            case ast.Return(value=ast.Attribute(value=ast.Name(id="self"), attr=field)):
                from pyndis.frontend.members import member

                return member(fx, value, field, node)
        return call_method(fx, value, inner, method, [], node)
    raise fx.refuse("PYN-K12", f"{value.type} has no length", node)


def _align(fx: Lowering, node: ast.Call) -> Value:
    """`(value + to - 1) & ~(to - 1)`, as a number."""
    value_node, to_node = _one(fx, node, 2)
    to = fx.context.constants.integer(fx.module, to_node)
    if to <= 0 or to & (to - 1):
        raise fx.refuse("PYN-C06", f"{to} is not a power of two", to_node)
    value = integer(fx, lower(fx, value_node), value_node)
    rounded = ir.Binary(c.NUMBER, "+", value, ir.Const(c.NUMBER, to - 1))
    blocks = ir.Binary(c.NUMBER, "//", rounded, ir.Const(c.NUMBER, to))
    return Value(t.NUMBER, ir.Binary(c.NUMBER, "*", blocks, ir.Const(c.NUMBER, to)))


def _bounded(fx: Lowering, name: str, node: ast.Call) -> Value:
    left, right = (integer(fx, lower(fx, each), each) for each in _one(fx, node, 2))
    kind, _, operation = name.partition("_")
    number = ir.Binary(c.NUMBER, "+" if operation.startswith("add") else "-", left, right)
    how = "wrap" if kind == "wrapping" else "saturate"
    width = c.ULONG64 if operation.endswith("64") else c.ULONG
    return Value(t.IntType(width), ir.Wrap(width, how, number, span=fx.span(node)))  # type: ignore[arg-type]


def _cast(fx: Lowering, node: ast.Call) -> Value:
    from pyndis.frontend.rawcalls import keep_raw

    need_unsafe(fx, node)
    target_node, value_node = _one(fx, node, 2)
    target = fx.read_annotation(target_node)
    found = lower(fx, value_node)
    nullable = isinstance(found.type, t.OptionalType) or (isinstance(found.expr, ir.Call) and not found.expr.pure)
    kind = fx.c_value(target)
    if isinstance(found.expr, ir.Call) and not found.expr.pure and isinstance(kind, c.Pointer):
        kept = fx.symbol(_cast_name(target), kind, node)  # C converts PVOID by itself
        fx.emit(ir.Assign(ir.Var(kind, kept), found.expr), node)
        whole = t.optional(target) if isinstance(target, t.ClassType) else target
        return Value(whole, ir.Var(kind, kept), fresh=True)
    value = keep_raw(fx, found, value_node, _cast_name(target))
    expr = value.expr
    if isinstance(kind, c.Int) and isinstance(expr.type, c.Pointer | c.Named) and kind.bits:
        expr = ir.Cast(c.ULONG_PTR, expr)
    type: t.Type = target
    fresh = False
    if isinstance(target, t.ClassType):
        type = t.optional(target) if nullable and isinstance(value.type, t.RawType) else target
        if isinstance(t.strip_optional(value.type), t.OwnedType) and value.local is not None and value.local.owner is not None:
            fx.give(value.local, node)
            type, fresh = t.OwnedType(target), True
    return Value(type, ir.Cast(kind, expr, span=fx.span(node)), fresh=fresh)


def _cast_name(target: t.Type) -> str:
    return target.decl.name if isinstance(target, t.ClassType) else "value"


def _addr(fx: Lowering, node: ast.Call) -> Value:
    need_unsafe(fx, node)
    value = lower(fx, _one(fx, node)[0])
    if isinstance(value.expr, ir.AddressOf):
        return Value(t.RawType(value.expr.type), value.expr)
    pointer = c.Pointer(value.expr.type)
    return Value(t.RawType(pointer), ir.AddressOf(pointer, value.expr))


def size_of(fx: Lowering, node: ast.Call) -> Value:
    """`sizeof(T)`: of an extension class, the size of the fields that it adds."""
    argument = _one(fx, node)[0]
    type = fx.read_annotation(argument)
    if isinstance(type, t.ClassType):
        measured: c.CType = c.Struct(need_struct(fx.context, type))
    else:
        measured = type.c if isinstance(type, t.RawType) else fx.c_value(type)
    return Value(t.RawType(c.ULONG.within(0, 4096)), ir.Cast(c.ULONG.within(0, 4096), ir.SizeOf(c.SIZE_T, measured)))


def _shared(fx: Lowering, node: ast.Call, into: Local | None) -> Value:
    from pyndis.frontend.calls import initialise

    value = lower(fx, _one(fx, node)[0])
    inner = fx.context.resolve(t.unmarked(value.type))
    if not isinstance(inner, t.ClassType) or not inner.decl.counted:
        raise fx.refuse("PYN-O07", f"{inner} is not counted", node, help="only a class with counted=True has shares")
    type = t.SharedType(inner)
    share = storage_struct(fx.context, type)
    local = into if into is not None else fx.storage("share", type, node)
    initialise(
        fx, share, Value(share, fx.reference(local).expr), [Value(inner, value.expr)], share.decl.method("__init__"), node, local
    )
    if value.local is not None and value.local.owner is not None:
        fx.give(value.local, node)
    return Value(type, fx.reference(local).expr, local, fresh=True)


def _owned(fx: Lowering, node: ast.Call) -> Value:
    """What the author says is ours now."""
    _library_or_unsafe(fx, node)
    value = lower(fx, _one(fx, node)[0])
    inner = t.unmarked(value.type)
    type = t.OptionalType(t.OwnedType(inner.inner)) if isinstance(inner, t.OptionalType) else t.OwnedType(inner)
    return Value(type, value.expr, fresh=True)


def _given(fx: Lowering, node: ast.Call) -> Value:
    """What the author says is somebody else's now."""
    _library_or_unsafe(fx, node)
    value = lower(fx, _one(fx, node)[0])
    if value.local is None or value.local.owner is None:
        raise fx.refuse("PYN-O08", "nothing is owned by this name", node)
    if fx.request is value.local:
        fx.live.disposition = "pending"
    fx.give(value.local, node)
    return Value(t.NONE, ir.Null(c.VOID))


def _library_or_unsafe(fx: Lowering, node: ast.AST) -> None:
    if not fx.module.library:
        need_unsafe(fx, node)


def _program_adapter(fx: Lowering, node: ast.Call) -> Value:
    from pyndis.frontend.rawcalls import keep_raw

    need_unsafe(fx, node)
    value = keep_raw(fx, lower(fx, _one(fx, node)[0]), node, "extension")
    type = fx.context.adapter_type
    symbol = fx.symbol(type.decl.name, fx.c_value(type), node)
    place = ir.Var(symbol.type, symbol)
    fx.emit(ir.Assign(place, value.expr), node)
    return Value(type, place, fresh=True)


def _load(fx: Lowering, node: ast.Call, reader: Value, into: Local | None) -> Value:
    """Each number of a struct, loaded once from memory that may change, into a struct of ours. Padding and arrays are not."""
    type = fx.read_annotation(_one(fx, node)[0])
    if not isinstance(type, t.ClassType) or not type.decl.is_struct:
        raise fx.refuse("PYN-K11", f"found {type}, wanted a @struct", node)
    name = need_struct(fx.context, type)
    struct = c.Struct(name)
    left = ir.Binary(
        c.NUMBER, "-", member_expr(reader.expr, "Size", c.ULONG), member_expr(reader.expr, "Offset", c.ULONG), span=fx.span(node)
    )
    end = ir.Binary(c.NUMBER, "+", member_expr(reader.expr, "Offset", c.ULONG), ir.SizeOf(c.ULONG.within(0, 4096), struct))
    del left
    status = member_expr(reader.expr, "Short", c.NTSTATUS)
    before = fx.live.copy()
    with fx.block() as statements:
        raise_status(fx, status, "Status", node)
    fx.state = before
    fx.emit(ir.If(ir.Compare(c.BOOL, ">", end, member_expr(reader.expr, "Size", c.ULONG)), statements), node)
    local = into if into is not None else fx.storage(type.decl.name, type, node, zeroed=False)
    start = fx.symbol("source", c.Pointer(struct, const=True, volatile=True), node)
    at = ir.Index(c.UCHAR, member_expr(reader.expr, "Address", c.Pointer(c.UCHAR)), member_expr(reader.expr, "Offset", c.ULONG))
    unaligned = c.Pointer(c.Named(f"const volatile {struct_name(type)} UNALIGNED"))
    start.type = unaligned
    source = ir.Var(unaligned, start)
    fx.emit(ir.Assign(source, ir.Cast(unaligned, ir.AddressOf(c.Pointer(c.UCHAR), at))), node)
    target = fx.reference(local)
    for field in type.decl.extra_fields:
        kind = field_type(fx.context, type, field)
        if t.is_integer(kind) or isinstance(kind, t.BoolType | t.EnumType):
            value_type = fx.c_value(kind)
            place = member_expr(target.expr, camel(field.name), value_type)
            fx.emit(ir.Assign(place, ir.Field(value_type, source, camel(field.name))), node)
    return Value(type, target.expr, local, fresh=True)


__all__ = ["INTRINSICS", "coerce", "lower_intrinsic", "size_of"]
