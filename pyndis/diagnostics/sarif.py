"""SARIF 2.1.0: a log of one run of one tool, from rules and results; how a place in a source looks there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyndis.diagnostics import Diagnostic, Label, Span
from pyndis.diagnostics.render import short

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_BASE = "ROOT"


def log(
    driver: dict[str, Any], results: Sequence[dict[str, Any]], root: Path | None = None, more: dict[str, Any] | None = None
) -> str:
    """The log. `driver`: the tool component with its rules; `root`: what relative places begin at, if it shall be said; `more`:
    further members of the run."""
    run: dict[str, Any] = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", **(more or {})}
    if root is not None:
        run["originalUriBaseIds"] = {_BASE: {"uri": root.as_uri() + "/"}}
    run["results"] = list(results)
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def result(diagnostic: Diagnostic, rule: str, index: int, root: Path) -> dict[str, Any]:
    """A diagnostic as a result of a rule, the `index`-th of the log."""
    text = "\n".join([diagnostic.message, *diagnostic.notes, *([f"help: {diagnostic.help}"] if diagnostic.help else [])])
    found: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": index,
        "level": diagnostic.severity,
        "message": {"text": text},
    }
    places = [location(label, root) for label in diagnostic.labels]
    if places:
        found["locations"] = places[:1]
    if places[1:]:
        found["relatedLocations"] = [{"id": number, **place} for number, place in enumerate(places[1:], 1)]
    return found


def artifact(file: Path, root: Path) -> dict[str, str]:
    """A file, from `root` where it is below it."""
    name = short(file, root)
    return {"uri": name, "uriBaseId": _BASE} if not Path(name).is_absolute() else {"uri": Path(name).as_uri()}


def location(label: Label, root: Path) -> dict[str, Any]:
    """A labelled place."""
    place: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": artifact(label.span.file, root), "region": _region(label.span)}
    }
    if label.text:
        place["message"] = {"text": label.text}
    return place


def _region(span: Span) -> dict[str, int]:
    end_line, end_column = end_of(span)
    lines = _text_lines(span.file)
    region = {"startLine": span.line, "startColumn": _characters(lines, span.line, span.column) + 1}
    return {**region, "endLine": end_line, "endColumn": _characters(lines, end_line, end_column) + 1}


def end_of(span: Span) -> tuple[int, int]:
    """Line and column behind a span; its begin where it has no length."""
    if (span.end_line, span.end_column) <= (span.line, span.column):
        return span.line, span.column
    return span.end_line, span.end_column


def _text_lines(file: Path) -> list[bytes]:
    try:
        return file.read_bytes().splitlines()
    except OSError:
        return []


def _characters(lines: list[bytes], line: int, column: int) -> int:
    """A column in characters, out of one in bytes."""
    return len(lines[line - 1][:column].decode("utf-8", "ignore")) if 0 < line <= len(lines) else column
