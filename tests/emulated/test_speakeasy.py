"""DriverEntry, Initialize, Halt and Unload of Wintun in an emulator that is not ours, for x64 and x86."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.drivers.wintun.images import DRIVER
from tests.emulated.conftest import VARIABLE
from tests.host.statuses import Ndis
from tests.kept import kept

NDIS_6_50, NDIS_6_1, NDIS_6_20 = 0x60032, 0x60001, 0x60014
TAKEN_BACK = {
    "NdisRegisterDeviceEx": "NdisDeregisterDeviceEx",
    "NdisAllocateNetBufferListPool": "NdisFreeNetBufferListPool",
    "NdisAllocateTimerObject": "NdisFreeTimerObject",
    "NdisAllocateIoWorkItem": "NdisFreeIoWorkItem",
}
# In order: what can fail on the way to a running adapter.
FALLIBLE = (
    "NdisMRegisterMiniportDriver",
    "NdisRegisterDeviceEx",
    "NdisMSetMiniportAttributes",
    "NdisMSetMiniportAttributes",
    "NdisAllocateNetBufferListPool",
    "NdisAllocateTimerObject",
    "NdisAllocateIoWorkItem",
    "NdisAllocateIoWorkItem",
)

arches = pytest.mark.parametrize("arch", ["amd64", "x86"])


@dataclass(frozen=True)
class Run:
    """`statuses` by function; `calls`: names, and whether the call failed."""

    statuses: dict[str, int]
    calls: list[tuple[str, bool]]

    @property
    def taken(self) -> list[str]:
        """What was had and has to be given back, in order."""
        return [name for name, failed in self.calls if name in TAKEN_BACK and not failed]

    @property
    def given_back(self) -> list[str]:
        """In order."""
        return [name for name, _ in self.calls if name in TAKEN_BACK.values()]

    def names(self, start: str, end: str) -> list[str]:
        """What was called between the ends of two functions."""
        names = [name for name, _ in self.calls]
        return names[names.index(f"end of {start}") + 1 : names.index(f"end of {end}")]


@pytest.fixture(scope="session")
def built() -> Path:
    out = kept("emulated")
    command = "import sys; from pyndis.cli import main; sys.exit(main())"
    arguments = ["build", str(DRIVER), "--arch", "amd64,x86", "--sign", "none", "--out", str(out)]
    subprocess.run([sys.executable, "-c", command, *arguments], check=True, timeout=300)
    return out


@cache
def emulated(image: Path, version: int, failing: int) -> Run:
    """The judge's report. It has a Python of its own, without the paths of this one."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    argv = [os.environ[VARIABLE], str(Path(__file__).with_name("judge.py")), str(image), str(version), str(failing)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    return Run(report["statuses"], [(name, failed) for name, failed in report["calls"]])


def _image(built: Path, arch: str) -> Path:
    return built / arch / "Release" / "wintun" / "wintun.sys"


@arches
def test_an_adapter_starts_and_everything_is_taken_back_in_reverse(built: Path, arch: str) -> None:
    run = emulated(_image(built, arch), NDIS_6_50, 0)
    assert run.statuses == {"entry": Ndis.SUCCESS, "initialize": Ndis.SUCCESS}
    assert run.given_back == [TAKEN_BACK[name] for name in reversed(run.taken)]
    assert [name for name, _ in run.calls if name in FALLIBLE] == list(FALLIBLE)
    assert run.names("MiniportHaltEx", "Unload") == ["NdisMDeregisterMiniportDriver"]


@arches
def test_halt_stops_the_timer_before_it_frees_it(built: Path, arch: str) -> None:
    names = emulated(_image(built, arch), NDIS_6_50, 0).names("work item", "MiniportHaltEx")
    timer = [name for name in names if name in ("NdisCancelTimerObject", "KeFlushQueuedDpcs", "NdisFreeTimerObject")]
    assert timer[-3:] == ["NdisCancelTimerObject", "KeFlushQueuedDpcs", "NdisFreeTimerObject"]


@arches
@pytest.mark.parametrize("failing", range(2, len(FALLIBLE) + 1))
def test_a_failed_initialize_gives_back_what_it_had(built: Path, arch: str, failing: int) -> None:
    run = emulated(_image(built, arch), NDIS_6_50, failing)
    assert [name for name, failed in run.calls if failed] == [FALLIBLE[failing - 1]]
    assert run.statuses["initialize"] != Ndis.SUCCESS
    assert run.given_back == [TAKEN_BACK[name] for name in reversed(run.taken)]


@arches
def test_a_failed_registration_ends_the_driver(built: Path, arch: str) -> None:
    run = emulated(_image(built, arch), NDIS_6_50, 1)
    assert run.statuses == {"entry": Ndis.RESOURCES}
    assert [name for name, _ in run.calls] == ["NdisGetVersion", "NdisMRegisterMiniportDriver", "end of DriverEntry"]


@arches
def test_an_older_ndis_is_refused(built: Path, arch: str) -> None:
    assert emulated(_image(built, arch), NDIS_6_1, 0).statuses == {"entry": Ndis.UNSUPPORTED_REVISION}
    assert emulated(_image(built, arch), NDIS_6_20, 0).statuses["initialize"] == Ndis.SUCCESS
