"""What a name stands for may be gone: given away, or a part of something that was. Uses of such names are errors."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.errors import error
from pyndis.frontend.function import Lowering
from pyndis.frontend.layout import field_type
from pyndis.frontend.state import Local, Owner, Value
from pyndis.ir import nodes as ir


def check_use(fx: Lowering, local: Local, node: ast.AST) -> None:
    """Raises PYN-O03 for a name whose object was given away, PYN-O04 for one that looks into such an object."""
    owner = _gone(fx, local)
    if owner is not None and owner.kind == "context":
        raise _ended(fx, local, local, owner, node)
    if owner is not None:
        assert owner.given is not None
        raise error(
            "PYN-O03",
            f"{local.name} is used after it was given away",
            (fx.span(node), "used here"),
            (owner.given, f"{local.name} was given away here"),
            help="use it before, or ask for what you need of it before",
        )
    if local.root is not None and not fx.module.library:
        owner = _gone(fx, local.root)
        if owner is not None:
            raise _ended(fx, local, local.root, owner, node)


def _ended(fx: Lowering, local: Local, root: Local, owner: Owner, node: ast.AST) -> Exception:
    assert owner.given is not None
    held = owner.kind == "context"
    what = f"the `with` of {root.name} ends" if held else f"{root.name} was given away"
    return error(
        "PYN-O04",
        f"{local.name} is used after {what.replace('was', 'is')}",
        (fx.span(node), "used here"),
        (owner.given, f"{what} here"),
        help="move the use into the block" if held else f"use {local.name} before {root.name} is given away",
    )


def _gone(fx: Lowering, local: Local) -> Owner | None:
    """The owner behind a name, if what it owned was given away on every path to here."""
    while local.owner is None and local.alias is not None and local.alias.local not in (None, local):
        assert local.alias.local is not None
        local = local.alias.local
    owner = local.owner
    while owner is not None and owner.moved is not None and owner not in fx.live.live:
        owner = owner.moved
    if owner is None or owner.given is None or owner in fx.live.live or fx.live.narrow.get(local) == t.NONE:
        return None
    return owner


def root_of(fx: Lowering, node: ast.expr) -> Local | None:
    """The local that an expression looks into: `nbl` of `nbl.first` and of `nbl.packets(…)`."""
    match node:
        case ast.Name(id=name) if name in fx.locals:
            return fx.locals[name].root or fx.locals[name]
        case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Call(func=ast.Attribute(value=inner)):
            return root_of(fx, inner)
    return None


def borrow(fx: Lowering, local: Local, source: ast.expr) -> None:
    """A new name looks into what its value comes from."""
    local.root = root_of(fx, source) if looks_into(fx, local.type) else None
    if local.root is local:
        local.root = None


def looks_into(fx: Lowering, type: t.Type) -> bool:
    """Whether a value of the type refers to something that another owns."""
    match fx.context.resolve(t.strip_optional(type)):
        case t.ClassType(decl, _) as found if not decl.is_reference:
            return any(_refers(fx, field_type(fx.context, found, each)) for each in decl.extra_fields)
        case t.ClassType():
            return True
    return False


def _refers(fx: Lowering, type: t.Type) -> bool:
    return not isinstance(type, t.IntType | t.BoolType | t.EnumType | t.ArrayType)


def check_stored(fx: Lowering, target: ast.expr, place: Value, source: ast.expr) -> None:
    """Raises PYN-O13 for a reference that is stored in another object than it refers to a part of."""
    kind = fx.context.resolve(place.type)
    pointer = isinstance(t.strip_optional(kind), t.ClassType | t.RefType) and not isinstance(place.expr, ir.AddressOf)
    none = isinstance(source, ast.Constant) and source.value is None
    if fx.module.library or fx.unsafe or not pointer or none:
        return
    if root_of(fx, source) is None or root_of(fx, source) is not root_of(fx, target):
        raise fx.refuse(
            "PYN-O13",
            f"{ast.unparse(target)} would keep what it does not own",
            source,
            "borrowed, and perhaps gone before the field is",
            help="a field owns what it keeps, holds a share of it, or refers to a part of its own object",
        )


def check_kept(fx: Lowering, node: ast.AST) -> None:
    """Raises PYN-O12 where a raise leaves a function that has consumed a parameter: its caller still owns the argument."""
    for local in fx.parameters:
        owner = _gone(fx, local)
        if owner is not None and owner.kind == "param":
            assert owner.given is not None
            raise error(
                "PYN-O12",
                f"{fx.instance.decl.name} raises after it has given {local.name} away",
                (fx.span(node), "this can raise"),
                (owner.given, f"{local.name} was given away here"),
                help="a call that raises has consumed nothing: raise before, or handle the error here",
            )
