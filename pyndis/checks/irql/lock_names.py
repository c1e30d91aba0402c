"""Which lock an expression means.

The same field of the same struct is one lock, whichever way it is reached; where several fields hold such a struct, each is one.
"""

from __future__ import annotations

from pyndis.checks.spelling import spell
from pyndis.ir import nodes as ir
from pyndis.ir.types import CType, Pointer, Struct


def text(expr: ir.Expr) -> str:
    """The lock as this function writes it: two equal texts are one lock."""
    return spell(_place(expr))


def key(expr: ir.Expr, structs: dict[str, ir.StructDecl], function: ir.Function) -> str:
    """The lock for the whole program: struct and field, or the global; for what a pointer names, a name of its own."""
    place = _place(expr)
    if isinstance(place, ir.Global):
        return place.name
    if isinstance(place, ir.Field):
        owner, way = _way(place)
        named = _innermost(owner, way, structs)
        if named:
            return named
    return f"{function.name}: {spell(place)}"


def _way(place: ir.Field) -> tuple[CType, list[str]]:
    """What the outermost pointer points to, and the names of the fields from there on."""
    names, base = place.name.split("."), place.base
    while isinstance(base, ir.Field) and not isinstance(base.type, Pointer):
        names, base = [*base.name.split("."), *names], base.base
    return (base.type.target if isinstance(base.type, Pointer) else base.type), names


def _innermost(owner: CType | None, way: list[str], structs: dict[str, ir.StructDecl]) -> str:
    """Struct and field, or more of the way where the struct is held by several fields; nothing where it is no struct."""
    named = ""
    for number, name in enumerate(way):
        if not isinstance(owner, Struct):
            return ""
        named = f"{named}.{name}" if number and _holders(owner, structs) > 1 else f"{owner.name}.{name}"
        owner = _field(owner, name, structs)
    return named


def _holders(owner: Struct, structs: dict[str, ir.StructDecl]) -> int:
    return sum(each.type == owner for struct in structs.values() for each in struct.fields)


def _place(expr: ir.Expr) -> ir.Expr:
    while isinstance(expr, ir.Cast | ir.AddressOf):
        expr = expr.operand if isinstance(expr, ir.Cast) else expr.place
    return expr


def _field(owner: CType | None, name: str, structs: dict[str, ir.StructDecl]) -> CType | None:
    declaration = structs.get(owner.name) if isinstance(owner, Struct) else None
    return next((each.type for each in declaration.fields if each.name == name), None) if declaration else None
