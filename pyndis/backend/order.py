"""Which declaration comes before which, since C reads from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence

from pyndis.backend.faults import bad_ir
from pyndis.backend.walk import called
from pyndis.ir.nodes import Function, StructDecl
from pyndis.ir.types import Array, CType, Pointer, Struct


def by_need(structs: Sequence[StructDecl]) -> list[StructDecl]:
    """The structs such that what another contains stands before it; otherwise in the program's order."""
    named = {each.name: each for each in structs}
    placed: dict[str, StructDecl] = {}

    def place(each: StructDecl, around: tuple[str, ...]) -> None:
        if each.name in around:
            raise bad_ir(f"the frontend let the struct {each.name} contain itself by way of {' and '.join(around)}", each.span)
        for contained in _contained(each):
            if contained in named:
                place(named[contained], (*around, each.name))
        placed.setdefault(each.name, each)

    for each in structs:
        place(each, ())
    return list(placed.values())


def announced(ordered: Sequence[StructDecl]) -> list[StructDecl]:
    """The structs that another points to before they are defined."""
    seen: set[str] = set()
    early: set[str] = set()
    for each in ordered:
        seen.add(each.name)
        early |= {name for field in each.fields if (name := _pointed_at(field.type)) and name not in seen}
        if any(_pointed_at(field.type) == each.name for field in each.fields):
            early.add(each.name)
    return [each for each in ordered if each.name in early]


def called_early(functions: Sequence[Function]) -> list[Function]:
    """The functions without a role that another calls before they are defined."""
    defined: set[Function] = set()
    early: set[Function] = set()
    for each in functions:
        early |= {callee for callee in called(each.body) if callee not in defined and callee is not each and not callee.role}
        defined.add(each)
    return [each for each in functions if each in early]


def in_sections(functions: Sequence[Function]) -> list[tuple[str, list[Function]]]:
    """The functions by section, in the order in which the sections first appear."""
    sections: dict[str, list[Function]] = {}
    for each in functions:
        sections.setdefault(each.section, []).append(each)
    return list(sections.items())


def _contained(each: StructDecl) -> list[str]:
    kinds = (_element(field.type) for field in each.fields)
    return [kind.name for kind in kinds if isinstance(kind, Struct)]


def _pointed_at(type: CType) -> str:
    type = _element(type)
    if not isinstance(type, Pointer):
        return ""
    while isinstance(type, Pointer | Array):
        type = type.target if isinstance(type, Pointer) else type.element
    return type.name if isinstance(type, Struct) else ""


def _element(type: CType) -> CType:
    while isinstance(type, Array):
        type = type.element
    return type
