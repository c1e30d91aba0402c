from __future__ import annotations

import pytest

from pyndis.host import Adapter, Host
from tests.host.packets import MTU, SMALLEST_READ, bundle, ipv4
from tests.host.statuses import Ndis, oid
from tests.host.test_life import path_of

ARCHITECTURES = ("amd64", "x86", "arm64")

STATISTICS_SIZE = 152


@pytest.fixture
def adapter(host: Host) -> Adapter:
    return host.add_adapter(luid_index=1)


@pytest.mark.parametrize("name", ["GEN_MAXIMUM_TOTAL_SIZE", "GEN_TRANSMIT_BLOCK_SIZE", "GEN_RECEIVE_BLOCK_SIZE"])
def test_sizes_are_the_mtu(adapter: Adapter, name: str) -> None:
    answer = adapter.oid(query=oid(name), length=4)
    assert (answer.status, answer.written, answer.value) == (Ndis.SUCCESS, 4, MTU)


def test_a_short_buffer_stays_untouched(adapter: Adapter) -> None:
    answer = adapter.oid(query=oid("GEN_STATISTICS"), data=b"\xee" * 100)
    assert (answer.status, answer.written, answer.needed) == (Ndis.BUFFER_TOO_SHORT, 0, STATISTICS_SIZE)
    assert answer.buffer == b"\xee" * 100


def test_a_statistics_query_is_a_query(adapter: Adapter) -> None:
    assert adapter.oid(statistics=oid("GEN_RCV_OK"), length=8).value == 0


def test_a_counter_fits_into_four_bytes_or_eight(host: Host, adapter: Adapter) -> None:
    host.open(path_of(1)).write(bundle(ipv4(), ipv4()))
    for length in (4, 8):
        answer = adapter.oid(query=oid("GEN_RCV_OK"), length=length)
        assert (answer.status, answer.written, answer.value, answer.needed) == (Ndis.SUCCESS, length, 2, 8)


def test_statistics_count_octets_both_ways(host: Host, adapter: Adapter) -> None:
    handle = host.open(path_of(1))
    handle.write(bundle(ipv4(100)))
    adapter.send([ipv4(300)])
    assert handle.read(SMALLEST_READ).done
    data = adapter.oid(query=oid("GEN_STATISTICS"), length=STATISTICS_SIZE).data
    assert (100).to_bytes(8, "little") in data
    assert (300).to_bytes(8, "little") in data


def test_a_set_takes_exactly_its_length(adapter: Adapter) -> None:
    assert adapter.oid(set=oid("GEN_CURRENT_LOOKAHEAD"), data=bytes(4)).status == Ndis.SUCCESS
    answer = adapter.oid(set=oid("GEN_CURRENT_LOOKAHEAD"), data=bytes(3))
    assert (answer.status, answer.needed, answer.read) == (Ndis.INVALID_LENGTH, 4, 0)


def test_an_unknown_oid_is_not_supported(adapter: Adapter) -> None:
    assert adapter.oid(query=oid("802_3_CURRENT_ADDRESS")).status == Ndis.NOT_SUPPORTED
    assert adapter.oid(method=oid("GEN_STATISTICS"), out=16).status == Ndis.INVALID_OID


def test_interrupt_moderation_cannot_be_set(adapter: Adapter) -> None:
    assert adapter.oid(set=oid("GEN_INTERRUPT_MODERATION"), data=bytes(12)).status == Ndis.INVALID_DATA


def test_oid_wants_one_kind(adapter: Adapter) -> None:
    with pytest.raises(TypeError, match="exactly one"):
        adapter.oid(query=1, set=2)
