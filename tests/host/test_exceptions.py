from __future__ import annotations

from pathlib import Path

import pytest

from pyndis import resources
from pyndis.host import Host
from pyndis.toolchains import find, plan_image, run_plan

SOURCES = Path(__file__).parent / "drivers" / "seh"

# What runs in which order: r raise, f i 1 2 filters, a b n termination handlers, h k blocks of __except.
ORDER = {
    "CaughtFromCall": "rh",
    "CaughtFromRead": "h",
    "CaughtFromKernel": "h",
    "CaughtFromDivision": "fh",
    "FilterSeesWhat": "ih",
    "SearchGoesOn": "r12h",
    "CleanedOnTheWay": "rfabh",
    "CleanedInPlace": "rfah",
    "NothingHappened": "tn",
    "RaisedInHandler": "rhrfk",
    "CaughtInFilter": "rrhk",
    "CaughtInCleaning": "rrhk",
    "LocalsAreKept": "rhk",
    "CaughtFromDeep": "rh",
    "CaughtManyTimes": "k",
}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    plan = plan_image(
        find(),
        name="seh",
        sources=sorted(SOURCES.glob("*.c")),
        resource=None,
        include=(resources.toolchain() / "include",),
        defines={},
        arch="amd64",
        config="Release",
        out=tmp_path_factory.mktemp("seh"),
    )
    run_plan(plan)
    with Host(plan.out / "seh.sys") as host:
        assert host.driver_status == 0xC0000001
        return dict(line.split() for line in host.debug)


@pytest.mark.parametrize("case", ORDER)
def test_exceptions_take_the_order_that_the_system_gives_them(played: dict[str, str], case: str) -> None:
    assert played[case] == ORDER[case]
