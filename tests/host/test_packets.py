from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyndis.contract import started
from pyndis.host import Adapter, CommandRefused, Handle, Host, Nb, Nbl
from pyndis.host.channel import Pending
from pyndis.host.wire import Frame
from tests.host.packets import LARGEST_BUNDLE, MTU, SMALLEST_READ, bundle, ipv4, ipv6, unbundle
from tests.host.statuses import Ndis, Nt, oid
from tests.host.test_life import path_of

ARCHITECTURES = ("amd64", "x86", "arm64")

IPV4 = 0x0800
IPV6 = 0x86DD


@pytest.fixture
def adapter(host: Host) -> Adapter:
    return host.add_adapter(luid_index=1)


@pytest.fixture
def handle(host: Host, adapter: Adapter) -> Handle:
    return host.open(path_of(1))


# -- user to stack


def test_a_write_reaches_the_stack_by_protocol_in_order(adapter: Adapter, handle: Handle) -> None:
    packets = [ipv4(20), ipv6(41), ipv4(100), ipv6(40)]
    write = handle.write(bundle(*packets))
    assert write.status == Nt.SUCCESS
    assert write.information == len(bundle(*packets))
    received = adapter.received
    assert [each.data for each in received if each.protocol == IPV4] == packets[0::2]
    assert [each.data for each in received if each.protocol == IPV6] == packets[1::2]


@pytest.mark.parametrize("alignment", [0, 1, 7, 4095])
def test_a_users_buffer_may_start_anywhere(adapter: Adapter, handle: Handle, alignment: int) -> None:
    packets = [ipv4(20 + 300 * n, n) for n in range(20)]
    assert handle.write(bundle(*packets), alignment=alignment).status == Nt.SUCCESS
    assert [each.data for each in adapter.received] == packets


@pytest.mark.parametrize(("order", "threads"), [("forward", 1), ("reverse", 1), ("shuffled", 4), ("forward", 8)])
def test_a_write_completes_after_the_last_return(adapter: Adapter, handle: Handle, order: str, threads: int) -> None:
    adapter.hold_returns()
    write = handle.write(bundle(*(ipv4(60, n) for n in range(64))))
    held = adapter.held
    assert len(held) == 64
    adapter.return_held(order=held[1:], threads=threads)
    assert not write.done
    adapter.return_held(order="reverse" if order == "reverse" else "forward")
    assert write.status == Nt.SUCCESS
    assert adapter.link.lent == 0


def test_an_nbl_can_be_asked_for_as_soon_as_it_is_told_of(host: Host, adapter: Adapter, handle: Handle) -> None:
    returns: list[Pending] = []

    class Eager:
        def on_event(self, event: Frame) -> None:
            if event.word == "received":
                returns.append(host.session.start("return", {"adapter": adapter.id, "nbls": [event.number("nbl")]}))

    adapter.hold_returns()
    host.session.listen("adapter", adapter.id, Eager())
    writes = [handle.write(bundle(*[ipv4(60)] * 16)) for _ in range(10)]
    assert [each.status for each in writes] == [Nt.SUCCESS] * 10
    assert [host.session.finish(each).number("returned") for each in returns] == [1] * 160


