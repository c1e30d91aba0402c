from __future__ import annotations

import pytest

from tests.host.conftest import Broken
from tests.host.rules.conftest import Choose
from tests.mutants.images import image, mutants
from tests.verification.conftest import Verify

MISTAKES = [
    ("POOL_LEAK", "life.load", "Pool tracking"),
    ("TIMER_ARMED", "life.once", "CancelTimerObject"),
    ("PAUSE_FAILS", "pause.idle", "MiniportPause_Return"),
    ("OID_NEVER_COMPLETED", "oids.mandatory", "NdisTimedOidComplete"),
    ("OID_COMPLETED_TWICE", "oids.mandatory", "NdisOidDoubleComplete"),
    ("NO_AGEING", "sends.open", "NdisTimedDataSend"),
    ("WRITE_COMPLETED_TWICE", "receives.inline", "DoubleCompletion"),
    ("READ_RETURNS_SUCCESS", "sends.waiting-client", "IrpProcessingComplete"),
    ("CLEANUP_KEEPS_READS", "devices.reads", "CompleteRequest"),
]


@pytest.mark.parametrize(("mistake", "case", "rule"), MISTAKES, ids=[each[0].lower() for each in MISTAKES])
def test_a_mistake_is_a_defect_of_its_rule_with_evidence(
    verified: Verify, broken: Broken, mistake: str, case: str, rule: str
) -> None:
    result = verified(broken(mistake), case)[rule]
    assert result.result == "Defect"
    assert result.defects[0].case == case
    assert result.defects[0].again.endswith(f"--case {case}")
    assert case in result.evidence[0]


def test_the_sound_driver_has_no_defect_and_passes_only_what_it_did(verified: Verify, broken: Broken) -> None:
    results = verified(broken("NONE"), "life.once")
    assert [name for name, each in results.items() if each.result == "Defect"] == []
    assert results["Irql_Miniport_Driver_Function"].result == "Pass"
    assert results["NdisTimedDataSend"].result == "NotChecked", "life.once sends nothing"
    assert results["RemoveLock"].result == "NotApplicable"


@pytest.mark.parametrize("scene", ["Irql_Miniport_Driver_Function", "NdisOpenConfigurationEx", "NdisAllocateGenericObject"])
def test_a_scene_is_judged_by_its_rule(verified: Verify, choose: Choose, scene: str) -> None:
    assert verified(choose(f"breaks {scene}"), "life.once")[scene].result == "Defect"
    assert verified(choose(f"keeps {scene}"), "life.once")[scene].result == "Pass"


PLANTED = {
    "write-completes-twice": ("receives.inline", "DoubleCompletion"),
    "pause-completes-twice": ("pause.receives-out", "NM-28"),
    "a-size-is-read-twice": ("receives.changing", "DoubleFetch"),
    "no-completion-on-the-error-path": ("devices.writes", "CompleteRequest"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTED)
def test_a_mistake_planted_into_wintun_is_a_defect(verified: Verify, name: str) -> None:
    (mutant,) = [each for each in mutants() if each.name == name]
    case, rule = PLANTED[name]
    assert verified(image(mutant), case)[rule].result == "Defect"
