"""A value where a type is wanted: the type check, and what changes hands."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.errors import error
from pyndis.frontend.function import Lowering
from pyndis.frontend.layout import canonical
from pyndis.frontend.members import member_expr
from pyndis.frontend.state import Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def coerce(fx: Lowering, value: Value, wanted: t.Type, node: ast.AST, parameter: str = "") -> ir.Expr:
    """The expression to pass or store. Raises PYN-K11 if the value is of another type."""
    if parameter and value.node is not None:
        node = value.node
    wanted = fx.context.resolve(wanted)
    found = fx.context.resolve(value.type)
    if isinstance(wanted, t.SharedType) and isinstance(found, t.SharedType):
        _bind_protocol(fx, wanted, found, node)
        if wanted.unit and not found.unit:
            raise fx.refuse(
                "PYN-O05", "a share with weight is stored whole", node, help="store `.share()` of it: that splits one off"
            )
        return value.expr
    if isinstance(found, t.SharedType):
        value = Value(
            found.inner, value.expr if found.unit else member_expr(value.expr, "Object", fx.c_value(found.inner)), value.local
        )
        found = fx.context.resolve(found.inner)
    if isinstance(t.strip_optional(wanted), t.OwnedType) and value.local is not None and value.local.owner in fx.live.live:
        found = t.OwnedType(t.unmarked(found)) if not isinstance(found, t.OptionalType) else found
    if not _fits(fx, found, wanted):
        inner = t.strip_optional(wanted)
        place = f" for {parameter}" if parameter else ""
        borrowed = isinstance(inner, t.OwnedType) and _fits(fx, found, inner.inner)
        help = "it is borrowed here, and only its owner can give it away" if borrowed else ""
        raise fx.refuse("PYN-K11", f"found {found}, wanted {wanted}{place}", node, help=help)
    if isinstance(value.expr, ir.Null):
        return ir.Null(fx.c_value(wanted))
    return value.expr


def _bind_protocol(fx: Lowering, wanted: t.SharedType, found: t.SharedType, node: ast.AST) -> None:
    """A protocol is the one class that the program stores there."""
    if isinstance(wanted.inner, t.ClassType) and wanted.inner.decl.is_protocol and isinstance(found.inner, t.ClassType):
        bound = fx.context.protocols.setdefault(wanted.inner.decl, found.inner)
        first = fx.context.bound_at.setdefault(wanted.inner.decl, fx.span(node))
        if bound != found.inner:
            raise error(
                "PYN-K19",
                f"{wanted.inner} stands for {bound} and for {found.inner}",
                (fx.span(node), f"here for {found.inner}"),
                (first, f"here for {bound}"),
                help="a protocol stands for one class in a driver: choose by option(), whose other branch is not compiled",
            )
    elif wanted.inner != found.inner and not _extends(wanted.inner, found.inner):
        raise fx.refuse("PYN-K11", f"found {found}, wanted {wanted}", node, help="a protocol stands for one class in a driver")


def bind_shares(fx: Lowering, wanted: t.Type, found: t.Type, node: ast.AST) -> None:
    """Before a function is lowered for a share: what a protocol among its parameters stands for."""
    if isinstance(wanted, t.SharedType) and not isinstance(found, t.SharedType):
        help = "only a share keeps memory in place while others point into it: `irp.pend(…)` or `blocks.copy(…)` gives one"
        raise fx.refuse("PYN-K11", f"found {found}, wanted {wanted}", node, help=help)
    if isinstance(wanted, t.SharedType) and isinstance(found, t.SharedType):
        _bind_protocol(fx, wanted, found, node)


def _fits(fx: Lowering, found: t.Type, wanted: t.Type) -> bool:
    match wanted:
        case t.OptionalType(inner):
            return isinstance(found, t.NoneType) or _fits(fx, t.strip_optional(found), inner)
        case t.OwnedType(inner):
            return isinstance(found, t.OwnedType) and _fits(fx, found.inner, inner)
        case t.RefType(inner):
            return _fits(fx, found, inner)
        case t.IntType() | t.NumberType():
            return t.is_integer(found)
        case t.BoolType():
            return isinstance(found, t.BoolType) or (isinstance(found, t.RawType) and isinstance(found.c, c.Bool))
        case t.EnumType(decl):
            return (isinstance(found, t.EnumType) and found.decl is decl) or _is_status(found)
        case t.RawType():
            return bool(fx.unsafe) or isinstance(found, t.RawType | t.NoneType)
        case t.ClassType():
            return _extends(wanted, t.unmarked(found))
        case t.NoneType():
            return isinstance(found, t.NoneType)
    return found == wanted


def _is_status(found: t.Type) -> bool:
    return isinstance(found, t.RawType) and isinstance(found.c, c.Int)


def _extends(wanted: t.Type, found: t.Type) -> bool:
    if not isinstance(wanted, t.ClassType) or not isinstance(found, t.ClassType):
        return False
    if wanted == found:
        return True
    if wanted.decl is not found.decl and wanted.decl in found.decl.ancestors:
        return True
    return wanted.decl is found.decl and canonical(wanted) == canonical(found)
