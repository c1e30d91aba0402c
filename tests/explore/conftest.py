"""Images of the probe with a race in it, or without."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pefile
import pytest

from pyndis import resources
from pyndis.toolchains import find, plan_image, run_plan
from tests.host.conftest import SHARED
from tests.host.rules.conftest import MARKER, NAME_SIZE, SOURCES

RACES = Path(__file__).parent / "drivers" / "races.c"
PARTS = ("adapter.c", "device.c", "driver.c")  # of the probe: what does something without a scene

Choose = Callable[[str], Path]


@pytest.fixture(scope="session")
def races_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = plan_image(
        find(),
        name="races",
        sources=[*(SOURCES / part for part in PARTS), RACES],
        resource=None,
        include=(SOURCES, SHARED, resources.toolchain() / "include"),
        defines={"NDIS_MINIPORT_DRIVER": "1", "NDIS650_MINIPORT": "1"},
        arch="amd64",
        config="Release",
        out=tmp_path_factory.mktemp("races"),
    )
    run_plan(plan)
    return plan.out / "races.sys"


@pytest.fixture
def choose(races_image: Path, tmp_path: Path) -> Choose:
    """An image in which this scene ("breaks X", "keeps X") plays, with its symbols beside it."""

    def choose(scene: str) -> Path:
        data = bytearray(races_image.read_bytes())
        at = data.index(MARKER) + len(MARKER)
        data[at : at + NAME_SIZE] = scene.encode().ljust(NAME_SIZE, b"\0")
        image = pefile.PE(data=bytes(data), fast_load=True)
        image.OPTIONAL_HEADER.CheckSum = image.generate_checksum()
        target = tmp_path / f"{scene.replace(' ', '-')}.sys"
        target.write_bytes(bytes(image.write()))
        shutil.copy(races_image.with_suffix(".pdb"), target.with_suffix(".pdb"))
        return target

    return choose
