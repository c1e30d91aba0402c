"""A report as JUnit's XML, the form that CI systems show: a suite per area, a case per case.

Written with xml.etree: the format is a dozen element names, and no library for it is small and well kept.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from pyndis.contract.catalogue import AREAS
from pyndis.contract.finding import Finding, Outcome
from pyndis.contract.report import Report

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd]")  # XML 1.0, section 2.2


def document(report: Report) -> bytes:
    """The whole report, UTF-8."""
    root = ElementTree.Element("testsuites", _counts(list(report.outcomes)) | {"name": xml_text(f"pyndis test {report.subject}")})
    for area in AREAS:
        outcomes = [each for each in report.outcomes if each.case.area == area.name]
        if outcomes:
            suite = ElementTree.SubElement(root, "testsuite", {"name": area.name} | _counts(outcomes))
            for outcome in outcomes:
                _case(suite, outcome)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _counts(outcomes: list[Outcome]) -> dict[str, str]:
    return {
        "tests": str(len(outcomes)),
        "failures": str(sum(each.verdict == "failed" for each in outcomes)),
        "errors": "0",
        "skipped": str(sum(each.verdict == "not exercised" for each in outcomes)),
        "time": f"{sum(each.seconds for each in outcomes):.3f}",
    }


def _case(suite: ElementTree.Element, outcome: Outcome) -> None:
    name = outcome.case.name.partition(".")[2]
    said = {"name": name, "classname": outcome.case.area, "time": f"{outcome.seconds:.3f}"}
    case = ElementTree.SubElement(suite, "testcase", said)
    if outcome.verdict == "not exercised":
        ElementTree.SubElement(case, "skipped", {"message": xml_text(outcome.reason)})
    for finding in outcome.findings:
        message = xml_text(f"{finding.rule}: {finding.message}")
        failure = ElementTree.SubElement(case, "failure", {"type": xml_text(finding.rule), "message": message})
        failure.text = xml_text(_details(finding))


def _details(finding: Finding) -> str:
    return "\n".join([*([f"at {finding.place}"] if finding.place else []), *finding.details, f"again: {finding.replay}"])


def xml_text(said: str) -> str:
    """Without what XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", said)
