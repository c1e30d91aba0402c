from __future__ import annotations

import pytest

from pyndis.host import Host
from tests.host.small import small_driver

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
    with Host(small_driver("seh", tmp_path_factory.mktemp("seh"))) as host:
        assert host.driver_status == 0xC0000001
        return dict(line.split() for line in host.debug)


@pytest.mark.parametrize("case", ORDER)
def test_exceptions_take_the_order_that_the_system_gives_them(played: dict[str, str], case: str) -> None:
    assert played[case] == ORDER[case]
