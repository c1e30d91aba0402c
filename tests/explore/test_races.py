from __future__ import annotations

import pytest

from pyndis.explore import explore, replay, sample
from pyndis.host import DriverFault, Host
from tests.explore.conftest import Choose
from tests.explore.scenes import SCENARIOS

PATIENCE = 600  # seconds for an exploration that ends by itself
RACES = {  # the rule that shows it, and the preemptions that it takes
    "LostUpdate": ("Fault", 1),
    "CheckThenAct": ("Fault", 2),
    "LostWakeup": ("LostWakeup", 1),
    "CancelRace": ("DoubleCompletion", 1),
}


def rules_of(scene: str, choose: Choose, schedule: str) -> set[str]:
    return {each.rule for each in replay(choose(f"breaks {scene}"), SCENARIOS[scene], schedule)}


@pytest.mark.parametrize("scene", RACES)
def test_a_race_is_not_seen_without_preemptions(scene: str, choose: Choose) -> None:
    coverage = explore(choose(f"breaks {scene}"), SCENARIOS[scene], preemptions=0, seconds=PATIENCE)
    assert coverage.complete and coverage.bound == 0
    assert coverage.failures == ()


@pytest.mark.parametrize("scene", RACES)
def test_a_race_is_found_with_the_preemptions_it_takes(scene: str, choose: Choose) -> None:
    rule, preemptions = RACES[scene]
    (failure,) = explore(choose(f"breaks {scene}"), SCENARIOS[scene], preemptions=2, seconds=PATIENCE).failures
    assert rule in {each.rule for each in failure.violations}
    assert failure.preemptions == preemptions


@pytest.mark.parametrize("scene", RACES)
def test_a_race_is_replayed_from_its_text(scene: str, choose: Choose) -> None:
    image = choose(f"breaks {scene}")
    (failure,) = explore(image, SCENARIOS[scene], preemptions=2, seconds=PATIENCE).failures
    again = [replay(image, SCENARIOS[scene], failure.schedule) for _ in range(2)]
    assert again[0] == again[1] == list(failure.violations)


@pytest.mark.parametrize("scene", RACES)
def test_a_race_is_found_by_chance_and_replayed_from_its_seed(scene: str, choose: Choose) -> None:
    image = choose(f"breaks {scene}")
    (failure,) = sample(image, SCENARIOS[scene], range(1000), seconds=PATIENCE).failures
    assert failure.schedule.startswith("seed:")
    assert replay(image, SCENARIOS[scene], failure.schedule) == list(failure.violations)


@pytest.mark.parametrize("scene", RACES)
def test_the_sound_driver_is_explored_to_the_end(scene: str, choose: Choose) -> None:
    coverage = explore(choose(f"keeps {scene}"), SCENARIOS[scene], preemptions=2, seconds=PATIENCE)
    assert coverage.complete and coverage.bound == 2
    assert coverage.failures == ()


@pytest.mark.parametrize("scene", RACES)
def test_the_reduction_leaves_out_no_order_of_events(scene: str, choose: Choose) -> None:
    image = choose(f"keeps {scene}")
    exact = explore(image, SCENARIOS[scene], preemptions=2, seconds=PATIENCE, reduce=False)
    reduced = explore(image, SCENARIOS[scene], preemptions=2, seconds=PATIENCE)
    assert exact.complete and reduced.complete
    assert reduced.classes == exact.classes
    assert reduced.schedules <= exact.schedules


@pytest.mark.parametrize(("preemptions", "schedules"), [(0, 2), (1, 6), (2, 14), (3, 18), (4, 20), (5, 20)])
def test_every_interleaving_is_run_once(preemptions: int, schedules: int, choose: Choose) -> None:
    # Two threads of three parts each: before the lock, from there to the completion, the rest. 20 = (6 over 3) orders in all.
    coverage = explore(choose("keeps Toy"), SCENARIOS["Toy"], preemptions=preemptions, seconds=PATIENCE, reduce=False)
    assert coverage.complete
    assert coverage.schedules == schedules


def test_what_is_not_protected_at_all_shows_where_each_access_is_a_point(choose: Choose) -> None:
    image, scenario = choose("breaks Unprotected"), SCENARIOS["Unprotected"]
    assert explore(image, scenario, preemptions=2, seconds=PATIENCE).failures == ()
    (failure,) = explore(image, scenario, preemptions=1, seconds=PATIENCE, points="memory").failures
    assert failure.schedule.startswith("memory@")
    assert failure.preemptions == 1
    assert replay(image, scenario, failure.schedule) == list(failure.violations)


def test_what_is_protected_is_sound_where_each_access_is_a_point(choose: Choose) -> None:
    image, scenario = choose("keeps Unprotected"), SCENARIOS["Unprotected"]
    reduced = explore(image, scenario, preemptions=1, seconds=PATIENCE, points="memory")
    exact = explore(image, scenario, preemptions=1, seconds=PATIENCE, points="memory", reduce=False)
    assert reduced.complete and exact.complete
    assert reduced.failures == exact.failures == ()
    assert reduced.classes == exact.classes


def test_threads_that_wait_for_each_others_locks_are_reported(choose: Choose) -> None:
    coverage = explore(choose("breaks Deadlock"), SCENARIOS["Deadlock"], preemptions=1, seconds=PATIENCE, all_failures=True)
    assert "deadlock" in {each.kind for failure in coverage.failures for each in failure.violations}


def test_a_loop_that_nobody_can_end_is_reported(choose: Choose) -> None:
    broken = replay(choose("breaks Livelock"), SCENARIOS["Livelock"], "sync@")
    assert [each.kind for each in broken] == ["livelock"]


def test_a_loop_that_waits_for_another_thread_lets_it_run(choose: Choose) -> None:
    coverage = explore(choose("keeps SpinByHand"), SCENARIOS["SpinByHand"], preemptions=2, seconds=PATIENCE)
    assert coverage.complete
    assert coverage.failures == ()


def test_a_host_with_the_text_of_a_schedule_breaks_the_rule_in_the_same_calls(choose: Choose) -> None:
    image, scenario = choose("breaks LostUpdate"), SCENARIOS["LostUpdate"]
    (failure,) = explore(image, scenario, preemptions=1, seconds=PATIENCE).failures
    with pytest.raises(DriverFault) as broken, Host(image, schedule=failure.schedule) as host:
        clients = scenario.prepare(host)
        with host.together():
            for action in scenario.actions:
                action(clients)
        scenario.finish(clients)
    assert failure.schedule in broken.value.diagnostics[0].notes[0]
