from __future__ import annotations

import pytest

from tests.host.rules import test_contracts, test_ndis
from tests.host.rules.conftest import Choose
from tests.host.rules.scenes import Scene

pytestmark = pytest.mark.slow
BREAKING = [*test_ndis.BREAKING, *test_contracts.BREAKING]
KEEPING = [*test_ndis.KEEPING, *test_contracts.KEEPING]


@pytest.mark.parametrize("scene", BREAKING, ids=lambda each: each.id)
def test_a_breach_is_caught_on_other_architectures_too(choose_elsewhere: Choose, scene: Scene) -> None:
    scene.breaks(choose_elsewhere(f"breaks {scene.id}"))


@pytest.mark.parametrize("scene", KEEPING, ids=lambda each: each.id)
def test_a_sound_driver_is_not_blamed_on_other_architectures_either(choose_elsewhere: Choose, scene: Scene) -> None:
    scene.keeps(choose_elsewhere(f"keeps {scene.id}"))


def test_a_report_has_functions_and_lines_on_other_architectures_too(choose_elsewhere: Choose) -> None:
    (violation,) = Scene("NdisOidDoubleComplete").violations(choose_elsewhere("breaks NdisOidDoubleComplete"))
    assert any("ndis_oids.c" in line for line in violation.history)
    assert any(each.place.startswith("adapter.c:") for each in violation.stack)
