"""Diagnostics for programs: JSON of our own shape, and SARIF (`sarif.py`), which code hosts and editors read, and
GitLab's Code Quality."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pyndis import __version__
from pyndis.diagnostics import Diagnostic, Span, sarif
from pyndis.diagnostics.codes import explanations
from pyndis.diagnostics.render import short


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
    end_line, end_column = sarif.end_of(span)
    start = {"file": short(span.file, root), "line": span.line, "column": span.column + 1}
    return {**start, "end_line": end_line, "end_column": end_column + 1}


def as_sarif(diagnostics: Iterable[Diagnostic], root: Path) -> str:
    """A SARIF log of one run."""
    listed = list(diagnostics)
    codes = sorted({each.code for each in listed})
    driver = {"name": "pyndis", "version": __version__, "rules": [_rule(code) for code in codes]}
    return sarif.log(driver, [sarif.result(each, each.code, codes.index(each.code), root) for each in listed], root)


def _rule(code: str) -> dict[str, Any]:
    known = explanations().get(code)
    if known is None:
        return {"id": code}
    return {"id": code, "shortDescription": {"text": known.title}, "fullDescription": {"text": known.explanation}}


def as_codequality(diagnostics: Iterable[Diagnostic], root: Path) -> str:
    """A report as GitLab shows it beside a merge request: its subset of the Code Climate format, a list of issues."""
    return json.dumps([_issue(each, root) for each in diagnostics], indent=2, ensure_ascii=False)


def _issue(diagnostic: Diagnostic, root: Path) -> dict[str, Any]:
    span = diagnostic.labels[0].span if diagnostic.labels else None
    path, line = (short(span.file, root), span.line) if span else (".", 1)  # GitLab drops an issue without a place
    same = "\0".join((diagnostic.code, path, str(line), diagnostic.message))
    return {
        "description": diagnostic.message,
        "check_name": diagnostic.code,
        "fingerprint": hashlib.sha256(same.encode()).hexdigest(),
        "severity": "major" if diagnostic.is_error else "minor",
        "location": {"path": path, "lines": {"begin": line}},
    }
