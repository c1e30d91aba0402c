from __future__ import annotations

import pytest

from pyndis.host import Adapter, Handle
from tests.host.packets import SMALLEST_READ, bundle, ipv4, ipv6
from tests.host.statuses import Nt

pytestmark = pytest.mark.not_on("arm64", because="hostile memory needs single steps, which ARM64 has for debuggers only")

both = pytest.mark.parametrize("strategy", ["pend", "copy"])
BUNDLES = [bundle(ipv4(100)), bundle(ipv4(100), ipv6(100), ipv4(1500)), bundle(*[ipv4(20 + i) for i in range(40)])]


@both
@pytest.mark.parametrize("data", BUNDLES, ids=["one", "three", "forty"])
def test_no_byte_of_a_write_is_fetched_twice(adapter: Adapter, handle: Handle, data: bytes) -> None:
    write = handle.write(data, hostile=True)
    assert write.status == Nt.SUCCESS
    assert write.information == len(data)


@both
@pytest.mark.parametrize("data", [bundle(bytes(60)), bundle(ipv4())[:40] + bytes(8), b"\xff" * 64], ids=["no ip", "torn", "ones"])
def test_no_byte_of_a_malformed_write_is_fetched_twice(adapter: Adapter, handle: Handle, data: bytes) -> None:
    handle.write(data, hostile=True)
    adapter.pause()


@both
def test_a_read_buffer_that_changes_harms_nothing(adapter: Adapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ, hostile=True)
    adapter.send([ipv4(100)])
    assert read.status == Nt.SUCCESS
