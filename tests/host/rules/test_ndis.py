from __future__ import annotations

import pytest

from tests.host.rules.conftest import Choose
from tests.host.rules.scenes import Scene, breaking, keeping

SCENES = [
    Scene("CancelTimerObject"),
    Scene("PeriodicTimer"),
]


@pytest.mark.parametrize("scene", breaking(SCENES))
def test_a_driver_that_breaks_it_is_caught(choose: Choose, scene: Scene) -> None:
    scene.breaks(choose(f"breaks {scene.id}"))


@pytest.mark.parametrize("scene", keeping(SCENES))
def test_a_driver_that_keeps_it_is_not(choose: Choose, scene: Scene) -> None:
    scene.keeps(choose(f"keeps {scene.id}"))
