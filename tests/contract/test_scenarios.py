from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from pyndis.contract import Subject, cases
from pyndis.contract.scenarios.elements import ELEMENTS
from pyndis.contract.scenarios.library import COMMON, TRIPLES, groups, scenario
from pyndis.contract.traffic import Traffic
from pyndis.host import Adapter, CommandRefused, Host, Operation
from tests.contract.conftest import Try
from tests.host.conftest import Broken

LATECOMERS = {
    "pause": lambda adapter: adapter.pause(wait=False),
    "power": lambda adapter: adapter.set_power(3, wait=False),
    "removal": lambda adapter: adapter.surprise_remove(wait=False),
    "halt": lambda adapter: adapter.halt(wait=False),
}


def test_there_is_a_scenario_for_every_pair_and_each_element_occurs() -> None:
    names = list(groups())
    assert len(names) == len(set(names)) == len(COMMON) * (len(COMMON) + 1) // 2 + len(TRIPLES)
    assert {each for group in names for each in group} == set(ELEMENTS)
    assert {frozenset((one, two)) for one in COMMON for two in COMMON} <= {frozenset(each) for each in names}


def test_every_scenario_is_a_case() -> None:
    listed = {each.name for each in cases() if each.area == "scenarios"}
    assert listed == {f"scenarios.{'+'.join(each)}" for each in groups()}


def test_a_scenario_can_be_handed_to_another_process(traffic: Traffic, wintun_sys: Path) -> None:
    subject = Subject(wintun_sys, "amd64", traffic)
    for names in groups():
        copy = pickle.loads(pickle.dumps(scenario(subject, names)))
        assert (copy.name, len(copy.actions)) == ("+".join(names), len(names))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["write+return+pause", "read+send+cancel", "send+power+removal", "cancel+kill+halt"])
def test_the_order_of_threads_can_be_chosen_by_a_seed(tried: Try, wintun_sys: Path, name: str, seed: int) -> None:
    outcome = tried(wintun_sys, f"scenarios.{name}", seed=seed)
    assert (outcome.verdict, outcome.findings) == ("passed", ())


def test_a_finding_under_a_seed_is_replayed_by_it(tried: Try, broken: Broken) -> None:
    outcome = tried(broken("WRITE_COMPLETED_EARLY"), "scenarios.write+return", seed=5)
    assert outcome.verdict == "failed"
    assert all(each.replay.endswith("--case scenarios.write+return --seed 5") for each in outcome.findings)


@pytest.mark.parametrize("schedule", [None, "sync@"])
@pytest.mark.parametrize("late", LATECOMERS)
def test_what_comes_while_a_halt_waits_for_packets_does_not_keep_it(
    wintun_sys: Path, traffic: Traffic, schedule: str | None, late: str
) -> None:
    with Host(wintun_sys, schedule=schedule) as host:
        adapter = host.add_adapter(luid_index=7)
        handle = traffic.connect(host.process(), adapter)
        adapter.hold_returns()
        traffic.indicate(handle, [bytes([0x45, *bytes(19)])], True)
        with host.together():
            halt = adapter.halt(wait=False)
        with host.together():
            waiting: Operation = LATECOMERS[late](adapter)
        assert not halt.done
        assert not waiting.done
        adapter.return_held()
        halt.wait()
        with pytest.raises(CommandRefused):
            waiting.wait()


def test_a_write_that_comes_while_the_pause_handler_runs_may_indicate(wintun_sys: Path, traffic: Traffic) -> None:
    with Host(wintun_sys) as host:
        adapter: Adapter = host.add_adapter(luid_index=7)
        handle = traffic.connect(host.process(), adapter)
        hold = host.hold_call("KeAcquireSpinLockRaiseToDpc")
        pause = adapter.pause(wait=False)
        assert hold.reached
        write = traffic.indicate(handle, [bytes([0x45, *bytes(19)])], False)
        assert write.done
        hold.release()
        assert pause.status == 0
