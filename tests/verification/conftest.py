"""Drivers with mistakes, and values that stand for what a run of the suite gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pyndis import contract
from pyndis.contract import Case, Finding, Outcome
from pyndis.contract.traffic import load
from pyndis.host import Counted
from pyndis.verification.image import image_of
from pyndis.verification.judge import Judge
from pyndis.verification.observed import Run
from pyndis.verification.results import RuleResult, Verification
from pyndis.verification.rules import Rule, every
from tests.contract.conftest import CLIENT
from tests.host.conftest import broken, broken_image, tun_arch, tun_image
from tests.host.rules.conftest import choose, probe_image

__all__ = ["broken", "broken_image", "choose", "probe_image", "tun_arch", "tun_image"]

Verify = Callable[..., dict[str, RuleResult]]


def rule(name: str) -> Rule:
    """A rule of the tables; of namesakes the last."""
    return [each for each in every() if each.name == name][-1]


def outcome(
    *findings: Finding, calls: dict[str, int] | None = None, entries: dict[str, int] | None = None, about: tuple[str, ...] = ()
) -> Outcome:
    """How a case ended that is about these paragraphs, with what the driver did in it."""
    case = Case("area.case", "what holds", about, lambda bench: None)
    counted = Counted(Counter(calls or {}), Counter(entries or {}))
    return Outcome(case, "failed" if findings else "passed", 0.1, findings, counted=counted)


def verification(results: Sequence[RuleResult]) -> Verification:
    """Around these results."""
    return Verification(
        driver="tun",
        version="1.2.3.4",
        arch="amd64",
        config="Release",
        image="amd64/Release/tun/tun.sys",
        digest="0" * 64,
        results=tuple(results),
        cases={"passed": 1, "failed": 1},
        functions=7,
        tools={"pyndis": "0"},
    )


@pytest.fixture
def verified() -> Verify:
    """Run cases on an image without sources; the results by rule."""

    def verify(image: Path, *cases: str, rules: Sequence[Rule] = ()) -> dict[str, RuleResult]:
        subject = contract.Subject(image, "amd64", load(CLIENT), cycles=10, counting=True)
        outcomes = [contract.run_one(each, subject, image.name) for each in contract.chosen(contract.cases(), cases)]
        judge = Judge(list(rules) or every(), None, image_of(image), Run(outcomes))
        return {each.rule.name: each for each in judge.results()}

    return verify
