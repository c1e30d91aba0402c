"""Which types may stand where: as a parameter or result, and as a field."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.declarations import ClassDecl, FieldDecl
from pyndis.frontend.errors import SourceError, error, span_of
from pyndis.frontend.layout import field_type
from pyndis.frontend.program import Context
from pyndis.frontend.source import Module

_MEMBERS = {"Chain": "objects that have a `next`", "Place": "objects that have a `next`", "IrpQueue": "requests"}


def check_type(context: Context, module: Module, node: ast.expr, type: t.Type, *, field: bool = False) -> None:
    """Raises PYN-K01, K03 or K18 for a type that a driver's parameter, result or field cannot have."""
    if module.library:
        return
    wrong = _wrong(context, type, field)
    if wrong is not None:
        code, message, help = wrong
        raise error(code, message, (span_of(module.file, node), "here"), help=help)


def _wrong(context: Context, type: t.Type, field: bool) -> tuple[str, str, str] | None:
    """The code, the message and the help; None where nothing is wrong."""
    match type:
        case t.NumberType():
            return "PYN-K01", "`int` has no size", "write u8 … u64 or i8 … i64; a local needs no type"
        case t.StrType():
            return "PYN-K18", "text is known to the compiler only", "use a number, or a member of an IntEnum"
        case t.TupleType():
            return "PYN-K01", f"{type} can only be yielded", "return one value, or make a class of the values"
        case t.OptionalType(inner) if not _is_reference(context, inner):
            return "PYN-K01", f"{inner} has no None", "only references can be None: use a value of its own, or a bool beside it"
        case t.ClassType(decl, args) if decl.name in _MEMBERS and decl.module.library:
            if not all(_is_reference(context, each) for each in args):
                return "PYN-K03", f"{decl.name} holds {_MEMBERS[decl.name]}", "make them a class of the framework's kind"
        case t.LockedType(inner, kind) if not isinstance(inner, t.ClassType) or inner.decl.is_reference:
            return "PYN-K03", f"{kind} guards a class of the driver's own, and this is {inner}", "put it into a class, as a field"
        case t.ArrayType(item, count):
            if count <= 0:
                return "PYN-K03", f"an array of {count}", "an array has at least one item"
            return _wrong(context, item, field)
        case t.OwnedType(inner) | t.SharedType(inner) | t.OptionalType(inner) | t.RefType(inner):
            return _wrong(context, inner, field)
    return None


def _is_reference(context: Context, type: t.Type) -> bool:
    match context.resolve(type):
        case t.OwnedType(inner) | t.SharedType(inner) | t.RefType(inner):
            return _is_reference(context, inner)
        case t.ClassType(decl, _):
            return decl.is_reference or decl.is_protocol
        case t.RawType() | t.VarType():
            return True
    return False


def check_fields(context: Context, type: t.ClassType) -> None:
    """All fields of a class that has become a struct. Raises as `check_type`, PYN-S27 for one that holds itself, PYN-K21."""
    for field in type.decl.fields.values():
        if field.annotation is None:
            continue
        found = field_type(context, type, field)
        check_type(context, field.module, field.annotation, found, field=True)
        if type.decl.is_struct and not _is_plain(context, found):
            place = (span_of(field.module.file, field.annotation), "here")
            raise error("PYN-K21", f"{found} in a @struct", place, help="a @struct holds numbers, arrays and @structs")
    _refuse_itself(context, type, [])


def _is_plain(context: Context, type: t.Type) -> bool:
    match context.resolve(type):
        case t.IntType() | t.BoolType() | t.EnumType():
            return True
        case t.ArrayType(item, _):
            return _is_plain(context, item)
        case t.ClassType(decl, _):
            return decl.is_struct
    return False


def _refuse_itself(context: Context, type: t.ClassType, path: list[tuple[ClassDecl, FieldDecl]]) -> None:
    for field in type.decl.extra_fields:
        inner = _in_place(context, field_type(context, type, field))
        if inner is None:
            continue
        here = [*path, (type.decl, field)]
        if inner.decl in [decl for decl, _ in here]:
            raise _holds_itself(inner.decl, here)
        _refuse_itself(context, inner, here)


def _holds_itself(decl: ClassDecl, path: list[tuple[ClassDecl, FieldDecl]]) -> SourceError:
    way = " -> ".join([*(f"{each.name}.{field.name}" for each, field in path), decl.name])
    help = "refer to it: `name: Owned…`, a Chain, or an id"
    return error("PYN-S27", f"{decl.name} holds itself: {way}", (path[-1][1].span, "in place here"), help=help)


def _in_place(context: Context, type: t.Type) -> t.ClassType | None:
    """The class whose struct lies within a field of this type."""
    match context.resolve(type):
        case t.ArrayType(item, _):
            return _in_place(context, item)
        case t.LockedType(inner, _):
            return _in_place(context, inner)
        case t.ClassType(decl, _) as found if not decl.is_reference:
            return found
    return None
