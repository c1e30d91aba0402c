from __future__ import annotations

import re

import pytest

from pyndis.contract import Finding, Outcome
from tests.contract.conftest import Try
from tests.host.conftest import Broken

BROKEN = [
    ("POOL_LEAK", "life.load", "PoolLeak"),
    ("NO_DEREGISTER", "life.load", "NdisMDeregisterMiniportDriver"),
    ("TIMER_ARMED", "life.once", "CancelTimerObject"),
    ("GROWS", "life.cycles", "NM-30"),
    ("INITIALIZE_LEAK", "faults.initialize", "NM-16"),
    ("UNCHECKED_ALLOCATION", "faults.write", "Fault:access"),
    ("PAUSE_EARLY", "pause.receives-out", "NM-28"),
    ("PAUSE_FAILS", "pause.idle", "MiniportPause_Return"),
    ("PAUSE_NEVER", "pause.receives-out", "PauseNeverCompletes"),
    ("OID_NEVER_COMPLETED", "oids.mandatory", "NdisTimedOidComplete"),
    ("OID_COMPLETED_TWICE", "oids.mandatory", "NdisOidDoubleComplete"),
    ("OID_WRONG_BYTES", "oids.mandatory", "OidBytes"),
    ("OID_WRONG_NEED", "oid-lengths.query", "NM-61"),
    ("SEND_COMPLETED_TWICE", "sends.taken", "NdisMSendNetBufferListsComplete"),
    ("SEND_WRONG_STATUS", "pause.sends-refused", "NM-29"),
    ("NO_AGEING", "sends.open", "NdisTimedDataSend"),
    ("CANCEL_MISSES", "cancels.hit", "NM-49"),
    ("WRITE_COMPLETED_EARLY", "receives.orders", "CompletionWhileLent"),
    ("WRITE_COMPLETED_TWICE", "receives.inline", "DoubleCompletion"),
    ("WRITE_NEVER_COMPLETED", "receives.orders", "NM-57"),
    ("MDL_LEAK", "receives.inline", "PartialMdlOutlivesSource"),
    ("NBL_FREED_TWICE", "receives.inline", "NdisFreeNetBufferList"),
    ("READ_RETURNS_SUCCESS", "sends.waiting-client", "IrpProcessingComplete"),
    ("CLEANUP_KEEPS_READS", "devices.reads", "CompleteRequest"),
    ("HANDLE_LEAK", "removal.halt-busy", "PoolLeak"),
]


def rules(outcome: Outcome) -> set[str]:
    return {each.rule for each in outcome.findings}


@pytest.mark.parametrize(("mistake", "case", "rule"), BROKEN, ids=[each[0].lower() for each in BROKEN])
def test_a_mistake_fails_the_case_by_its_rule(tried: Try, broken: Broken, mistake: str, case: str, rule: str) -> None:
    outcome = tried(broken(mistake), case)
    assert outcome.verdict == "failed"
    assert rule in rules(outcome)


def only(outcome: Outcome, rule: str) -> Finding:
    return next(each for each in outcome.findings if each.rule == rule)


def test_a_finding_names_the_place_and_the_command_that_shows_it_again(tried: Try, broken: Broken) -> None:
    image = broken("SEND_COMPLETED_TWICE")
    found = only(tried(image, "sends.taken"), "NdisMSendNetBufferListsComplete")
    assert "DrainOn" in found.place
    assert any("called from" in line for line in found.details)
    assert found.replay == f"pyndis test {image.name} --case sends.taken"


def test_a_fault_is_told_with_the_call_that_had_failed(tried: Try, broken: Broken) -> None:
    found = only(tried(broken("UNCHECKED_ALLOCATION"), "faults.write"), "Fault:access")
    assert "receive.c" in found.place
    assert any(re.fullmatch(r"  after allocation \d had failed on the path: write", line) for line in found.details)


def test_after_a_crash_the_other_points_are_still_tried(tried: Try, broken: Broken) -> None:
    outcome = tried(broken("UNCHECKED_ALLOCATION"), "faults.write")
    assert dict(outcome.figures)["faults"] >= 5


def test_what_waits_is_told_when_pause_never_ends(tried: Try, broken: Broken) -> None:
    found = only(tried(broken("PAUSE_NEVER"), "pause.receives-out"), "PauseNeverCompletes")
    assert found.message.startswith("MiniportPause is pending and nothing is left that could complete it")


def test_a_crash_in_one_case_leaves_the_next_alone(tried: Try, broken: Broken) -> None:
    image = broken("UNCHECKED_ALLOCATION")
    assert tried(image, "faults.write").verdict == "failed"
    assert tried(image, "receives.inline").verdict == "passed"
