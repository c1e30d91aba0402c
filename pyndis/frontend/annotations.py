"""Annotations -> types."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pyndis.frontend import types as t
from pyndis.frontend.declarations import AliasDecl, ClassDecl, EnumDecl, VariableDecl
from pyndis.frontend.errors import error, span_of
from pyndis.frontend.source import Module
from pyndis.ir import types as c

if TYPE_CHECKING:
    from pyndis.frontend.program import Context

_SPECIAL: dict[str, t.Type] = {
    "bool": t.BOOL,
    "int": t.NUMBER,
    "str": t.STR,
    "None": t.NONE,
    "Handle": t.RawType(c.Named("HANDLE")),
    "Address": t.RawType(c.Pointer(c.UCHAR)),
    "Any": t.RawType(c.Named("PVOID")),
}


def _quoted(module: Module, node: ast.expr, text: str) -> ast.expr:
    """The annotation in quotes, in the place of the text."""
    try:
        found = ast.parse(text, mode="eval").body
    except SyntaxError:
        raise error(
            "PYN-K01", f"{text!r} is not a type of the language", (span_of(module.file, node), "this annotation")
        ) from None
    for each in ast.walk(found):
        if hasattr(each, "lineno"):
            ast.copy_location(each, node)
    return found


class Annotations:
    """Reads annotations in the names of a module."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def read(self, module: Module, node: ast.expr, bindings: t.Bindings, self_type: t.Type | None = None) -> t.Type:
        """The type that an annotation means."""
        return bindings.substitute(self._read(module, node, self_type))

    def _read(self, module: Module, node: ast.expr, self_type: t.Type | None) -> t.Type:
        match node:
            case ast.Constant(value=None):
                return t.NONE
            case ast.Constant(value=str(text)):
                return self._read(module, _quoted(module, node, text), self_type)
            case ast.Name(id=name):
                return self._name(module, node, name, self_type)
            case ast.Attribute(value=ast.Name(id="raw"), attr=name):
                return raw_type(self.context, name)
            case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
                return t.optional(self._read(module, left, self_type))
            case ast.Subscript(value=ast.Name(id=name), slice=inside):
                return self._subscript(module, node, name, inside, self_type)
        raise error(
            "PYN-K01", f"`{ast.unparse(node)}` is not a type of the language", (span_of(module.file, node), "this annotation")
        )

    def _name(self, module: Module, node: ast.Name, name: str, self_type: t.Type | None) -> t.Type:
        if name in t.SIZES:
            return t.IntType(t.SIZES[name])
        if name in _SPECIAL:
            return _SPECIAL[name]
        if name == "Self" and self_type is not None:
            return self_type
        match self.context.scope.find(module, name):
            case ClassDecl() as decl:
                return t.ClassType(decl, tuple(t.VarType(each) for each in decl.variables))
            case EnumDecl() as decl:
                return t.EnumType(decl)
            case AliasDecl(module=home, value=value):
                return self._read(home, value, self_type)
            case VariableDecl():
                return t.VarType(name)
        raise error(
            "PYN-K02", f"no type is named {name}", (span_of(module.file, node), "not found"), help="import it, or mend the name"
        )

    def _subscript(self, module: Module, node: ast.expr, name: str, inside: ast.expr, self_type: t.Type | None) -> t.Type:
        items = inside.elts if isinstance(inside, ast.Tuple) else [inside]
        if name == "Annotated":
            return self._annotated(module, items, self_type)
        arguments = [self._read(module, each, self_type) for each in items]
        match name:
            case "Owned":
                return (
                    t.OptionalType(t.OwnedType(arguments[0].inner))
                    if isinstance(arguments[0], t.OptionalType)
                    else t.OwnedType(arguments[0])
                )
            case "Shared":
                return t.SharedType(arguments[0])
            case "Ref":
                return t.RefType(arguments[0])
            case "Iterator":
                return t.IteratorType(arguments[0])
            case "tuple":
                return t.TupleType(tuple(arguments))
            case "type":
                return t.TypeOf(arguments[0])
            case "Locked" | "Mutexed":
                return t.LockedType(arguments[0], name)
        if name == "Array":
            place = (span_of(module.file, node), "here")
            raise error("PYN-K03", "an array has its length in its type", place, help="write `Annotated[Array[u8], 12]`")
        decl = self.context.scope.find(module, name)
        if isinstance(decl, ClassDecl) and len(decl.variables) == len(arguments):
            return t.ClassType(decl, tuple(arguments))
        raise error(
            "PYN-K03",
            f"`{ast.unparse(node)}` is not a type of the language",
            (span_of(module.file, node), f"{name} takes no such arguments"),
        )

    def _annotated(self, module: Module, items: list[ast.expr], self_type: t.Type | None) -> t.Type:
        if len(items) != 2:
            place = (span_of(module.file, items[0]), "here")
            raise error("PYN-K03", "Annotated[…] takes a type and one mark", place, help="as in `Annotated[u32, Within(0, 9)]`")
        if isinstance(items[0], ast.Subscript) and isinstance(items[0].value, ast.Name) and items[0].value.id == "Array":
            count = self.context.constants.integer(module, items[1])
            return t.ArrayType(self._read(module, items[0].slice, self_type), count)
        base = self._read(module, items[0], self_type)
        mark = items[1]
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "Within":
            if len(mark.args) != 2 or mark.keywords:
                place = (span_of(module.file, mark), "here")
                raise error("PYN-K03", "Within(…) takes the least and the greatest value", place, help="as in `Within(0, 9)`")
            low, high = (self.context.constants.integer(module, each) for each in mark.args)
            if not isinstance(base, t.IntType) or low < base.c.low or high > base.c.high or low > high:
                raise error(
                    "PYN-K04", f"Within({low}, {high}) does not lie within {base}", (span_of(module.file, mark), "this range")
                )
            return t.IntType(base.c.within(low, high))
        raise error("PYN-K01", f"`{ast.unparse(mark)}` is not a mark of the language", (span_of(module.file, mark), "here"))


