"""The image with the scenes: compiled once, and for each scene a copy that says which."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pefile
import pytest

from pyndis import resources
from pyndis.toolchains import find, plan_image, run_plan

SOURCES = Path(__file__).parent.parent / "drivers" / "rules"
MARKER = b"chosen scene:\0\0\0"
NAME_SIZE = 112

Choose = Callable[[str], Path]


@pytest.fixture(scope="session")
def probe_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = plan_image(
        find(),
        name="probe",
        sources=sorted(SOURCES.glob("*.c")),
        resource=None,
        include=(SOURCES, resources.toolchain() / "include"),
        defines={"NDIS_MINIPORT_DRIVER": "1", "NDIS650_MINIPORT": "1"},
        arch="amd64",
        config="Release",
        out=tmp_path_factory.mktemp("probe"),  # of this run alone: another checkout has other scenes
    )
    run_plan(plan)
    return plan.out / "probe.sys"


@pytest.fixture
def choose(probe_image: Path, tmp_path: Path) -> Choose:
    """An image in which this scene ("breaks X", "keeps X") plays, with its symbols beside it."""

    def choose(scene: str) -> Path:
        data = bytearray(probe_image.read_bytes())
        at = data.index(MARKER) + len(MARKER)
        data[at : at + NAME_SIZE] = scene.encode().ljust(NAME_SIZE, b"\0")
        image = pefile.PE(data=bytes(data), fast_load=True)
        image.OPTIONAL_HEADER.CheckSum = image.generate_checksum()
        target = tmp_path / "probe.sys"
        target.write_bytes(bytes(image.write()))
        shutil.copy(probe_image.with_suffix(".pdb"), target.with_suffix(".pdb"))
        return target

    return choose
