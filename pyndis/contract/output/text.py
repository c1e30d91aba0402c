"""A report in words: each area in a line, each finding at length, then the sum."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from pyndis.contract.catalogue import AREAS
from pyndis.contract.faults import paths
from pyndis.contract.finding import Finding, Outcome, Verdict
from pyndis.contract.output import exploration
from pyndis.contract.report import VERDICTS, Report

_WIDTH = 34  # of an area's title
_PAGE = 120
_DETAILS = 40  # lines of one finding


def lines(report: Report) -> Iterator[str]:
    """The whole report."""
    yield f"{report.subject}: {report.image} ({report.arch})"
    yield ""
    for area in AREAS:
        outcomes = [each for each in report.outcomes if each.case.area == area.name]
        if outcomes:
            yield from _area(area.title, outcomes)
        if outcomes and area is paths.AREA:
            yield f"    tried: {', '.join(f'{name} {count}' for name, count in report.faults.items())}"
    if report.coverages:
        yield from exploration.lines(report)
    yield from _findings(report)
    yield ""
    yield _total(report)


def _area(title: str, outcomes: list[Outcome]) -> Iterator[str]:
    counted = [(verdict, sum(each.verdict == verdict for each in outcomes)) for verdict in VERDICTS]
    said = ", ".join(f"{count} {verdict}" for verdict, count in counted if count)
    figures = _figures(outcomes)
    yield f"  {title:{_WIDTH}} {said}{figures and f' ({figures})'}"
    for reason in dict.fromkeys(each.reason for each in outcomes if each.verdict == "not exercised"):
        names = ", ".join(each.case.name for each in outcomes if each.reason == reason)
        yield f"    not exercised: {reason}"
        yield from wrap(names, _PAGE, initial_indent="      ", subsequent_indent="      ", break_on_hyphens=False)


def _figures(outcomes: list[Outcome]) -> str:
    sums: dict[str, int] = {}
    for outcome in outcomes:
        for what, count in outcome.figures:
            sums[what] = sums.get(what, 0) + count
    return ", ".join(f"{count:,} {what}" for what, count in sums.items() if count)


def _findings(report: Report) -> Iterator[str]:
    for outcome in report.outcomes:
        if outcome.verdict == "failed":
            yield ""
            yield f"FAILED {outcome.case.name}: {outcome.case.claim} ({', '.join(outcome.case.contract)})"
            for finding in outcome.findings:
                yield from _finding(finding)


def _finding(finding: Finding) -> Iterator[str]:
    yield f"  {finding.rule}: {finding.message}"
    if finding.place:
        yield f"    at {finding.place}"
    details = [line for each in finding.details for line in each.splitlines()]
    yield from (f"  {line}" for line in details[:_DETAILS])
    if len(details) > _DETAILS:
        yield f"    and {len(details) - _DETAILS} lines more, which --json has"
    yield f"    again: {finding.replay}"


def _total(report: Report) -> str:
    said = ", ".join(f"{report.count(verdict)} {verdict}" for verdict in VERDICTS)
    found = sum(len(each.findings) for each in report.outcomes)
    return f"{len(report.outcomes)} cases: {said}; {found} findings; {report.seconds:.1f} s"


def line(outcome: Outcome) -> str:
    """One case, as it ends."""
    marks: dict[Verdict, str] = {"passed": "ok", "failed": "FAILED", "not exercised": "not exercised"}
    rules = ", ".join(dict.fromkeys(each.rule for each in outcome.findings))
    covered = f"; {exploration.reached(outcome.coverage)}" if outcome.coverage else ""
    return f"{marks[outcome.verdict]:13} {outcome.case.name} ({outcome.seconds:.2f} s{covered}){rules and f': {rules}'}"
