"""A run of the suite from first to last case, watched by people, as a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from pyndis.cli.testing.watching import Watch, watching
from pyndis.contract import Case, Outcome, Subject, run_one
from pyndis.contract.output import exploration
from pyndis.contract.report import Report
from pyndis.contract.scenarios import free
from pyndis.contract.scenarios.exploring import Limits, Progress, explored, replayed


@dataclass(frozen=True)
class Run:
    """`words`: what chooses the subject on a command line; `driver`: what the user called it."""

    cases: Sequence[Case]
    subject: Subject
    words: str
    driver: str

    def whole(self, limits: Limits | None) -> Report:
        """Every case; with `limits` the scenarios are explored, after all others."""
        return self._report(lambda watch: self._outcomes(watch, limits), limits)

    def replayed(self, schedule: str) -> Report:
        """One scenario in the order of threads that the text gives."""
        return self._report(lambda watch: iter([replayed(self.cases, self.subject, self.words, schedule)]), None)

    def _report(self, outcomes: Callable[[Watch], Iterator[Outcome]], limits: Limits | None) -> Report:
        started = time.monotonic()
        found = []
        with watching() as watch:
            for outcome in outcomes(watch):
                watch.ended(outcome)
                found.append(outcome)
        found.sort(key=lambda outcome: self.cases.index(outcome.case))
        return Report(
            self.driver,
            str(self.subject.image),
            self.subject.arch,
            tuple(found),
            time.monotonic() - started,
            self.subject.seed,
            limits.preemptions if limits else None,
        )

    def _outcomes(self, watch: Watch, limits: Limits | None) -> Iterator[Outcome]:
        apart = [each for each in self.cases if limits is not None and each.area == free.AREA.name]
        plain = [each for each in self.cases if each not in apart]
        for done, case in enumerate(plain):
            watch.begins(case, done, len(self.cases))
            yield run_one(case, self.subject, self.words)
        if limits is not None:
            places = count(len(plain))
            yield from explored(apart, self.subject, self.words, limits, lambda case: self._begun(watch, case, next(places)))

    def _begun(self, watch: Watch, case: Case, done: int) -> Progress:
        watch.begins(case, done, len(self.cases))
        return lambda coverage: watch.goes_on(case, done, len(self.cases), exploration.reached(coverage))
