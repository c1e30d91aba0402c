"""How the frontend says no: one line per diagnostic."""

from __future__ import annotations

import ast
from pathlib import Path

from pyndis.diagnostics import Diagnostic, DriverFailure, Label, Span


def span_of(file: Path, node: ast.AST) -> Span:
    """The stretch of source that a node came from."""
    line = getattr(node, "lineno", 1)
    column = getattr(node, "col_offset", 0)
    return Span(file, line, column, getattr(node, "end_lineno", line) or line, getattr(node, "end_col_offset", column) or column)


class SourceError(DriverFailure):
    """The driver's source is at fault."""


def error(code: str, message: str, *places: tuple[Span | None, str], help: str = "", notes: tuple[str, ...] = ()) -> SourceError:
    """An error to raise. The first place is where it is; the help is the mend."""
    labels = tuple(Label(span, text) for span, text in places if span is not None)
    return SourceError(Diagnostic(code, message, labels, notes, help))
