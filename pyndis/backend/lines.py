"""Which line of the C comes from where in the source.

The printers' lines pass through the templates with a mark at their end, so that a template may put anything anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pyndis.backend.output import Line
from pyndis.backend.templates import C
from pyndis.diagnostics import Span

_OPEN, _CLOSE = "\ue000", "\ue001"  # private use: `comments` and `literals` let neither through
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


class Marks:
    """Gives lines their marks, and takes them out of the whole text again."""

    def __init__(self) -> None:
        self._spans: list[Span] = []

    def fragment(self, lines: Iterable[Line]) -> C:
        """Lines as a fragment for a template."""
        return C("\n".join(each.text + self._mark(each.span) for each in lines))

    def _mark(self, span: Span | None) -> str:
        if span is None:
            return ""
        if not self._spans or self._spans[-1] != span:
            self._spans.append(span)
        return f"{_OPEN}{len(self._spans) - 1}{_CLOSE}"

    def unmark(self, text: str) -> tuple[str, LineMap]:
        """The text without marks, and the map that they made."""
        places: dict[int, Span] = {}
        for number, line in enumerate(text.split("\n"), start=1):
            if found := _MARK.search(line):
                places[number] = self._spans[int(found.group(1))]
        return _MARK.sub("", text), LineMap(places)


@dataclass(frozen=True)
class LineMap:
    """Source spans by lines of C, which count from 1. Lines of templates have none."""

    spans: dict[int, Span]

    def __getitem__(self, line: int) -> Span | None:
        return self.spans.get(line)

    def text(self, root: Path | None = None) -> str:
        """A line for each: `12 driver.py:7`. Files are named from `root` on, so that no machine's paths get in."""
        return "".join(f"{line} {shown(span.file, root)}:{span.line}\n" for line, span in sorted(self.spans.items()))

    def with_directives(self, text: str, c_name: str, root: Path | None = None) -> str:
        """The C with `#line`s, so that debuggers and traces show the source; what no source made stays with the C."""
        out: list[str] = []
        said: tuple[str, int] | None = None
        for number, line in enumerate(text.split("\n"), start=1):
            span = self.spans.get(number)
            place = (shown(span.file, root), span.line) if span else (c_name, number)
            if place != said and not _continues(out):
                out.append(f'#line {place[1]} "{place[0]}"')
            out.append(line)
            said = (place[0], place[1] + 1)
        return "\n".join(out)


def _continues(lines: list[str]) -> bool:
    return bool(lines) and lines[-1].endswith("\\")


def shown(file: Path, root: Path | None) -> str:
    """A file's name as people and C see it: relative to `root` where it lies below, with slashes; else only its name."""
    if root and file.is_absolute() and file.is_relative_to(root):
        return file.relative_to(root).as_posix()
    return file.name if file.is_absolute() else file.as_posix()
