from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis.contract import Outcome, Subject, cases, chosen
from pyndis.contract.scenarios.exploring import Limits, explored, replayed
from pyndis.contract.traffic import Traffic
from pyndis.diagnostics import UsageFailure
from tests.host.conftest import Broken

PATIENCE = 120.0

Explore = Callable[..., list[Outcome]]


@pytest.fixture
def exploring(traffic: Traffic) -> Explore:
    def run(image: Path, *names: str, seconds: float = PATIENCE, client: bool = True) -> list[Outcome]:
        subject = Subject(image, "amd64", traffic if client else None)
        wanted = chosen(cases(), [f"scenarios.{name}" for name in names])
        return list(explored(wanted, subject, image.name, Limits(seconds=seconds), lambda case: lambda coverage: None))

    return run


def test_a_sound_driver_is_explored_to_the_bound(exploring: Explore, wintun_sys: Path) -> None:
    outcomes = exploring(wintun_sys, "return+pause", "pause+power", "restart+restart")
    assert [each.verdict for each in outcomes] == ["passed"] * 3
    for outcome in outcomes:
        assert outcome.coverage is not None
        assert (outcome.coverage.complete, outcome.coverage.bound) == (True, 2)
        assert outcome.coverage.schedules >= outcome.coverage.classes > 1


def test_the_smallest_scenarios_come_first(exploring: Explore, wintun_sys: Path) -> None:
    outcomes = exploring(wintun_sys, "send+removal", "pause+restart", "send+pause", seconds=3)
    names = [each.case.name for each in outcomes]
    assert (names[0], names[-1]) == ("scenarios.pause+restart", "scenarios.send+removal")


def test_what_the_time_does_not_do_for_is_not_called_complete(exploring: Explore, wintun_sys: Path) -> None:
    (outcome,) = exploring(wintun_sys, "send+cancel-send+halt", seconds=0.5)
    assert outcome.coverage is not None
    assert not outcome.coverage.complete


def test_a_scenario_that_needs_a_client_is_not_explored_without_one(exploring: Explore, wintun_sys: Path) -> None:
    (outcome,) = exploring(wintun_sys, "write+return", client=False)
    assert (outcome.verdict, outcome.coverage) == ("not exercised", None)
    assert "traffic file" in outcome.reason


def test_a_race_is_found_and_its_schedule_shows_it_again(exploring: Explore, traffic: Traffic, broken: Broken) -> None:
    image = broken("PAUSE_LOST")
    (outcome,) = exploring(image, "return+pause")
    assert outcome.verdict == "failed"
    found = next(each for each in outcome.findings if each.rule == "PauseNeverCompletes")
    assert f"--case scenarios.return+pause --replay {found.schedule}" in found.replay.replace("'", "")
    subject = Subject(image, "amd64", traffic)
    again = replayed([outcome.case], subject, image.name, found.schedule)
    assert "PauseNeverCompletes" in {each.rule for each in again.findings}
    sound = replayed([outcome.case], subject, image.name, "sync@")
    assert sound.verdict == "passed"


def test_a_schedule_belongs_to_one_scenario(traffic: Traffic, wintun_sys: Path) -> None:
    subject = Subject(wintun_sys, "amd64", traffic)
    for wrong in (list(cases()), chosen(cases(), ["life.once"])):
        with pytest.raises(UsageFailure) as refused:
            replayed(wrong, subject, "wintun.sys", "sync@")
        assert refused.value.diagnostics[0].code == "PYN-J05"
