from __future__ import annotations

import pytest

from pyndis.host import Adapter, Handle, Nb, Nbl
from tests.drivers.wintun.traffic import received
from tests.host.packets import HEADER, LARGEST_BUNDLE, MAX_PACKETS, MTU, SMALLEST_READ, bundle, ipv4, ipv6, space, unbundle
from tests.host.statuses import Ndis, Nt

SMALLEST_WRITE = 48
SIZES = [20, 31, 32, 33, 47, 48, 49, 63, 64, 65, 1500]
ALIGNMENTS = [0, 1, 2, 3, 4, 8, 15, 4079, 4095]

both = pytest.mark.parametrize("strategy", ["pend", "copy"])


# -- what the driver writes


@pytest.mark.spec("W-10")
@pytest.mark.parametrize("size", SIZES)
def test_every_packet_of_a_read_takes_a_multiple_of_16_the_last_one_too(adapter: Adapter, handle: Handle, size: int) -> None:
    adapter.send([ipv4(size, 7)] * 3)
    read = handle.read(SMALLEST_READ)
    assert read.information == 3 * space(size)
    assert read.data == bundle(*[ipv4(size, 7)] * 3)


@pytest.mark.spec("W-11")
@pytest.mark.parametrize("fill", [0xA5, 0xFF])
def test_no_padding_shows_what_the_users_buffer_held(adapter: Adapter, handle: Handle, fill: int) -> None:
    packets = [ipv4(size, 0xEE) for size in SIZES]
    adapter.send(packets)
    assert handle.read(SMALLEST_READ, fill=fill).data == bundle(*packets)


@pytest.mark.spec("W-11", "W-27")
def test_a_packet_that_fails_midway_leaves_nothing_of_itself(adapter: Adapter, handle: Handle) -> None:
    adapter.send([Nbl([Nb(ipv4(900, 0xEE), unmappable=True)]), ipv4(21), ipv4(37)])
    assert handle.read(SMALLEST_READ, fill=0xFF).data == bundle(ipv4(21), ipv4(37))


@pytest.mark.spec("W-12")
@pytest.mark.parametrize(("sent", "first"), [(255, 255), (256, 256), (257, 256)])
def test_a_read_holds_at_most_256_packets(adapter: Adapter, handle: Handle, sent: int, first: int) -> None:
    packets = [ipv4(20 + n % 40, n % 256) for n in range(sent)]
    adapter.send(packets)
    assert unbundle(handle.read(LARGEST_BUNDLE).data) == packets[:first]
    rest = handle.read(LARGEST_BUNDLE)
    assert (unbundle(rest.data) if rest.done else []) == packets[first:]


@pytest.mark.spec("W-13", "W-24")
@pytest.mark.parametrize(("size", "status"), [(MTU, Ndis.SUCCESS), (MTU + 1, Ndis.INVALID_LENGTH)])
def test_a_sent_packet_is_at_most_the_mtu(adapter: Adapter, handle: Handle, size: int, status: int) -> None:
    read = handle.read(LARGEST_BUNDLE)
    assert adapter.send([ipv4(size, 3)]).statuses == [status]
    assert (unbundle(read.data) if read.done else None) == ([ipv4(size, 3)] if size == MTU else None)


@pytest.mark.spec("W-14", "W-31")
@pytest.mark.parametrize(("length", "right"), [(61_439, False), (61_440, True), (15_728_640, True), (15_728_641, False)])
def test_a_read_has_61440_to_15728640_bytes(adapter: Adapter, handle: Handle, length: int, right: bool) -> None:
    adapter.send([ipv4(MTU)])
    read = handle.read(length)
    assert read.status == (Nt.SUCCESS if right else Nt.INVALID_USER_BUFFER)
    assert read.information == (SMALLEST_READ if right else 0)


@pytest.mark.spec("W-14", "W-12", "W-13")
def test_the_largest_read_holds_256_of_the_largest_packets(adapter: Adapter, handle: Handle) -> None:
    packets = [ipv4(MTU, n) for n in range(MAX_PACKETS)]
    chain = adapter.send(packets)
    read = handle.read(LARGEST_BUNDLE)
    assert read.information == LARGEST_BUNDLE
    assert read.data == bundle(*packets)
    assert chain.statuses == [Ndis.SUCCESS] * MAX_PACKETS


@pytest.mark.spec("W-15")
@pytest.mark.parametrize("alignment", ALIGNMENTS)
def test_a_read_buffer_may_start_anywhere(adapter: Adapter, handle: Handle, alignment: int) -> None:
    packets = [ipv4(size, size % 256) for size in SIZES]
    adapter.send(packets)
    assert handle.read(SMALLEST_READ, alignment=alignment).data == bundle(*packets)


