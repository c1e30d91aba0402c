"""A verification as SARIF 2.1.0: every rule that was looked at, each breach with its place, and what came out for the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyndis
from pyndis.diagnostics import sarif
from pyndis.verification.results import NOTICE, Defect, RuleResult, Verification

TOOL = "pyndis verification"
_KINDS = {"Pass": "pass", "NotApplicable": "notApplicable", "NotChecked": "open"}


def text(verification: Verification, out: Path, root: Path) -> str:
    """The log. `out` is the output folder, where the generated C lies; places are said from `root`."""
    driver = {
        "name": TOOL,
        "version": pyndis.__version__,
        "fullDescription": {"text": NOTICE},
        "rules": [_rule(each) for each in verification.results],
    }
    results = [
        found for index, each in enumerate(verification.results) for found in _results(each, index, verification, out, root)
    ]
    image = {"image": verification.image, "sha256": verification.digest} if verification.image else {}
    return sarif.log(driver, results, properties={"driver": verification.driver, "version": verification.version, **image}) + "\n"


def _rule(result: RuleResult) -> dict[str, Any]:
    rule = result.rule
    said = {"id": rule.name, "shortDescription": {"text": rule.demand}}
    number = {"driverVerifier": rule.dv} if rule.dv else {}
    return {**said, "properties": {"family": rule.family, **number}}


def _results(result: RuleResult, index: int, verification: Verification, out: Path, root: Path) -> Iterator[dict[str, Any]]:
    name = result.rule.name
    for each in result.defects:
        if each.diagnostic is not None:
            yield sarif.result(each.diagnostic, name, index, root)
        else:
            yield {"ruleId": name, "ruleIndex": index, "kind": "fail", "level": "error", **_seen(each, verification, out, root)}
    if result.result != "Defect":
        said = "; ".join([*([result.reason] if result.reason else []), *result.evidence]) or result.result
        kind = {"kind": _KINDS[result.result], "level": "none"}
        yield {"ruleId": name, "ruleIndex": index, **kind, "message": {"text": said}}


def _seen(defect: Defect, verification: Verification, out: Path, root: Path) -> dict[str, Any]:
    again = [f"again: {defect.again}"] if defect.again else []
    found: dict[str, Any] = {"message": {"text": "\n".join([defect.message, *defect.details, *again])}}
    source = out / f"{verification.driver}.c"
    if defect.line and defect.file == source.name:
        place = {"artifactLocation": sarif.artifact(source, root), "region": {"startLine": defect.line}}
        found["locations"] = [{"physicalLocation": place, "logicalLocations": [{"fullyQualifiedName": defect.place}]}]
    elif verification.image:
        file = sarif.artifact(out / verification.image, root)
        found["locations"] = [{"physicalLocation": {"artifactLocation": file}}]
    return found
