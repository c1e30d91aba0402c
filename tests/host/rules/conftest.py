"""The image with the scenes: compiled once, and for each scene a copy that says which."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pefile
import pytest

from pyndis import resources
from pyndis.toolchains import find, plan_image, run_plan
from pyndis.toolchains.targets import Arch
from tests.host.conftest import SHARED

SOURCES = Path(__file__).parent.parent / "drivers" / "rules"
MARKER = b"chosen scene:\0\0\0"
NAME_SIZE = 112

Choose = Callable[[str], Path]


def _build(arch: Arch, sources: list[Path], out: Path) -> Path:
    plan = plan_image(
        find(),
        name="probe",
        sources=sources,
        resource=None,
        include=(SOURCES, SHARED, resources.toolchain() / "include"),
        defines={"NDIS_MINIPORT_DRIVER": "1", "NDIS650_MINIPORT": "1"},
        arch=arch,
        config="Release",
        out=out,  # of this run alone: another checkout has other scenes
    )
    run_plan(plan)
    return plan.out / "probe.sys"


@pytest.fixture(scope="session")
def probe_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build("amd64", sorted(SOURCES.glob("*.c")), tmp_path_factory.mktemp("probe"))


@pytest.fixture(scope="session", params=["x86", "arm64"])
def other_image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenes of NDIS for another architecture; those with structured exceptions are of x64 alone, as the host's are."""
    sources = [each for each in SOURCES.glob("*.c") if "__try" not in each.read_text("utf-8")]
    return _build(request.param, sorted(sources), tmp_path_factory.mktemp(request.param))


@pytest.fixture
def choose(probe_image: Path, tmp_path: Path) -> Choose:
    """An image in which this scene ("breaks X", "keeps X") plays, with its symbols beside it."""
    return partial(_choose, probe_image, tmp_path)


@pytest.fixture
def choose_elsewhere(other_image: Path, tmp_path: Path) -> Choose:
    """The same for the other architectures, one after the other."""
    return partial(_choose, other_image, tmp_path)


def _choose(image: Path, folder: Path, scene: str) -> Path:
    data = bytearray(image.read_bytes())
    at = data.index(MARKER) + len(MARKER)
    data[at : at + NAME_SIZE] = scene.encode().ljust(NAME_SIZE, b"\0")
    changed = pefile.PE(data=bytes(data), fast_load=True)
    changed.OPTIONAL_HEADER.CheckSum = changed.generate_checksum()
    target = folder / "probe.sys"
    target.write_bytes(bytes(changed.write()))
    shutil.copy(image.with_suffix(".pdb"), target.with_suffix(".pdb"))
    return target