# -- what the driver reads


@pytest.mark.spec("W-10", "W-41")
@both
@pytest.mark.parametrize("size", SIZES)
def test_a_write_is_taken_with_the_last_padding_and_not_without(adapter: Adapter, handle: Handle, size: int) -> None:
    data = bundle(ipv4(64), ipv4(size, 9))
    whole = handle.write(data)
    assert (whole.status, whole.information) == (Nt.SUCCESS, len(data))
    padding = space(size) - HEADER - size
    for missing in range(1, padding + 1):
        assert handle.write(data[:-missing]).status == Nt.INVALID_USER_BUFFER
    assert received(adapter) == [ipv4(64), ipv4(size, 9)]


@pytest.mark.spec("W-11")
@both
def test_padding_of_a_write_is_ignored(adapter: Adapter, handle: Handle) -> None:
    dirty = bytearray(bundle(ipv4(21, 1), ipv4(37, 2)))
    for start in (0, space(21)):
        dirty[start + 4 : start + HEADER] = b"\xff" * 12
    dirty[HEADER + 21 : space(21)] = b"\xff" * (space(21) - HEADER - 21)
    dirty[space(21) + HEADER + 37 :] = b"\xff" * (space(37) - HEADER - 37)
    assert handle.write(bytes(dirty)).status == Nt.SUCCESS
    assert received(adapter) == [ipv4(21, 1), ipv4(37, 2)]


@pytest.mark.spec("W-12", "W-41")
@both
@pytest.mark.parametrize(("count", "right"), [(255, True), (256, True), (257, False)])
def test_a_write_holds_at_most_256_packets(adapter: Adapter, handle: Handle, count: int, right: bool) -> None:
    packets = [ipv4(20 + n % 40, n % 256) for n in range(count)]
    assert handle.write(bundle(*packets)).status == (Nt.SUCCESS if right else Nt.INVALID_USER_BUFFER)
    assert received(adapter) == (packets if right else [])


@pytest.mark.spec("W-13", "W-41")
@both
@pytest.mark.parametrize(("size", "right"), [(MTU - 1, True), (MTU, True), (MTU + 1, False), (MTU + 16, False)])
def test_a_written_packet_is_at_most_the_mtu(adapter: Adapter, handle: Handle, size: int, right: bool) -> None:
    assert handle.write(bundle(ipv4(), ipv4(size, 3))).status == (Nt.SUCCESS if right else Nt.INVALID_USER_BUFFER)
    assert received(adapter) == ([ipv4(), ipv4(size, 3)] if right else [])


@pytest.mark.spec("W-14", "W-40")
@both
@pytest.mark.parametrize("length", [1, SMALLEST_WRITE - 1, LARGEST_BUNDLE + 1])
def test_a_write_of_another_length_is_refused(adapter: Adapter, handle: Handle, length: int) -> None:
    data = bundle(ipv4(), *[ipv4(MTU)] * MAX_PACKETS)[:length]
    write = handle.write(data)
    assert (write.status, write.information) == (Nt.INVALID_USER_BUFFER, 0)
    assert adapter.received == []


@pytest.mark.spec("W-14")
@both
def test_the_smallest_write_is_one_ipv4_header(adapter: Adapter, handle: Handle) -> None:
    write = handle.write(bundle(ipv4(20)))
    assert (write.status, write.information) == (Nt.SUCCESS, SMALLEST_WRITE)
    assert received(adapter) == [ipv4(20)]


@pytest.mark.spec("W-14", "W-12", "W-13")
@both
def test_the_largest_write_is_256_of_the_largest_packets(adapter: Adapter, handle: Handle) -> None:
    packets = [ipv4(MTU, n) for n in range(MAX_PACKETS)]
    write = handle.write(bundle(*packets))
    assert (write.status, write.information) == (Nt.SUCCESS, LARGEST_BUNDLE)
    assert received(adapter) == packets


@pytest.mark.spec("W-15")
@both
@pytest.mark.parametrize("alignment", ALIGNMENTS)
def test_a_written_buffer_may_start_anywhere(adapter: Adapter, handle: Handle, alignment: int) -> None:
    packets = [ipv4(size, size % 256) if size < 40 else ipv6(size, size % 256) for size in (*SIZES, 9000)]
    assert handle.write(bundle(*packets), alignment=alignment).status == Nt.SUCCESS
    assert sorted(received(adapter)) == sorted(packets)
