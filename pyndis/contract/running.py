"""Runs cases, each in hosts of its own, and turns whatever happens into outcomes."""

from __future__ import annotations

import fnmatch
import shlex
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pyndis.contract.bench import Bench, Subject
from pyndis.contract.case import Case, NotExercised
from pyndis.contract.finding import Outcome, Verdict
from pyndis.contract.judging import judged
from pyndis.diagnostics import Diagnostic, UsageFailure
from pyndis.host import DriverFault, Host, RuleBroken


def chosen(cases: Iterable[Case], patterns: Sequence[str]) -> list[Case]:
    """The cases that a pattern names (`oids.*`; an area's name stands for all of it), or all. Raises UsageFailure (PYN-J01)."""
    every = list(cases)
    for pattern in patterns:
        if not any(_matches(case, pattern) for case in every):
            help = "pyndis test --list shows the cases; * stands for anything"
            raise UsageFailure(Diagnostic("PYN-J01", f"--case {pattern}: no case has such a name", help=help))
    return [case for case in every if not patterns or any(_matches(case, pattern) for pattern in patterns)]


def _matches(case: Case, pattern: str) -> bool:
    return fnmatch.fnmatchcase(case.name, pattern) or case.area == pattern


def must_load(image: Path) -> None:
    """Raises DriverFailure for a file that no case can run: PYN-H01 it is no image for this host, PYN-H02 imports are missing."""
    with suppress(RuleBroken, DriverFault), Host(image):
        pass  # what DriverEntry does wrong is for the cases to say


def run_one(case: Case, subject: Subject, name: str) -> Outcome:
    """One case. `name` is how the user named the subject, for the command that runs it again.

    What the driver does wrong is in the outcome; what pyndis does wrong is raised.
    """
    bench = Bench(subject, case.concurrent)
    started = time.monotonic()
    reason = ""
    try:
        with judged(bench):
            case.run(bench)
    except NotExercised as skipped:
        reason = str(skipped)
    verdict: Verdict = "failed" if bench.findings else "not exercised" if reason else "passed"
    replayed = tuple(replace(each, replay=each.replay or replay(case, subject, name, each.schedule)) for each in bench.findings)
    return Outcome(
        case, verdict, time.monotonic() - started, replayed, reason, tuple(bench.figures.items()), counted=bench.counted
    )


def replay(case: Case, subject: Subject, name: str, schedule: str = "") -> str:
    """The command that runs this case again in the same way."""
    words = ["pyndis test", name, f"--case {case.name}"]
    if schedule:
        words.append(f"--replay {shlex.quote(schedule)}")
    elif case.concurrent and subject.seed is not None:
        words.append(f"--seed {subject.seed}")
    return " ".join(words)
