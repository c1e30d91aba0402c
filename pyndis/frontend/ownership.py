"""What a local owns, and how that is released."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.calls import call_instance, instance_of
from pyndis.frontend.declarations import FuncDecl
from pyndis.frontend.function import Lowering
from pyndis.frontend.members import member
from pyndis.frontend.state import Local, Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def register(fx: Lowering, local: Local, node: ast.AST) -> None:
    """From here on the local owns what it holds, if its type says so."""
    release = releaser(fx, local, node)
    if release is not NOTHING:
        local.owner = fx.own(local.name, node, release)


NOTHING = object()


def releaser(fx: Lowering, local: Local, node: ast.AST) -> object:
    """How what a local holds is released: a function, None where only the author can, NOTHING where it owns nothing."""
    type = fx.context.resolve(local.type)
    inner = t.strip_optional(type)
    if isinstance(inner, t.SharedType):
        return lambda raising: _drop_share(fx, local, inner, node, raising)
    held = fx.context.resolve(inner.inner) if isinstance(inner, t.OwnedType) else inner
    if isinstance(held, t.ClassType) and held.decl.name == "Chain" and held.decl.module.library:
        if not (local.stored or isinstance(inner, t.OwnedType)):
            return NOTHING
        member_type = held.args[0]
        release = member_type.decl.method("release_chain") if isinstance(member_type, t.ClassType) else None
        if release is not None:
            return lambda raising: _release_chain(fx, local, release, member_type, held, node)
        return None
    if isinstance(inner, t.OwnedType):
        return None
    return NOTHING


def _drop_share(fx: Lowering, local: Local, type: t.SharedType, node: ast.AST, raising: bool) -> None:
    from pyndis.frontend.layout import storage_struct
    from pyndis.frontend.raising import drop_unit

    value = fx.reference(local)
    if type.unit:
        drop_unit(fx, Value(type, value.expr), node)
        return
    share = storage_struct(fx.context, type)
    inner = fx.context.resolve(type.inner)
    failed = inner.decl.method("set_failed") if isinstance(inner, t.ClassType) else None
    if raising and fx.request is not None and failed is not None and isinstance(inner, t.ClassType):
        holder = member(fx, Value(share, value.expr), "object", node)
        status = Value(t.EnumType(fx.context.scope.library("Status")), ir.Var(c.NTSTATUS, fx.status_symbol()))  # type: ignore[arg-type]
        call_instance(fx, instance_of(fx.context, failed, inner, node=node), [Value(inner, holder.expr), status], node)
    drop = share.decl.method("drop")
    assert drop is not None
    call_instance(fx, instance_of(fx.context, drop, share, node=node), [Value(share, value.expr)], node)


def _release_chain(fx: Lowering, local: Local, release: FuncDecl, member_type: t.Type, held: t.ClassType, node: ast.AST) -> None:
    assert isinstance(member_type, t.ClassType)
    value = fx.reference(local)
    instance = instance_of(fx.context, release, member_type, node=node)
    call_instance(fx, instance, [Value(t.OwnedType(held), value.expr)], node)
