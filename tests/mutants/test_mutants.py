from __future__ import annotations

import pytest

from tests.mutants.hunt import hunt, run
from tests.mutants.images import Mutant, image, mutants
from tests.mutants.scenes import SCENES

pytestmark = pytest.mark.slow

MOST_SCHEDULES = 2000
SOUND_SCHEDULES = 20


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_a_planted_mistake_is_caught_with_its_rule_and_a_seed_that_shows_it_again(mutant: Mutant) -> None:
    file, scene = image(mutant), SCENES[mutant.scene]
    found = hunt(file, scene, MOST_SCHEDULES)
    assert found, f"{MOST_SCHEDULES} schedules showed nothing"
    assert found.rules & mutant.rules, [each.report() for each in found.violations]
    assert {each.rule for each in run(file, scene, found.seed)} == found.rules


@pytest.mark.parametrize("scene", sorted(SCENES))
@pytest.mark.parametrize("receive", ["pend", "copy"])
def test_the_driver_as_it_is_breaks_no_rule(scene: str, receive: str) -> None:
    file = image(receive=receive)
    for seed in range(SOUND_SCHEDULES):
        assert [each.report() for each in run(file, SCENES[scene], seed)] == []


def test_every_scene_shows_a_mistake() -> None:
    assert {mutant.scene for mutant in mutants()} == set(SCENES)
