"""Which rules are broken: findings of the contract suite and diagnostics of the compiler, under the official names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pyndis.contract.finding import Finding, Outcome
from pyndis.diagnostics import Diagnostic
from pyndis.verification.observed import Compilation, Image, Run, matching
from pyndis.verification.results import Defect
from pyndis.verification.rules import Rule, every

OTHER = "other"
"""The family of what is broken and stands in no table: the host's own names, paragraphs of the contract, diagnostics."""

_NAMED = re.compile(r"^rule (\w+)")
_C_PLACE = re.compile(r"\((?P<file>[^()]+):(?P<line>\d+)\)$")
_C = ".c"  # with --line-directives the symbols name the Python themselves

Broken = dict[Rule, list[Defect]]


def broken(rules: Sequence[Rule], compiled: Compilation | None, image: Image | None, run: Run | None) -> Broken:
    """The rules that are broken, with each breach."""
    found: Broken = defaultdict(list)
    for diagnostic in compiled.diagnostics if compiled else ():
        for rule in _of_diagnostic(rules, diagnostic):
            found[rule].append(_refused(diagnostic))
    for outcome, finding in _findings(run.outcomes if run else ()):
        for rule in _of_finding(rules, image, outcome, finding):
            found[rule].append(_seen(outcome, finding, compiled))
    return found


def _findings(outcomes: Iterable[Outcome]) -> Iterator[tuple[Outcome, Finding]]:
    return ((outcome, finding) for outcome in outcomes for finding in outcome.findings)


def _of_diagnostic(rules: Sequence[Rule], diagnostic: Diagnostic) -> list[Rule]:
    """Those that a note names; else those that its code stands for; else one of the code itself."""
    named = {match[1] for note in diagnostic.notes if (match := _NAMED.match(note))}
    listed = [rule for rule in rules if diagnostic.code in rule.compile_time]
    chosen = [rule for rule in rules if rule.name in named] or [rule for rule in every() if rule.name in named]
    chosen = chosen or ([] if named else listed)
    return chosen or [Rule(OTHER, diagnostic.code, "The driver compiles without an error.", "")]


def _of_finding(rules: Sequence[Rule], image: Image | None, outcome: Outcome, finding: Finding) -> list[Rule]:
    name = finding.rule.partition(":")[0]
    return (
        _called(rules, image, name)
        or _called(every(), image, name)
        or [Rule(OTHER, name, f"{outcome.case.claim[0].upper()}{outcome.case.claim[1:]}.", "")]
    )


def _called(rules: Sequence[Rule], image: Image | None, name: str) -> list[Rule]:
    """The rules that the host reports under this name; also one that was not asked for is broken when it is."""
    chosen = _applicable([rule for rule in rules if rule.name == name], image)
    return [*chosen, *(rule for rule in rules if name in rule.reported_as and rule.name != name)]


def _applicable(namesakes: list[Rule], image: Image | None) -> list[Rule]:
    """Of rules of the same name in two families, those about calls that the driver makes."""
    if len(namesakes) < 2 or image is None:
        return namesakes
    return [rule for rule in namesakes if matching(image.imports, rule.calls)] or namesakes


def _refused(diagnostic: Diagnostic) -> Defect:
    span = diagnostic.labels[0].span if diagnostic.labels else None
    return Defect(
        f"{diagnostic.code}: {diagnostic.message}",
        place=str(span) if span else "",
        details=diagnostic.notes,
        diagnostic=diagnostic,
    )


def _seen(outcome: Outcome, finding: Finding, compiled: Compilation | None) -> Defect:
    place = _C_PLACE.search(finding.place)
    line = int(place["line"]) if place else 0
    python = compiled.places.get(line) if compiled and place and place["file"].endswith(_C) else None
    return Defect(
        finding.message,
        place=f"{python.file.name}:{python.line}, {finding.place}" if python else finding.place,
        python=python,
        file=place["file"] if place else "",
        line=line,
        case=outcome.case.name,
        details=tuple(line for each in finding.details for line in each.splitlines()),
        again=finding.replay,
    )


def others(found: Mapping[Rule, list[Defect]], rules: Sequence[Rule]) -> list[Rule]:
    """The broken ones that are none of these rules."""
    return [rule for rule in found if rule not in rules]
