"""Lines of C with the places in the source that they come from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import NamedTuple

from pyndis.backend.wrap import wrap
from pyndis.diagnostics import Span

INDENT = "    "


class Part(StrEnum):
    """What a line is to a debugger: a place in code, the rest of the line before it, or nothing."""

    CODE = "c"
    REST = "r"
    TEXT = ""


class Line(NamedTuple):
    """One line of C."""

    text: str
    span: Span | None = None
    part: Part = Part.TEXT


class Writer:
    """Collects lines. What is written without a span gets that of the statement it stands in."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._depth = 0
        self._span: Span | None = None

    def line(self, text: str, *, outdent: int = 0) -> None:
        """A line at the current depth, in pieces if it is too long."""
        indent = INDENT * max(self._depth - outdent, 0)
        first, *rest = wrap(indent + text)
        self.lines += [Line(first, self._span, Part.CODE), *(Line(piece, self._span, Part.REST) for piece in rest)]

    def remark(self, text: str) -> None:
        """A line of a comment."""
        self.lines.append(Line(INDENT * self._depth + text, self._span))

    def blank(self) -> None:
        """An empty line, unless a block begins here or the line before is empty."""
        if self.lines and self.lines[-1].text and not self.lines[-1].text.endswith("{"):
            self.lines.append(Line("", self._span))

    @contextmanager
    def at(self, span: Span | None) -> Iterator[None]:
        """What is written here comes from this place."""
        before, self._span = self._span, span or self._span
        yield
        self._span = before

    @contextmanager
    def indented(self) -> Iterator[None]:
        """What is written here is one level deeper."""
        self._depth += 1
        yield
        self._depth -= 1

    @contextmanager
    def braces(self, end: str = "}") -> Iterator[None]:
        """A block between braces that have lines of their own."""
        self.line("{")
        with self.indented():
            yield
        self.line(end)
