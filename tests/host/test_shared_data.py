from __future__ import annotations

import pytest

from pyndis.host import Host
from tests.host.small import small_driver

BUILD = 19041
START = 132539328000000000  # where virtual time starts: 2021-01-01, in 100 ns since 1601


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with Host(small_driver("shared", tmp_path_factory.mktemp("shared"))) as host:
        return dict(line.split() for line in host.debug)


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("version", f"10.0.{BUILD}"),
        ("system", str(START)),
        ("interrupt", "0"),
        ("ticks", "0"),
        ("multiplier", str(0x0FA00000)),
        ("debugger", "0"),
        ("high", str((START >> 48) & 0xFFFF)),
        ("bytes", str(sum(BUILD.to_bytes(2, "little")))),
    ],
)
def test_the_shared_page_says(read: dict[str, str], what: str, value: str) -> None:
    assert read[what] == value
