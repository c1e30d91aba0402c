from __future__ import annotations

from functools import partial

import pytest

from pyndis.host import Host, Violation
from tests.host.rules.conftest import Choose
from tests.host.rules.scenes import CONTROL, DEVICE, Scene, breaking, keeping

UNDERRUN: dict[str, object] = {"special_pool": "underrun"}
CRASH = ("Fault",)


def control(host: Host) -> None:
    host.open(DEVICE).ioctl(CONTROL, bytes(16), 16)


def control_twice(host: Host) -> None:
    control(host)
    host.settle()
    control(host)


special = partial(Scene, act=control, feature="Special pool")
tracking = partial(Scene, act=control, feature="Pool tracking")
inside = partial(Scene, "FreedWhileActive", feature="Miscellaneous")

WRONG = [
    special("PoolOverrun", name="PoolOverrunByOne"),
    special("PoolOverrun", name="PoolOverrunFar", also=CRASH, fatal=True),
    special("PoolOverrun", name="PoolOverrunFar", options=UNDERRUN),
    special("PoolUnderrun", name="PoolUnderrunByOne"),
    special("PoolUnderrun", name="PoolUnderrunByOne", also=CRASH, fatal=True, options=UNDERRUN),
    special("UseAfterFree", name="PoolReadAfterFree", also=CRASH, fatal=True),
    special("UseAfterFree", name="PoolWrittenAfterFree", also=CRASH, fatal=True),
    special("UseAfterFree", name="PoolWrittenAfterFree", options={"guard": False}),
    tracking("PoolDoubleFree", name="PoolFreedTwice"),
    tracking("PoolTagMismatch", name="PoolFreedWithAnotherTag"),
    tracking("PoolInvalidFree", name="PoolFreedInTheMiddle"),
    tracking("PoolTag", name="PoolWithoutTag"),
    tracking("ZeroLengthAllocation", name="PoolOfNoBytes"),
    tracking("PoolLeak", name="PoolLeft"),
    Scene("ExecutablePool", control, feature="Code integrity"),
    Scene("IrpFreedAsPool", control, "IrpFreed", feature="I/O verification"),
    inside(control, "TimerInFreedPool"),
    inside(control, "LockInFreedPool", also=("SpinLockSafe", "SpinLock", "IrqlReturn")),
    inside(control, "SharedLockInFreedPool", also=("SpinLockSafe", "SpinLock", "IrqlReturn")),
    inside(control, "ResourceInFreedPool"),
    inside(control, "LookasideInFreedPool"),
    inside(control_twice, "EventInFreedPool", also=("UnloadWhileRunning",)),
]
RIGHT = [
    special("PoolOverrun", name="PoolBounds"),
    special("PoolUnderrun", name="PoolBounds", options=UNDERRUN),
    tracking("PoolLeak", name="PoolBounds"),
    Scene("ExecutablePool", control, "PoolBounds", feature="Code integrity"),
    special("UseAfterFree", name="PoolBounds", options={"guard": False}),
    inside(control, "TimerInFreedPool"),
    inside(control, "LockInFreedPool"),
    inside(control, "ResourceInFreedPool"),
    inside(control, "LookasideInFreedPool"),
    inside(control_twice, "EventInFreedPool"),
]


@pytest.mark.parametrize("scene", breaking(WRONG))
def test_the_wrong_use_of_memory_is_caught(choose: Choose, scene: Scene) -> None:
    scene.breaks(choose(f"breaks {scene.id}"))


@pytest.mark.parametrize("scene", keeping(RIGHT))
def test_the_right_use_of_memory_is_not(choose: Choose, scene: Scene) -> None:
    scene.keeps(choose(f"keeps {scene.id}"))


def broken(choose: Choose, scene: Scene) -> list[Violation]:
    return scene.violations(choose(f"breaks {scene.id}"))


@pytest.mark.parametrize(("mode", "name"), [("overrun", "PoolOverrunFar"), ("underrun", "PoolUnderrunByOne")])
def test_an_access_on_the_guarded_side_stops_at_its_instruction(choose: Choose, mode: str, name: str) -> None:
    found = broken(choose, special("Fault", name=name, options={"special_pool": mode}))
    (fault,) = [each for each in found if each.rule == "Fault"]
    assert fault.stack[0].place.startswith("pool.c:")


@pytest.mark.parametrize(("mode", "name"), [("overrun", "PoolUnderrunByOne"), ("underrun", "PoolOverrunFar")])
def test_a_write_on_the_other_side_shows_when_the_block_is_freed(choose: Choose, mode: str, name: str) -> None:
    (violation,) = broken(choose, special("PoolOverrun", name=name, options={"special_pool": mode}))
    assert any("ExFreePoolWithTag" in each.text for each in violation.stack)


def test_leaks_are_grouped_by_the_place_that_made_them(choose: Choose) -> None:
    second, first = sorted(broken(choose, tracking("PoolLeak", name="PoolLeftAtTwoPlaces")), key=lambda each: each.message)
    assert "3 blocks (pool) of 99 bytes together with the tag 'PRlb'" in second.message
    assert "a pool of 100 bytes" in first.message
    assert "PoolLeftAtTwoPlaces" in "".join(map(str, first.allocated))
