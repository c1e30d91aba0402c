"""Which lock an expression means: the same field of the same struct is one lock, whichever way it is reached."""

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
        owner: CType | None = place.base.type.target if isinstance(place.base.type, Pointer) else place.base.type
        *way, last = place.name.split(".")
        for name in way:
            owner = _field(owner, name, structs)
        if isinstance(owner, Struct):
            return f"{owner.name}.{last}"
    return f"{function.name}: {spell(place)}"


def _place(expr: ir.Expr) -> ir.Expr:
    while isinstance(expr, ir.Cast | ir.AddressOf):
        expr = expr.operand if isinstance(expr, ir.Cast) else expr.place
    return expr


def _field(owner: CType | None, name: str, structs: dict[str, ir.StructDecl]) -> CType | None:
    declaration = structs.get(owner.name) if isinstance(owner, Struct) else None
    return next((each.type for each in declaration.fields if each.name == name), None) if declaration else None
