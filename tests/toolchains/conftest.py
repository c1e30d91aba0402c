from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis.toolchains import Plan, Zig, find, plan_image

DATA = Path(__file__).parent / "data"
ARCHITECTURES = ("amd64", "x86", "arm64")


@pytest.fixture(scope="session")
def zig() -> Zig:
    return find()


@pytest.fixture(scope="session")
def plan(zig: Zig) -> Callable[..., Plan]:
    def make(
        out: Path, arch: str = "amd64", config: str = "Release", source: Path = DATA / "driver.c", **changes: object
    ) -> Plan:
        wanted = {
            "name": "driver",
            "sources": [source],
            "resource": DATA / "driver.rc",
            "include": [],
            "defines": {},
            "arch": arch,
            "config": config,
            "out": out,
            "source_date_epoch": 0,
        }
        return plan_image(zig, **(wanted | changes))  # type: ignore[arg-type]

    return make