def test_what_the_stack_does_not_hold_is_refused_and_nothing_goes_back(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    write = handle.write(bundle(ipv4(), ipv4()))
    for unknown in ([3], [1, 2, 3], [7, 1], [0]):
        with pytest.raises(CommandRefused, match="the stack does not hold the NBL"):
            started.give_back(host, adapter, unknown).wait()
    assert adapter.link.lent == 2
    assert adapter.return_held(order=[1, 2]) == 2
    assert write.status == Nt.SUCCESS


def test_any_number_of_nbls_goes_back_at_once(adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    writes = [handle.write(bundle(*[ipv4()] * 256)) for _ in range(17)]
    assert adapter.return_held(order="reverse") == 17 * 256
    assert {each.status for each in writes} == {Nt.SUCCESS}


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_returns_on_many_threads_complete_the_write_once(adapter: Adapter, handle: Handle, threads: int) -> None:
    adapter.hold_returns()
    writes = [handle.write(bundle(*(ipv4(60, n) for n in range(32)))) for _ in range(8)]
    assert adapter.return_held(order="shuffled", threads=threads, chained=False) == 8 * 32
    assert [each.status for each in writes] == [Nt.SUCCESS] * 8


def test_nbls_may_come_back_on_another_thread_at_once(adapter: Adapter, handle: Handle) -> None:
    adapter.return_on_threads()
    for n in range(20):
        assert handle.write(bundle(ipv4(60, n), ipv6(60, n))).status == Nt.SUCCESS
    assert len(adapter.received) == 40


@pytest.mark.parametrize(
    "data",
    [
        bundle(ipv4(20), ipv4(20))[:-1],
        bundle(ipv4(20)) + bytes(16),
        bundle(bytes(60)),
        bundle(*[ipv4()] * 257),
        (0xFFFFFFFF).to_bytes(4, "little") + bytes(60),
    ],
    ids=["cut off", "empty packet", "no IP", "too many", "huge size"],
)
def test_a_malformed_bundle_does_nothing(adapter: Adapter, handle: Handle, data: bytes) -> None:
    assert handle.write(data).status == Nt.INVALID_USER_BUFFER
    assert adapter.received == []


def test_an_empty_write_is_refused(adapter: Adapter, handle: Handle) -> None:
    assert handle.write(b"").status == Nt.INVALID_PARAMETER


def test_a_write_while_paused_is_dropped_and_counted(adapter: Adapter, handle: Handle) -> None:
    adapter.pause()
    assert handle.write(bundle(ipv4(), ipv6())).status == Nt.SUCCESS
    assert adapter.received == []
    adapter.restart()


def test_a_write_that_finds_no_memory_indicates_nothing(host: Host, adapter: Adapter, handle: Handle) -> None:
    host.fail_call("IoAllocateMdl", 3)
    assert handle.write(bundle(*[ipv4()] * 5)).status == Nt.INSUFFICIENT_RESOURCES
    assert adapter.received == []


def test_a_write_of_the_clients_memory_shows_what_it_holds(host: Host, adapter: Adapter, handle: Handle) -> None:
    memory = handle.process.memory(8192)
    memory.write(100, bundle(ipv4(50, 7)))
    assert handle.write(b"", memory=memory, offset=100, length=len(bundle(ipv4(50, 7)))).status == Nt.SUCCESS
    assert [each.data for each in adapter.received] == [ipv4(50, 7)]


# -- stack to user


def test_a_read_waits_for_a_packet(adapter: Adapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ)
    assert read.returned == Nt.PENDING
    assert not read.done
    chain = adapter.send([ipv4(99)])
    assert unbundle(read.data) == [ipv4(99)]
    assert chain.statuses == [Ndis.SUCCESS]


@pytest.mark.parametrize("dispatch", [False, True])
def test_packets_come_in_order_over_several_reads(adapter: Adapter, handle: Handle, dispatch: bool) -> None:
    packets = [ipv4(20_000 + n, n) for n in range(7)]
    reads = [handle.read(SMALLEST_READ) for _ in range(4)]
    chain = adapter.send(packets, dispatch=dispatch)
    assert [packet for read in reads[:3] for packet in unbundle(read.data)] == packets
    assert chain.done


def test_an_nbl_is_done_when_its_last_packet_is_read(adapter: Adapter, handle: Handle) -> None:
    packets = [ipv4(30_000, n) for n in range(3)]
    chain = adapter.send([Nbl([Nb(each) for each in packets])])
    assert unbundle(handle.read(SMALLEST_READ).data) == packets[:2]
    assert not chain.done
    assert unbundle(handle.read(SMALLEST_READ).data) == packets[2:]
    assert chain.statuses == [Ndis.SUCCESS]


def test_a_packet_may_lie_in_many_mdls(adapter: Adapter, handle: Handle) -> None:
    adapter.send([Nbl([Nb(ipv4(60, 5), mdl_split=[20, 3, 1, 30], offset=7)])])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(60, 5)]


def test_a_packet_that_cannot_be_mapped_costs_only_itself(adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([Nbl([Nb(ipv4(60), unmappable=True)]), ipv4(61)])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(61)]
    assert chain.statuses == [Ndis.RESOURCES, Ndis.SUCCESS]


def test_a_packet_over_the_mtu_is_dropped(adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4(MTU + 1), ipv4(MTU)])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(MTU)]
    assert chain.statuses == [Ndis.INVALID_LENGTH, Ndis.SUCCESS]


def test_a_read_takes_at_most_256_packets(adapter: Adapter, handle: Handle) -> None:
    adapter.send([ipv4(20 + n % 50) for n in range(300)])
    assert len(unbundle(handle.read(LARGEST_BUNDLE).data)) == 256
    assert len(unbundle(handle.read(LARGEST_BUNDLE).data)) == 44


