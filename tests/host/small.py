"""Drivers of a few C files below `drivers/`, built when a test asks for them."""

from __future__ import annotations

from pathlib import Path

from pyndis import resources
from pyndis.toolchains import find, plan_image, run_plan

DRIVERS = Path(__file__).parent / "drivers"


def small_driver(name: str, out: Path) -> Path:
    """The amd64 image of `drivers/NAME`."""
    plan = plan_image(
        find(),
        name=name,
        sources=sorted((DRIVERS / name).glob("*.c")),
        resource=None,
        include=(resources.toolchain() / "include",),
        defines={},
        arch="amd64",
        config="Release",
        out=out,
    )
    run_plan(plan)
    return plan.out / f"{name}.sys"
