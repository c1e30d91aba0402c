"""A whole run as one value: what was tested, how each case ended, what it comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyndis.contract.finding import Finding, Outcome, Verdict
from pyndis.explore import Coverage

VERDICTS: tuple[Verdict, ...] = ("passed", "failed", "not exercised")


@dataclass(frozen=True)
class Report:
    """`subject`: what the user named; `image`: the file that ran; `seed`: of the concurrent cases, if one was given;
    `preemptions`: up to how many the scenarios were explored, if they were."""

    subject: str
    image: str
    arch: str
    outcomes: tuple[Outcome, ...]
    seconds: float
    seed: int | None = None
    preemptions: int | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not any(each.verdict == "failed" for each in self.outcomes)

    def count(self, verdict: Verdict) -> int:
        """How many cases ended so."""
        return sum(each.verdict == verdict for each in self.outcomes)

    @property
    def coverages(self) -> tuple[Coverage, ...]:
        """Of the scenarios that were explored."""
        return tuple(each.coverage for each in self.outcomes if each.coverage is not None)

    @property
    def findings(self) -> Iterator[tuple[Outcome, Finding]]:
        """What was found, with the case."""
        return ((outcome, finding) for outcome in self.outcomes for finding in outcome.findings)

    @property
    def faults(self) -> dict[str, int]:
        """How many failing calls were tried, by path."""
        return _figures(self.outcomes, "faults")


def _figures(outcomes: tuple[Outcome, ...], what: str) -> dict[str, int]:
    tried = ((each.case.name.partition(".")[2], dict(each.figures)) for each in outcomes if each.case.area == what)
    return {name: figures.get(what, 0) for name, figures in tried}
