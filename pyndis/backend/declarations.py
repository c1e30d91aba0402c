"""Declarations as C: constants, structs with what is asserted of them, prototypes and functions."""

from __future__ import annotations

from pyndis.backend.comments import beside, comment, in_c
from pyndis.backend.declarators import declare
from pyndis.backend.expressions import atom
from pyndis.backend.output import INDENT, Line, Part
from pyndis.backend.sal import sal_lines
from pyndis.backend.statements import function_body
from pyndis.backend.wrap import LIMIT, wrap
from pyndis.ir.nodes import ConstantDecl, Function, StructDecl

_FORBIDDEN_OUTSIDE_PARENTHESES = ("<", ">", "=", "&", "|", "?", "^")


def constant(declaration: ConstantDecl) -> list[Line]:
    """`#define name value`, with its comment."""
    return _lines(beside(f"#define {declaration.name} {atom(declaration.value)}", declaration.doc))


def announcement(declaration: StructDecl) -> list[Line]:
    """A struct's name, before its fields are known."""
    return [Line(f"typedef struct _{declaration.name} {declaration.name};", declaration.span)]


def struct(declaration: StructDecl, *, announced: bool) -> list[Line]:
    """A struct's definition."""
    tag = f"struct _{declaration.name}"
    fields = [line for each in declaration.fields for line in beside(f"{INDENT}{declare(each.type, each.name)};", each.doc)]
    head, end = (tag, "};") if announced else (f"typedef {tag}", f"}} {declaration.name};")
    return _lines([*comment(declaration.doc), head, "{", *fields, end], declaration)


def layout(declaration: StructDecl) -> list[Line]:
    """What a compiler must confirm of a struct's size on every architecture."""
    lines = []
    for limit in declaration.fits:
        bare = any(sign in limit for sign in _FORBIDDEN_OUTSIDE_PARENTHESES)
        lines += wrap(f"C_ASSERT(sizeof({declaration.name}) <= {f'({limit})' if bare else limit});")
    return _lines(lines, declaration)


def overlay(declaration: StructDecl) -> list[Line]:
    """The macro that finds a struct in the kernel object that it extends; nothing for others."""
    if not declaration.overlay:
        return []
    parameter, place = declaration.overlay
    place = place.replace(f"(({parameter}))", f"({parameter})")
    return _lines([f"#define {declaration.name}_OF({parameter}) (({declaration.name} *){place})"], declaration)


def role_declaration(function: Function) -> list[Line]:
    """A callback's declaration by its function type, which carries the SAL."""
    return _lines([f"static {function.role} {function.name};"], function)


def prototype(function: Function, *, inspected: bool) -> list[Line]:
    """A function's declaration with its SAL."""
    head = _head(function, sal=True)
    return _lines([*sal_lines(function, inspected=inspected), *head[:-1], f"{head[-1]};"], function)


def definition(function: Function, *, declared: bool, inspected: bool) -> list[Line]:
    """A function. `declared`: a declaration with its SAL stands above, so that the definition repeats none."""
    known = declared or (bool(function.role) and not function.annotations)
    notes = ["_Use_decl_annotations_"] if known else sal_lines(function, inspected=inspected)
    first, *rest = [*notes, *_head(function, sal=not known)]
    head = [Line(first, function.span, Part.CODE), *(Line(each, function.span, Part.REST) for each in rest)]
    return [*_lines(comment(in_c(function.doc)), function), *head, *function_body(function)]


def _head(function: Function, *, sal: bool) -> list[str]:
    params = [_param(each.sal if sal else "", declare(each.symbol.type, each.symbol.name)) for each in function.params]
    kind = "static FORCEINLINE" if function.inline else "static"
    result = declare(function.result, "")
    line = f"{function.name}({', '.join(params) or 'VOID'})"
    if len(line) <= LIMIT:
        return [f"{kind} {result}", line]
    listed = [f"{INDENT}{each}," for each in params]
    return [f"{kind} {result}", f"{function.name}(", *listed[:-1], f"{listed[-1][:-1]})"]


def _param(sal: str, declaration: str) -> str:
    return f"{sal} {declaration}" if sal else declaration


def _lines(texts: list[str], node: StructDecl | Function | None = None) -> list[Line]:
    return [Line(each, node.span if node else None) for each in texts]
