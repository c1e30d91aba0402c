"""A verification as JSON, and back: the shape is in `report.schema.json` beside this file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pyndis.verification.results import NOTICE, RESULTS, Defect, RuleResult, Verification
from pyndis.verification.rules import FAMILIES, Rule, described

SCHEMA = Path(__file__).with_name("report.schema.json")
VERSION = 1
_SAME = ("driver", "version", "arch", "config", "image", "functions", "cases", "schedules", "preemptions", "tools")


def text(verification: Verification) -> str:
    """The whole of it, as indented JSON."""
    return json.dumps(value(verification), indent=1, ensure_ascii=False) + "\n"


def value(verification: Verification) -> dict[str, Any]:
    """The whole of it, as what `json` writes."""
    it = verification
    return {
        "format": VERSION,
        "notice": NOTICE,
        "driver": it.driver,
        "version": it.version,
        "arch": it.arch,
        "config": it.config,
        "image": it.image,
        "sha256": it.digest,
        "passed": it.passed,
        "selected": list(it.selected),
        "functions": it.functions,
        "unsafe": list(it.unsafe),
        "cases": dict(it.cases),
        "schedules": it.schedules,
        "preemptions": it.preemptions,
        "tools": dict(it.tools),
        "totals": {result: it.count(result) for result in RESULTS},
        "rules": [_result(each) for each in it.results],
    }


def _result(result: RuleResult) -> dict[str, Any]:
    return {
        "family": result.rule.family,
        "rule": result.rule.name,
        "demand": result.rule.demand,
        "driver_verifier": result.rule.dv,
        "result": result.result,
        "reason": result.reason,
        "evidence": list(result.evidence),
        "defects": [_defect(each) for each in result.defects],
    }


def _defect(defect: Defect) -> dict[str, Any]:
    return {
        "message": defect.message,
        "place": defect.place,
        "file": defect.file,
        "line": defect.line,
        "case": defect.case,
        "details": list(defect.details),
        "again": defect.again,
    }


def read(text: str) -> Verification:
    """What `text` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    data = json.loads(text)
    if data["format"] != VERSION:
        raise ValueError("another version of the format")
    return Verification(
        **{name: data[name] for name in _SAME},
        digest=data["sha256"],
        results=tuple(_read_result(each) for each in data["rules"]),
        unsafe=tuple(data["unsafe"]),
        selected=tuple(data["selected"]),
    )


def _read_result(data: dict[str, Any]) -> RuleResult:
    defects = tuple(Defect(**{**each, "details": tuple(each["details"])}) for each in data["defects"])
    return RuleResult(_read_rule(data), data["result"], data["reason"], tuple(data["evidence"]), defects)


def _read_rule(data: dict[str, Any]) -> Rule:
    known = described(data["family"]).get(data["rule"]) if data["family"] in FAMILIES else None
    return known or Rule(data["family"], data["rule"], data["demand"], "", dv=data["driver_verifier"])
