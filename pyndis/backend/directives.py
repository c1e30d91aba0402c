"""C with `#line`s, so that debuggers and the stacks in reports show the Python.

Only code is named after the Python. What no source made stays with the C; so do declarations, where no debugger stops.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyndis.backend.literals import string
from pyndis.backend.output import Part
from pyndis.backend.source_map import SourceMap
from pyndis.diagnostics import Span

Named = Callable[[Path], str]


def with_directives(text: str, source_map: SourceMap, c_name: str, named: Named) -> tuple[str, SourceMap]:
    """The same C with directives, and its map. `c_name` is its own file; `named` says how directives call a file of Python.

    A statement that was broken into lines is joined again: each line of C counts as one of the Python.
    """
    writer = _Writer(c_name, named)
    for number, line in enumerate(text.split("\n"), start=1):
        writer.add(line, source_map.python_place(number), source_map.parts.get(number, Part.TEXT))
    return "\n".join(writer.lines), SourceMap(writer.spans, writer.parts)


class _Writer:
    def __init__(self, c_name: str, named: Named) -> None:
        self.lines: list[str] = []
        self.spans: dict[int, Span] = {}
        self.parts: dict[int, Part] = {}
        self._c_name = c_name
        self._named = named
        self._next = (c_name, 1)  # what the compiler takes the next line for

    def add(self, line: str, span: Span | None, part: Part) -> None:
        """A line of C, joined to the one before if it is the rest of that."""
        if part is Part.REST:
            self.lines[-1] += " " + line.lstrip()
            return
        if line:
            self._direct(span if part is Part.CODE else None)
        self._append(line, span, part)

    def _direct(self, span: Span | None) -> None:
        if span:
            place = (self._named(span.file), span.line)
        elif self._next[0] == self._c_name:
            return
        else:
            place = (self._c_name, len(self.lines) + 2)  # the line after the directive
        if place != self._next:
            self._append(f"#line {place[1]} {string(place[0])}", span, Part.TEXT)
            self._next = place

    def _append(self, line: str, span: Span | None, part: Part) -> None:
        self.lines.append(line)
        self._next = (self._next[0], self._next[1] + 1)
        if span:
            self.spans[len(self.lines)] = span
            self.parts[len(self.lines)] = part
