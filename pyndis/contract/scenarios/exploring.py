"""The scenarios explored: every order of threads up to a number of preemptions, as far as the time goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pyndis.contract.bench import Subject
from pyndis.contract.case import Case, NotExercised
from pyndis.contract.finding import Finding, Outcome, Verdict, finding_of
from pyndis.contract.running import replay as command_for
from pyndis.contract.scenarios.free import AREA, elements_of
from pyndis.contract.scenarios.library import scenario
from pyndis.diagnostics import Diagnostic, UsageFailure
from pyndis.explore import Coverage, Scenario, explore, replay
from pyndis.explore.outcome import run
from pyndis.host import Violation

Progress = Callable[[Coverage], None]

_NO_PREEMPTION = "sync@"
_WORTH_WHILE = 1.2  # an exploration begins anew, so it must get further than the last one did

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """`preemptions`: up to how many are tried; `seconds` of real time for all scenarios together; `workers`: processes."""

    preemptions: int = 2
    seconds: float = 480.0
    workers: int = 2


def explored(
    cases: Sequence[Case], subject: Subject, name: str, limits: Limits, begins: Callable[[Case], Progress]
) -> Iterator[Outcome]:
    """One outcome for each scenario, those with few orders of threads first.

    Each gets its share of the time that is left, so what one does not need goes to those after it. Those that were not finished
    share what is left in the end, if it is more than they had. `name` is how the user named the subject; `begins` is told of each
    case before it runs, and gives what hears of its progress.
    """
    end = time.monotonic() + limits.seconds
    sizes: dict[str, int] = {}
    for case in cases:
        try:
            sizes[case.name] = _size(subject, scenario(subject, elements_of(case)))
        except NotExercised as skipped:
            yield Outcome(case, "not exercised", 0.0, reason=str(skipped))
    order = sorted((case for case in cases if case.name in sizes), key=lambda case: sizes[case.name])
    unfinished: list[Outcome] = []
    for case, share in _shares(order, end):
        outcome = _explored(case, subject, name, replace(limits, seconds=share), begins(case))
        if _finished(outcome):
            yield outcome
        else:
            unfinished.append(outcome)
    for outcome, share in _shares(unfinished, end):
        if share > outcome.seconds * _WORTH_WHILE:
            again = _explored(outcome.case, subject, name, replace(limits, seconds=share), begins(outcome.case))
            outcome = replace(again, seconds=outcome.seconds + again.seconds)
        yield outcome


def _shares(things: Sequence[T], end: float) -> Iterator[tuple[T, float]]:
    """Each with its share of the time, in seconds, that is left when its turn comes."""
    for done, each in enumerate(things):
        yield each, max(0.0, end - time.monotonic()) / (len(things) - done)


def _finished(outcome: Outcome) -> bool:
    return outcome.coverage is None or outcome.coverage.complete or outcome.verdict == "failed"


def _size(subject: Subject, what: Scenario) -> int:
    """How many choices there are when nobody is preempted: what the number of orders grows with. Raises NotExercised."""
    return len(run(subject.image, what, _NO_PREEMPTION, {}).record.choices)


def _explored(case: Case, subject: Subject, name: str, limits: Limits, progress: Progress) -> Outcome:
    what = scenario(subject, elements_of(case))
    started = time.monotonic()
    coverage = explore(
        subject.image,
        what,
        preemptions=limits.preemptions,
        seconds=limits.seconds,
        workers=limits.workers,
        progress=progress,
    )
    findings = tuple(
        _finding(each, case, subject, name, found.schedule) for found in coverage.failures for each in found.violations
    )
    return Outcome(case, _verdict(findings), time.monotonic() - started, findings, coverage=coverage)


def _verdict(findings: tuple[Finding, ...]) -> Verdict:
    return "failed" if findings else "passed"


def replayed(cases: Sequence[Case], subject: Subject, name: str, schedule: str) -> Outcome:
    """One scenario in the order that the text of a schedule gives. Raises UsageFailure (PYN-J05) unless it is one scenario."""
    if len(cases) != 1 or cases[0].area != AREA.name:
        help = "add --case with the scenario's name, as the report of the finding has it"
        raise UsageFailure(Diagnostic("PYN-J05", f"--replay wants one scenario; {len(cases)} cases are chosen", help=help))
    (case,) = cases
    started = time.monotonic()
    violations = replay(subject.image, scenario(subject, elements_of(case)), schedule)
    findings = tuple(_finding(each, case, subject, name, schedule) for each in violations)
    return Outcome(case, _verdict(findings), time.monotonic() - started, findings)


def _finding(violation: Violation, case: Case, subject: Subject, name: str, schedule: str) -> Finding:
    return replace(finding_of(violation), replay=command_for(case, subject, name, schedule), schedule=schedule)
