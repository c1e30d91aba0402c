"""From what a tool says of the generated C to the Python that this C comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PureWindowsPath
from typing import Protocol

from pyndis.diagnostics import ERROR, WARNING, Diagnostic, Label, Span
from pyndis.toolchains.msbuild.output import Message


class Map(Protocol):
    """Where lines of C come from (pyndis.backend.source_map)."""

    @property
    def spans(self) -> Mapping[int, Span]:
        """All places, by lines of C, which count from 1."""

    def python_place(self, c_line: int) -> Span | None:
        """The place of one line."""


class Places:
    """The places of one driver: `folder` is where its C stands, as `source`."""

    def __init__(self, folder: Path, source: str, c: Map) -> None:
        self._folder = folder
        self._source = source
        self._map = c
        self._python = sorted({span.file for span in c.spans.values()})

    def diagnostic(self, message: Message) -> Diagnostic:
        """A message at the Python that it is about; at the C where that has none; without a place where it is about neither."""
        said = f"{message.code}: {message.text}" if message.code else message.text
        severity = ERROR if message.is_error else WARNING
        file = PureWindowsPath(message.file)
        if file.suffix.lower() == ".py":  # by #line, the C calls itself Python
            return Diagnostic("PYN-T26", said, (Label(Span(self._python_file(file), message.line)),), severity=severity)
        if not message.line:
            return Diagnostic("PYN-T26", f"{file.name}: {said}" if message.file else said, severity=severity)
        place = self._map.python_place(message.line) if file.name.lower() == self._source.lower() else None
        if place is None:
            return Diagnostic("PYN-T26", said, (Label(Span(self._c(file), message.line)),), severity=severity)
        notes = (f"in the C, {self._source}:{message.line}",)
        return Diagnostic("PYN-T26", said, (Label(place),), notes, severity=severity)

    def diagnostics(self, found: Iterable[Message]) -> tuple[Diagnostic, ...]:
        """All of them, in their order, each once: two lines of C can come from one of Python."""
        seen: dict[tuple[str, str, tuple[Label, ...]], Diagnostic] = {}
        for message in found:
            made = self.diagnostic(message)
            seen.setdefault((made.severity, made.message, made.labels), made)
        return tuple(seen.values())

    def _c(self, file: PureWindowsPath) -> Path:
        """A file of C on this machine: one of ours below the folder, or as the tool called it."""
        inside = [self._folder / file.name, self._folder / "wdm" / file.name]
        return next((path for path in inside if path.is_file()), Path(str(file)))

    def _python_file(self, named: PureWindowsPath) -> Path:
        """The file of the driver or the library that a #line means: the one with the most of its last names."""
        ends = [(_common(named.parts, file.parts), file) for file in self._python]
        best = max(ends, key=lambda each: each[0], default=(0, Path(str(named))))
        return best[1] if best[0] else Path(str(named))


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many of the last parts are the same."""
    count = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left.lower() != right.lower():
            break
        count += 1
    return count
