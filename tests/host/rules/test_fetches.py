from __future__ import annotations

import pytest

from pyndis.host import Host
from tests.host.rules.conftest import Choose
from tests.host.rules.scenes import DEVICE, Scene, breaking, keeping

RECORD = (8).to_bytes(4, "little") + bytes([1]) * 12


def write_hostile(host: Host) -> None:
    host.open(DEVICE).write(RECORD, hostile=True)


WRONG = [Scene("DoubleFetch", write_hostile, name) for name in ("DoubleFetch", "DoubleFetchByCopy", "DoubleFetchByFunction")]
RIGHT = [
    Scene("DoubleFetch", write_hostile, name) for name in ("DoubleFetch", "DoubleFetchByCopy", "CopyOfOverlappingLoads", "Poll")
]


@pytest.mark.parametrize("scene", breaking(WRONG))
def test_a_driver_that_breaks_it_is_caught(choose: Choose, scene: Scene) -> None:
    scene.breaks(choose(f"breaks {scene.id}"))


@pytest.mark.parametrize("scene", keeping(RIGHT))
def test_a_driver_that_keeps_it_is_not(choose: Choose, scene: Scene) -> None:
    scene.keeps(choose(f"keeps {scene.id}"))


def test_the_report_shows_both_fetches(choose: Choose) -> None:
    (violation,) = WRONG[0].violations(choose("breaks DoubleFetch"))
    first, second = violation.first[0], next(each for each in violation.stack if each.kind == "frame")
    assert first.place.startswith("fetches.c:") and second.place.startswith("fetches.c:")
    assert first.rva != second.rva
    assert "the byte 0 of the client's memory" in violation.message


def test_a_client_that_is_not_hostile_sees_no_double_fetch(choose: Choose) -> None:
    with Host(choose("breaks DoubleFetch")) as host:
        assert host.open(DEVICE).write(RECORD).status == 0


def test_a_byte_changes_once_it_was_fetched(choose: Choose) -> None:
    with Host(choose("keeps Poll")) as host:
        process = host.process()
        memory = process.memory(16, hostile=True)
        memory.write(0, RECORD)
        process.open(DEVICE).write(b"", memory=memory, length=16)
        assert memory.read() == RECORD[:4] + b"\xfe" + RECORD[5:]