_C_INTEGERS = {
    each.name: each
    for each in (
        c.UCHAR, c.USHORT, c.ULONG, c.ULONG64, c.CHAR, c.SHORT, c.LONG, c.LONG64, c.ULONG_PTR, c.SIZE_T, c.NTSTATUS,
        c.NDIS_STATUS, c.KIRQL,
    )
} | {
    "unsigned long": c.ULONG, "long": c.LONG, "unsigned short": c.USHORT, "short": c.SHORT, "unsigned char": c.UCHAR,
    "char": c.CHAR, "int": c.LONG,
    "unsigned int": c.ULONG, "UINT": c.ULONG, "INT": c.LONG, "ULONGLONG": c.ULONG64, "LONGLONG": c.LONG64,
    "ULONG32": c.ULONG, "UINT32": c.ULONG,
    "unsigned long long": c.ULONG64, "long long": c.LONG64, "UINT_PTR": c.ULONG_PTR, "CCHAR": c.CHAR, "CSHORT": c.SHORT,
    "UINT64": c.ULONG64,
    "NET_IFINDEX": c.ULONG, "NDIS_PORT_NUMBER": c.ULONG, "PFN_NUMBER": c.ULONG_PTR, "ACCESS_MASK": c.ULONG,
    "KPROCESSOR_MODE": c.CHAR, "USHORT": c.USHORT,
}  # fmt: skip


def c_type(context: Context, text: str) -> c.CType:
    """A C type's text, as the facts have it."""
    text = text.replace("const ", "").replace("volatile ", "").replace("struct _", "").strip()
    if text in _C_INTEGERS:
        return _C_INTEGERS[text]
    if text == "BOOLEAN":
        return c.BOOL
    if text in ("void", "VOID"):
        return c.VOID
    if text.endswith("]"):
        element, _, count = text[:-1].rpartition("[")
        return c.Array(c_type(context, element), int(count or 0))
    if text.endswith("*"):
        return c.Pointer(c_type(context, text[:-1]))
    if text == "PUCHAR":
        return c.Pointer(c.UCHAR)
    if text.startswith("P") and context.is_kernel_struct(text[1:]):
        return c.Pointer(c.Struct(text[1:]))
    if context.is_kernel_struct(text):
        return c.Struct(text)
    return c.Named(text)


def raw_type(context: Context, name: str) -> t.Type:
    """`raw.NAME` as a type."""
    found = c_type(context, name)
    if isinstance(found, c.Int):
        return t.IntType(found) if name != "KIRQL" else t.RawType(found)
    return t.RawType(found, struct=isinstance(found, c.Struct))
