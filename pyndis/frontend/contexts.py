"""`with`: locks, things that are entered and left, `unsafe`. What a `with` holds is released on every way out."""

from __future__ import annotations

import ast
from collections.abc import Callable

from pyndis.frontend import types as t
from pyndis.frontend.calls import call_instance, instance_of
from pyndis.frontend.expressions import lower
from pyndis.frontend.function import Lowering
from pyndis.frontend.layout import pointee
from pyndis.frontend.members import member_expr
from pyndis.frontend.state import Local, Owner, Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def lower_with(fx: Lowering, node: ast.With) -> None:
    """Enter from left to right, leave from right to left."""
    outer = list(fx.live.live)
    unsafe = 0
    fx.depth += 1
    for item in node.items:
        if _is_unsafe(item.context_expr):
            unsafe += 1
            _enter_unsafe(fx, item)
        else:
            _enter(fx, item)
    fx.lower_block(node.body)
    fx.unsafe -= unsafe
    if fx.state is not None:
        _leave(fx, outer, node)
    fx.depth -= 1


def _is_unsafe(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "unsafe"


def _enter_unsafe(fx: Lowering, item: ast.withitem) -> None:
    call = item.context_expr
    assert isinstance(call, ast.Call)
    why = call.args[0].value if len(call.args) == 1 and isinstance(call.args[0], ast.Constant) else None
    if not isinstance(why, str) or not why.strip():
        raise fx.refuse("PYN-U02", "`unsafe` says why", call, help='write `with unsafe("why it is right"):`')
    fx.unsafe += 1
    if not fx.module.library:
        fx.context.unsafe.append((fx.span(call), why))


def _enter(fx: Lowering, item: ast.withitem) -> None:
    if item.optional_vars is not None and not isinstance(item.optional_vars, ast.Name):
        raise fx.refuse("PYN-L10", "`as` gives a name", item.optional_vars, help="write `as name`")
    name = item.optional_vars.id if item.optional_vars is not None else ""
    value = lower(fx, item.context_expr)
    kind = fx.context.resolve(t.unmarked(value.type))
    if isinstance(kind, t.LockedType):
        _enter_lock(fx, item, value, kind, name)
        return
    if not isinstance(kind, t.ClassType) or kind.decl.method("__exit__") is None:
        raise fx.refuse(
            "PYN-K17",
            f"{kind} cannot be entered",
            item.context_expr,
            help="`with` takes locks, completing(), receiving(), unsafe()",
        )
    enter = kind.decl.method("__enter__")
    assert enter is not None
    entered = value
    if not _returns_self(enter.node):
        entered = call_instance(fx, instance_of(fx.context, enter, kind, node=item.context_expr), [value], item.context_expr)
    if name:
        fx.locals[name] = Local(name, entered.type, alias=Value(entered.type, entered.expr))
    exit_ = kind.decl.method("__exit__")
    assert exit_ is not None

    def leave(raising: bool) -> None:
        del raising
        instance = instance_of(fx.context, exit_, kind, node=item.context_expr)
        call_instance(fx, instance, [Value(kind, value.expr)], item.context_expr)

    _own(fx, fx.locals[name] if name else None, name or "context", item.context_expr, leave)


def _returns_self(node: ast.FunctionDef) -> bool:
    last = node.body[-1]
    return len(node.body) == 1 and isinstance(last, ast.Return) and isinstance(last.value, ast.Name) and last.value.id == "self"


def _enter_lock(fx: Lowering, item: ast.withitem, value: Value, kind: t.LockedType, name: str) -> None:
    """The lock's pair of calls, and a pointer to what it guards."""
    struct = value.expr
    lock_type = c.Named("KSPIN_LOCK") if kind.kind == "Locked" else c.Named("FAST_MUTEX")
    lock = ir.AddressOf(c.Pointer(lock_type), member_expr(struct, "Lock", lock_type))
    irql = ir.Var(c.KIRQL, fx.symbol("irql", c.KIRQL, item.context_expr)) if kind.kind == "Locked" else None
    if irql is not None:
        acquire = ir.Call(c.VOID, "KeAcquireSpinLock", [lock, ir.AddressOf(c.Pointer(c.KIRQL), irql)])
        release = ir.Call(c.VOID, "KeReleaseSpinLock", [lock, irql])
    else:
        acquire = ir.Call(c.VOID, "ExAcquireFastMutex", [lock])
        release = ir.Call(c.VOID, "ExReleaseFastMutex", [lock])
    acquire.span = fx.span(item.context_expr)
    fx.emit(ir.Do(acquire), item.context_expr)
    if name:
        held = c.Struct(pointee(fx.context, kind.inner).name)  # type: ignore[attr-defined]
        symbol = fx.symbol(name, c.Pointer(held), item.context_expr)
        place = ir.Var(symbol.type, symbol)
        fx.emit(ir.Assign(place, ir.AddressOf(c.Pointer(held), member_expr(struct, "Value", held))), item.context_expr)
        fx.locals[name] = Local(name, kind.inner, alias=Value(kind.inner, place))

    def leave(raising: bool) -> None:
        del raising
        call = ir.Call(c.VOID, release.function, list(release.args), span=fx.span(item.context_expr))
        fx.emit(ir.Do(call), item.context_expr)

    _own(fx, fx.locals[name] if name else None, name or "lock", item.context_expr, leave)


def _own(fx: Lowering, local: Local | None, name: str, node: ast.AST, leave: Callable[[bool], None]) -> None:
    """What was entered is left on every way out. The name that it has ends with the block."""
    owner = fx.own(name, node, leave, "context")
    if local is not None:
        local.owner = owner


def _leave(fx: Lowering, outer: list[Owner], node: ast.With) -> None:
    """The end of the block. What was acquired inside and has a release of its own goes with it; the author's own must be gone."""
    acquired = [each for each in fx.live.live if each not in outer]
    entered = [each for each in acquired if each.kind == "context"]
    kept = [each for each in acquired if each.kind != "context"]
    for owner in reversed(entered):
        fx.release(owner, node)
        owner.given = fx.span(node)
    for owner in kept:
        owner.depth = min(owner.depth, fx.depth - 1)
