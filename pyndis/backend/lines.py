"""Which line of the C comes from where in the source.

The printers' lines pass through the templates with a mark at their end, so that a template may put anything anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pyndis.backend.output import Line, Part
from pyndis.backend.source_map import SourceMap
from pyndis.backend.templates import C
from pyndis.diagnostics import Span

_OPEN, _CLOSE = "\ue000", "\ue001"  # private use: `comments` and `literals` let neither through
_MARK = re.compile(f"{_OPEN}([0-9]+)([cr]?){_CLOSE}")


class Marks:
    """Gives lines their marks, and takes them out of the whole text again."""

    def __init__(self) -> None:
        self._spans: list[Span] = []

    def fragment(self, lines: Iterable[Line]) -> C:
        """Lines as a fragment for a template."""
        return C("\n".join(each.text + self._mark(each) for each in lines))

    def _mark(self, line: Line) -> str:
        if line.span is None:
            return ""
        if not self._spans or self._spans[-1] != line.span:
            self._spans.append(line.span)
        return f"{_OPEN}{len(self._spans) - 1}{line.part}{_CLOSE}"

    def unmark(self, text: str) -> tuple[str, SourceMap]:
        """The text without marks, and the map that they made."""
        spans: dict[int, Span] = {}
        parts: dict[int, Part] = {}
        for number, line in enumerate(text.split("\n"), start=1):
            if found := _MARK.search(line):
                spans[number], parts[number] = self._spans[int(found[1])], Part(found[2])
        return _MARK.sub("", text), SourceMap(spans, parts)
