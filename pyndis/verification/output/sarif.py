"""A verification as SARIF 2.1.0: the breaches are its results; what came out for a rule stands with the rule.

Rules that hold are no results, though SARIF has kinds for that: code hosts show every result as a finding, and refuse a log with
one that has no place.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyndis
from pyndis.diagnostics import Label, sarif
from pyndis.verification.results import NOTICE, Defect, RuleResult, Verification

TOOL = "pyndis verification"


def text(verification: Verification, out: Path, root: Path) -> str:
    """The log. `out` is the output folder, where the generated C lies; places are said from `root`."""
    it = verification
    driver = {
        "name": TOOL,
        "version": pyndis.__version__,
        "fullDescription": {"text": NOTICE},
        "rules": [_rule(each) for each in it.results],
    }
    results = [found for index, each in enumerate(it.results) for found in _results(each, index, it, out, root)]
    image = {"image": it.image, "sha256": it.digest} if it.image else {}
    more = {"invocations": [_invocation(it)], "properties": {"driver": it.driver, "version": it.version, **image}}
    return sarif.log(driver, results, more=more) + "\n"


def _rule(result: RuleResult) -> dict[str, Any]:
    rule = result.rule
    known = {"driverVerifier": rule.dv, "reason": result.reason, "evidence": list(result.evidence)}
    properties = {"family": rule.family, "result": result.result, **{key: value for key, value in known.items() if value}}
    return {"id": rule.name, "shortDescription": {"text": rule.demand}, "properties": properties}


def _invocation(verification: Verification) -> dict[str, Any]:
    """That it ran, and what it did not get to."""
    notes = [
        {"level": "note", "message": {"text": f"{each.rule.name} was not checked: {each.reason}"}}
        for each in verification.results
        if each.result == "NotChecked"
    ]
    return {"executionSuccessful": bool(verification.image), "toolExecutionNotifications": notes}


def _results(result: RuleResult, index: int, verification: Verification, out: Path, root: Path) -> Iterator[dict[str, Any]]:
    name = result.rule.name
    for each in result.defects:
        places = {"locations": [_somewhere(verification, out, root)]}
        if each.diagnostic is not None:
            yield {**places, **sarif.result(each.diagnostic, name, index, root)}
        else:
            yield {"ruleId": name, "ruleIndex": index, "level": "error", **places, **_seen(each, verification, out, root)}


def _somewhere(verification: Verification, out: Path, root: Path) -> dict[str, Any]:
    """The place of what has no better one: the image, or the C that it would have been made of."""
    file = out / (verification.image or f"{verification.driver}.c")
    return {"physicalLocation": {"artifactLocation": sarif.artifact(file, root)}}


def _seen(defect: Defect, verification: Verification, out: Path, root: Path) -> dict[str, Any]:
    again = [f"again: {defect.again}"] if defect.again else []
    found: dict[str, Any] = {"message": {"text": "\n".join([defect.message, *defect.details, *again])}}
    source = out / f"{verification.driver}.c"
    places = [sarif.location(Label(defect.python), root)] if defect.python else []
    if defect.line and defect.file == source.name:
        place = {"artifactLocation": sarif.artifact(source, root), "region": {"startLine": defect.line}}
        places.append({"physicalLocation": place, "logicalLocations": [{"fullyQualifiedName": defect.place}]})
    if places:
        found["locations"] = places[:1]
    if places[1:]:
        found["relatedLocations"] = [{"id": number, **place} for number, place in enumerate(places[1:], 1)]
    return found
