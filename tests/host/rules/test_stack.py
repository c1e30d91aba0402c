from __future__ import annotations

import pytest

from pyndis.host import Host
from tests.host.rules.conftest import Choose
from tests.host.rules.scenes import CONTROL, DEVICE, Scene, breaking, keeping

FRAME = 800
LIMIT = 4096
BAND = 512


def control(host: Host) -> None:
    host.open(DEVICE).ioctl(CONTROL, bytes(16), 16)


SCENE = Scene("StackUse", control, options={"stack_limit": LIMIT, "measure_stack": True})


@pytest.mark.parametrize("scene", breaking([SCENE]))
def test_a_deep_function_that_calls_nothing_is_caught(choose: Choose, scene: Scene) -> None:
    scene.breaks(choose("breaks StackUse"))


@pytest.mark.parametrize("scene", keeping([SCENE]))
def test_a_function_within_the_limit_is_not(choose: Choose, scene: Scene) -> None:
    scene.keeps(choose("keeps StackUse"))


@pytest.mark.parametrize(("kind", "frames"), [("breaks", 10), ("keeps", 2)])
def test_the_stack_of_each_entry_is_measured(choose: Choose, kind: str, frames: int) -> None:
    with Host(choose(f"{kind} StackUse"), measure_stack=True) as host:
        control(host)
        used = host.stack_use()
    assert frames * FRAME - BAND < used["IRP_MJ_DEVICE_CONTROL"] < frames * (FRAME + 64) + 2 * BAND
    assert 0 < used["DriverEntry"] < LIMIT


def test_without_measuring_the_calls_alone_are_seen(choose: Choose) -> None:
    with Host(choose("breaks StackUse")) as host:
        control(host)
        assert 0 < host.stack_use()["IRP_MJ_DEVICE_CONTROL"] < FRAME