def test_padding_hides_what_the_buffer_held(adapter: Adapter, handle: Handle) -> None:
    adapter.send([ipv4(21), ipv4(37)])
    assert unbundle(handle.read(SMALLEST_READ, fill=0xEE).data) == [ipv4(21), ipv4(37)]


@pytest.mark.parametrize(
    ("length", "status"),
    [(0, Nt.INVALID_PARAMETER), (SMALLEST_READ - 1, Nt.INVALID_USER_BUFFER), (LARGEST_BUNDLE + 1, Nt.INVALID_USER_BUFFER)],
)
def test_a_read_of_a_wrong_length_is_refused(adapter: Adapter, handle: Handle, length: int, status: int) -> None:
    assert handle.read(length).status == status


def test_cancel_send_takes_only_its_own(adapter: Adapter, handle: Handle) -> None:
    mine = adapter.send([ipv4(21), ipv4(22)], cancel_id=5)
    others = adapter.send([ipv4(23)], cancel_id=6)
    adapter.cancel_send(5)
    assert mine.statuses == [Ndis.SEND_ABORTED] * 2
    assert not others.done
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(23)]


def test_over_a_thousand_sends_the_oldest_gives_way(adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4()] * 1003)
    assert chain.statuses[:4] == [Ndis.SEND_ABORTED] * 3 + [None]
    assert handle.read(LARGEST_BUNDLE).done


def test_without_a_handle_sends_are_aborted(adapter: Adapter) -> None:
    assert adapter.send([ipv4()]).statuses == [Ndis.SEND_ABORTED]


def test_a_send_ages_by_virtual_time(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4()])
    host.advance(19.9)
    assert not chain.done
    later = adapter.send([ipv4()])
    host.advance(1)
    assert chain.statuses == [Ndis.SEND_ABORTED]
    assert not later.done
    host.advance(20)
    assert later.statuses == [Ndis.SEND_ABORTED]


def test_time_stands_still_until_it_is_advanced(host: Host) -> None:
    before = host.now
    host.settle()
    assert host.now == before
    host.advance(1.5)
    assert host.now == pytest.approx(before + 1.5)


# -- both ways at once


@pytest.fixture
def fast(tun_image: Path) -> Iterator[Host]:
    with Host(tun_image, cpus=4) as host:
        yield host


@pytest.mark.slow
def test_traffic_both_ways_loses_nothing(fast: Host) -> None:
    adapter = fast.add_adapter(luid_index=1)
    handle = fast.open(path_of(1))
    adapter.return_on_threads()
    up, down = [], []
    for n in range(100):
        reads = [handle.read(SMALLEST_READ, wait=False) for _ in range(2)]
        up.append(handle.write(bundle(ipv4(500, n % 256), ipv6(600, n % 256)), wait=False))
        adapter.send([ipv4(700, n % 256)], dispatch=n % 2 == 0)
        adapter.send([ipv6(800, n % 256)])
        fast.settle()
        for read in reads:
            if read.done:
                down.extend(unbundle(read.data))
            else:
                read.cancel()
    assert all(each.status == Nt.SUCCESS for each in up)
    assert len(adapter.received) == 200
    assert len(down) == 200
    assert [each[-1] for each in down if each[0] >> 4 == 4] == [n % 256 for n in range(100)]
    assert adapter.oid(query=oid("GEN_RCV_OK"), length=8).value == 200
    assert adapter.oid(query=oid("GEN_XMIT_OK"), length=8).value == 200


# -- what the test sees of pending requests


def test_a_users_buffer_can_be_looked_at_and_changed_while_it_is_lent(adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    write = handle.write(bundle(ipv4(40, 1)))
    write.poke(16 + 30, b"\xff")
    assert write.peek(16 + 29, 3) == b"\x01\xff\x01"
    adapter.return_held()
    assert write.status == Nt.SUCCESS


def test_a_write_lent_for_long_is_a_note_and_no_violation(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    write = handle.write(bundle(ipv4()))
    host.advance(40)
    assert len(host.notes) == 1
    assert host.violations == []
    adapter.return_held()
    assert write.done


def test_a_pending_request_has_no_status_yet(adapter: Adapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ)
    with pytest.raises(AssertionError, match="still pending"):
        assert read.status
    assert "pending" in repr(read)
