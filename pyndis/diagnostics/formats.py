"""Diagnostics for programs: JSON of our own shape, and SARIF 2.1.0, which code hosts and editors read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pyndis import __version__
from pyndis.diagnostics import Diagnostic, Label, Span
from pyndis.diagnostics.codes import explanations
from pyndis.diagnostics.render import short

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_json(diagnostics: Iterable[Diagnostic], root: Path) -> str:
    """An object whose `diagnostics` are the list. Lines and columns count from 1, columns in bytes; ends are exclusive."""
    return json.dumps({"diagnostics": [_json(each, root) for each in diagnostics]}, indent=2, ensure_ascii=False)


def _json(diagnostic: Diagnostic, root: Path) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "message": diagnostic.message,
        "labels": [{**_json_span(label.span, root), "text": label.text} for label in diagnostic.labels],
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
    }


def _json_span(span: Span, root: Path) -> dict[str, Any]:
    end_line, end_column = _end(span)
    start = {"file": short(span.file, root), "line": span.line, "column": span.column + 1}
    return {**start, "end_line": end_line, "end_column": end_column + 1}


def _end(span: Span) -> tuple[int, int]:
    if (span.end_line, span.end_column) <= (span.line, span.column):
        return span.line, span.column
    return span.end_line, span.end_column


def as_sarif(diagnostics: Iterable[Diagnostic], root: Path) -> str:
    """A SARIF log of one run."""
    listed = list(diagnostics)
    codes = sorted({each.code for each in listed})
    driver = {"name": "pyndis", "version": __version__, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"ROOT": {"uri": root.as_uri() + "/"}},
        "results": [_result(each, codes, root) for each in listed],
    }
    return json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(code: str) -> dict[str, Any]:
    known = explanations().get(code)
    if known is None:
        return {"id": code}
    return {"id": code, "shortDescription": {"text": known.title}, "fullDescription": {"text": known.explanation}}


def _result(diagnostic: Diagnostic, codes: list[str], root: Path) -> dict[str, Any]:
    text = "\n".join([diagnostic.message, *diagnostic.notes, *([f"help: {diagnostic.help}"] if diagnostic.help else [])])
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": codes.index(diagnostic.code),
        "level": diagnostic.severity,
        "message": {"text": text},
    }
    places = [_location(label, root) for label in diagnostic.labels]
    if places:
        result["locations"] = places[:1]
    if places[1:]:
        result["relatedLocations"] = [{"id": number, **place} for number, place in enumerate(places[1:], 1)]
    return result


def _location(label: Label, root: Path) -> dict[str, Any]:
    name = short(label.span.file, root)
    artifact = {"uri": name, "uriBaseId": "ROOT"} if not Path(name).is_absolute() else {"uri": Path(name).as_uri()}
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": artifact, "region": _region(label.span)}}
    if label.text:
        place["message"] = {"text": label.text}
    return place


def _region(span: Span) -> dict[str, int]:
    end_line, end_column = _end(span)
    lines = _text_lines(span.file)
    region = {"startLine": span.line, "startColumn": _characters(lines, span.line, span.column) + 1}
    return {**region, "endLine": end_line, "endColumn": _characters(lines, end_line, end_column) + 1}


def _text_lines(file: Path) -> list[bytes]:
    try:
        return file.read_bytes().splitlines()
    except OSError:
        return []


def _characters(lines: list[bytes], line: int, column: int) -> int:
    """A column in characters, out of one in bytes."""
    return len(lines[line - 1][:column].decode("utf-8", "ignore")) if 0 < line <= len(lines) else column
