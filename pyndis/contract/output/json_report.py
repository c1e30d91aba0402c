"""A report as JSON: the shape is in `data/report.schema.json`, and in docs/testing.md for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pyndis.contract.finding import Finding, Outcome
from pyndis.contract.report import VERDICTS, Report
from pyndis.explore import Coverage

SCHEMA = Path(__file__).parents[1] / "data" / "report.schema.json"
VERSION = 1


def text(report: Report) -> str:
    """The whole report, as indented JSON."""
    return json.dumps(value(report), indent=2)


def value(report: Report) -> dict[str, Any]:
    """The whole report, as what `json` writes."""
    return {
        "version": VERSION,
        "subject": report.subject,
        "image": report.image,
        "arch": report.arch,
        "seed": report.seed,
        "preemptions": report.preemptions,
        "seconds": round(report.seconds, 3),
        "passed": report.passed,
        "totals": {verdict.replace(" ", "_"): report.count(verdict) for verdict in VERDICTS},
        "faults": report.faults,
        "cases": [_case(each) for each in report.outcomes],
    }


def _case(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.case.name,
        "area": outcome.case.area,
        "claim": outcome.case.claim,
        "contract": list(outcome.case.contract),
        "verdict": outcome.verdict,
        "seconds": round(outcome.seconds, 3),
        "reason": outcome.reason,
        "figures": dict(outcome.figures),
        "coverage": _coverage(outcome.coverage) if outcome.coverage else None,
        "findings": [_finding(each) for each in outcome.findings],
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "schedules": coverage.schedules,
        "choices": coverage.choices,
        "classes": coverage.classes,
        "pruned": coverage.pruned,
        "bound": coverage.bound,
        "complete": coverage.complete,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "message": finding.message,
        "place": finding.place,
        "details": [line for each in finding.details for line in each.splitlines()],
        "replay": finding.replay,
        "schedule": finding.schedule,
    }
