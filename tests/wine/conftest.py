"""Wine with the driver in it, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.wintun.images import DRIVER, built
from tests.kept import kept
from tests.wine.building import client_exe, ndis_sys
from tests.wine.prefix import Prefix, wine


@pytest.fixture(scope="session")
def wintun_sys() -> Path:
    return built(DRIVER, kept("wintun", "pend-Release"))


@pytest.fixture(scope="session")
def prefix(wintun_sys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefix]:
    program = wine()
    if program is None:
        pytest.skip("wine is not installed: apt-get install wine wine64")
    prefix = Prefix(program, tmp_path_factory.mktemp("wine"))
    try:
        prefix.install(wintun_sys.parent, ndis_sys(), client_exe())
        yield prefix
    finally:
        prefix.close()
