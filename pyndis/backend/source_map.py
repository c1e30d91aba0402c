"""Which line of the generated C comes from where in the Python, so that what tools say of the C can be told of the Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyndis.backend.output import Part
from pyndis.diagnostics import Span


@dataclass(frozen=True)
class SourceMap:
    """Places in the Python by lines of C, which count from 1; `parts` says what these lines are to a debugger."""

    spans: Mapping[int, Span] = field(default_factory=dict)
    parts: Mapping[int, Part] = field(default_factory=dict)

    def python_place(self, c_line: int) -> Span | None:
        """The nearest statement or declaration around what stands in this line; None for what only a template made."""
        return self.spans.get(c_line)

    def text(self, root: Path | None = None) -> str:
        """A line for each: `12 driver.py:7`. Files are named from `root` on, so that no machine's paths get in."""
        return "".join(f"{line} {shown(span.file, root)}:{span.line}\n" for line, span in sorted(self.spans.items()))


def shown(file: Path, root: Path | None) -> str:
    """A file's name as people see it: relative to `root` where it lies below, with slashes; else only its name."""
    if root and file.is_absolute() and file.is_relative_to(root):
        return file.relative_to(root).as_posix()
    return file.name if file.is_absolute() else file.as_posix()
