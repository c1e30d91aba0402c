"""A whole program as one C file: the printers' fragments in a template.

Takes a program after `checks`; leaves text that `verify` holds against it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyndis.backend import declarations, order
from pyndis.backend.accepts import accept
from pyndis.backend.lines import Marks
from pyndis.backend.output import Line
from pyndis.backend.simplify import simplify
from pyndis.backend.source_map import SourceMap
from pyndis.backend.templates import C, render_template
from pyndis.backend.walk import of_body
from pyndis.ir.nodes import Call, Do, Function, Program


@dataclass(frozen=True)
class Section:
    """Functions under one heading, which is plain text and may be empty."""

    title: str
    functions: list[C]


@dataclass(frozen=True)
class Fragments:
    """What a template finds as `unit`."""

    source: str
    constants: C
    announcements: C
    structs: list[C]
    layouts: C
    overlays: C
    roles: list[C]
    prototypes: list[C]
    sections: list[Section]


@dataclass(frozen=True)
class Unit:
    """A rendered file, and where its lines come from."""

    text: str
    source_map: SourceMap


def render_unit(program: Program, *, template: str = "unit.c.j2", context: Mapping[str, object]) -> str:
    """The C of a program. `context` is what the template needs besides `unit`; strings in it are text unless they are `C`."""
    return render(program, template=template, context=context).text


def render(program: Program, *, template: str = "unit.c.j2", context: Mapping[str, object], folder: Path | None = None) -> Unit:
    """The C of a program with its line map. `context["source"]`: the folder to name in the banner, relative to the project."""
    accept(program)
    simplify(program)
    marks = Marks()
    source = str(context.get("source", program.name))
    text = render_template(template, {**context, "unit": fragments(program, marks, source)}, folder)
    return Unit(*marks.unmark(_tidied(text)))


def fragments(program: Program, marks: Marks, source: str) -> Fragments:
    """All declarations of a program as C."""
    structs = order.by_need(program.structs)
    announced = order.announced(structs)
    sections = order.in_sections(program.functions)
    functions = [each for _, section in sections for each in section]
    early = order.called_early(functions)
    ignored = _ignored(functions)

    def joined(parts: Sequence[list[Line]]) -> C:
        return marks.fragment(line for part in parts for line in part)

    def define(each: Function) -> C:
        return marks.fragment(declarations.definition(each, declared=each in early, inspected=each not in ignored))

    return Fragments(
        source=source,
        constants=joined([declarations.constant(each) for each in program.constants]),
        announcements=joined([declarations.announcement(each) for each in announced]),
        structs=[marks.fragment(declarations.struct(each, announced=each in announced)) for each in structs],
        layouts=joined([declarations.layout(each) for each in structs]),
        overlays=joined([declarations.overlay(each) for each in structs]),
        roles=[marks.fragment(declarations.role_declaration(each)) for each in functions if each.role],
        prototypes=[marks.fragment(declarations.prototype(each, inspected=each not in ignored)) for each in early],
        sections=[Section(title, [define(each) for each in section]) for title, section in sections],
    )


def _ignored(functions: Sequence[Function]) -> set[Function]:
    """The functions whose result some caller ignores on purpose."""
    calls = (node.call for each in functions for node in of_body(each.body) if isinstance(node, Do))
    return {call.function for call in calls if isinstance(call, Call) and isinstance(call.function, Function)}


def _tidied(text: str) -> str:
    text = re.sub(r"[ \t]+(?=\n)", "", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"
