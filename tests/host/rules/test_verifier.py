from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pefile
import pytest

from pyndis.diagnostics import DriverFailure
from pyndis.host import Host
from tests.host.rules.conftest import Choose
from tests.host.rules.scenes import CONTROL, DEVICE, Scene, breaking, keeping

EXECUTABLE = 0x20000000
SEEDS = 40  # seeds among which the race shows


def control_without_memory(host: Host) -> None:
    handle = host.open(DEVICE)
    host.fail_allocation(1)
    handle.ioctl(CONTROL, bytes(16), 16)


LOW = Scene("Fault", control_without_memory, "LowResources", fatal=True, feature="Low resources (random, systematic)")


@pytest.mark.parametrize("scene", breaking([LOW]))
def test_an_unchecked_allocation_is_caught(choose: Choose, scene: Scene) -> None:
    scene.breaks(choose("breaks LowResources"))


@pytest.mark.parametrize("scene", keeping([LOW]))
def test_a_checked_allocation_is_not(choose: Choose, scene: Scene) -> None:
    scene.keeps(choose("keeps LowResources"))


def race(image: Path, seed: int, *expected: str) -> None:
    with Host(image, seed=seed) as host:
        for rule in expected:
            host.expect(rule)
        handle = host.open(DEVICE)
        handle.ioctl(CONTROL, bytes(16), 16)
        with host.together():
            handle.ioctl(CONTROL, bytes(16), 16, wait=False)
            handle.ioctl(CONTROL, bytes(16), 16, wait=False)


@pytest.mark.breaks("DoubleCompletion", feature="Kernel synchronisation delay fuzzing")
def test_a_delayed_thread_shows_a_race(choose: Choose) -> None:
    image = choose("breaks Race")
    found = []
    for seed in range(SEEDS):
        with suppress(DriverFailure):
            race(image, seed, "DoubleCompletion")
            found.append(seed)
            break
    assert found


@pytest.mark.keeps("DoubleCompletion", feature="Kernel synchronisation delay fuzzing")
def test_a_delayed_thread_harms_no_sound_driver(choose: Choose) -> None:
    image = choose("keeps Race")
    for seed in range(8):
        race(image, seed)


@pytest.mark.breaks("WritableCode", feature="Code integrity")
def test_a_section_that_can_be_written_and_executed_is_caught(choose: Choose) -> None:
    path = choose("keeps LowResources")
    image = pefile.PE(data=path.read_bytes(), fast_load=True)
    data = next(each for each in image.sections if each.Name.startswith(b".data"))
    data.Characteristics |= EXECUTABLE
    path.write_bytes(bytes(image.write()))
    with Host(path) as host:
        host.expect("WritableCode")
