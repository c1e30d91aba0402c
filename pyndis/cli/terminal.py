"""What people see: colours where a terminal shows them, plain text elsewhere."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from pyndis.diagnostics import Diagnostic


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at the stream, on something that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def shows_colours(stream: TextIO) -> bool:
    """Whether to colour: on a terminal, unless NO_COLOR is set (no-color.org: to anything but nothing)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def report(diagnostics: Sequence[Diagnostic]) -> None:
    """Put diagnostics on stderr, and how many they are."""
    from pyndis.diagnostics.render import coloured, plain, render_all

    paint = coloured if shows_colours(sys.stderr) else plain
    errors = {each.code for each in diagnostics if each.is_error}
    print(render_all(diagnostics, paint), file=sys.stderr)
    codes = sorted({each.code for each in diagnostics}, key=lambda code: (code not in errors, code))
    print(f"\n{_counted(diagnostics)}; more about it: pyndis explain {codes[0]}", file=sys.stderr)


def _counted(diagnostics: Sequence[Diagnostic]) -> str:
    kinds = Counter(each.severity for each in diagnostics)
    return " and ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in sorted(kinds.items()))
