from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from pyndis.host import Adapter, Handle, Host, Nb, Nbl
from tests.drivers.wintun.counters import counted
from tests.drivers.wintun.traffic import read_all
from tests.host.packets import HEADER, LARGEST_BUNDLE, MTU, SMALLEST_READ, ipv4, ipv6, space, unbundle
from tests.host.statuses import Ndis, Nt

PASSIVE, DISPATCH = 0, 2
IO_NETWORK_INCREMENT = 2
MAP = "MmMapLockedPagesSpecifyCache"


def unreachable(size: int = 60) -> Nbl:
    return Nbl([Nb(ipv4(size), unmappable=True)])


# -- filling


@pytest.mark.spec("W-20")
def test_a_read_is_completed_with_what_it_uses_and_a_network_boost(adapter: Adapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ)
    assert read.returned == Nt.PENDING
    adapter.send([ipv4(99), ipv6(99)])
    assert (read.status, read.information, read.boost) == (Nt.SUCCESS, 2 * space(99), IO_NETWORK_INCREMENT)
    assert unbundle(read.data) == [ipv4(99), ipv6(99)]


@pytest.mark.spec("W-20")
def test_a_read_that_finds_packets_takes_them_at_once(adapter: Adapter, handle: Handle) -> None:
    adapter.send([ipv4(99)])
    read = handle.read(SMALLEST_READ)
    assert (read.status, read.information, read.boost) == (Nt.SUCCESS, space(99), IO_NETWORK_INCREMENT)


@pytest.mark.spec("W-20")
def test_the_oldest_read_is_served_first(adapter: Adapter, handle: Handle) -> None:
    reads = [handle.read(SMALLEST_READ) for _ in range(3)]
    for n in range(3):
        adapter.send([ipv4(30 + n)])
        assert [each.done for each in reads] == [index <= n for index in range(3)]
        assert unbundle(reads[n].data) == [ipv4(30 + n)]


@pytest.mark.spec("W-20")
def test_a_read_takes_all_that_waits_and_leaves_the_next_read_waiting(adapter: Adapter, handle: Handle) -> None:
    packets = [ipv4(100, n) for n in range(50)]
    adapter.send(packets)
    first, second = handle.read(SMALLEST_READ), handle.read(SMALLEST_READ)
    assert unbundle(first.data) == packets
    assert not second.done


@pytest.mark.spec("W-20")
@pytest.mark.parametrize(("last", "fits"), [(1376, True), (1377, False)])
def test_a_read_takes_packets_until_the_next_does_not_fit(adapter: Adapter, handle: Handle, last: int, fits: bool) -> None:
    packets = [ipv4(30_000, 1), ipv4(30_000, 2), ipv4(last, 3), ipv4(20, 4)]
    assert 2 * space(30_000) + space(1376) == SMALLEST_READ - HEADER
    adapter.send([ipv4(30_000, 1), ipv4(30_000, 2), ipv4(last + HEADER, 3), ipv4(20, 4)])
    packets[2] = ipv4(last + HEADER, 3)
    taken = 3 if fits else 2
    read = handle.read(SMALLEST_READ)
    assert unbundle(read.data) == packets[:taken]
    assert (read.information == SMALLEST_READ) is fits
    assert unbundle(handle.read(SMALLEST_READ).data) == packets[taken:]


@pytest.mark.spec("W-20")
def test_a_packet_that_does_not_fit_is_not_overtaken(adapter: Adapter, handle: Handle) -> None:
    packets = [ipv4(60_000), ipv4(60_001), ipv4(20)]
    adapter.send(packets)
    assert unbundle(handle.read(SMALLEST_READ).data) == packets[:1]
    assert unbundle(handle.read(SMALLEST_READ).data) == packets[1:]


@pytest.mark.spec("W-20", "W-24", "W-30")
def test_without_a_packet_a_read_stays_pending(host: Host, adapter: Adapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ)
    adapter.send([Nbl([]), ipv4(MTU + 1), unreachable()])
    adapter.cancel_send(1)
    adapter.pause()
    adapter.restart()
    adapter.set_power(3)
    adapter.set_power(0)
    host.advance(100)
    assert not read.done
    adapter.send([ipv4(44)])
    assert unbundle(read.data) == [ipv4(44)]


@pytest.mark.spec("W-20")
def test_a_cancelled_read_does_not_take_packets_with_it(adapter: Adapter, handle: Handle) -> None:
    first, second = handle.read(SMALLEST_READ), handle.read(SMALLEST_READ)
    assert first.cancel()
    assert (first.status, first.information) == (Nt.CANCELLED, 0)
    adapter.send([ipv4(44)])
    assert unbundle(second.data) == [ipv4(44)]


# -- who drains


@pytest.mark.spec("W-21")
def test_at_dispatch_level_a_drain_ends_with_one_read_and_a_work_item_goes_on(
    host: Host, adapter: Adapter, handle: Handle
) -> None:
    reads = [handle.read(SMALLEST_READ) for _ in range(5)]
    host.calls(reset=True)
    packets = [ipv4(60_000, n) for n in range(5)]
    chain = adapter.send(packets, dispatch=True)
    assert [unbundle(each.data) for each in reads] == [[each] for each in packets]
    assert [each.irql for each in reads] == [DISPATCH] + [PASSIVE] * 4
    assert host.calls()["NdisQueueIoWorkItem"].calls == 1
    assert chain.statuses == [Ndis.SUCCESS] * 5


@pytest.mark.spec("W-21")
def test_one_read_at_dispatch_level_needs_no_work_item_to_be_served(adapter: Adapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ)
    adapter.send([ipv4(44)], dispatch=True)
    assert (read.status, read.irql) == (Nt.SUCCESS, DISPATCH)


@pytest.mark.spec("W-21")
def test_the_order_is_kept_over_work_items(adapter: Adapter, handle: Handle) -> None:
    reads = [handle.read(SMALLEST_READ) for _ in range(30)]
    packets = [ipv4(25_000 + n, n) for n in range(40)]
    for n in range(0, 40, 8):
        adapter.send(packets[n : n + 8], dispatch=True)
    found = [packet for each in reads if each.done for packet in unbundle(each.data)]
    assert found == packets


@pytest.mark.spec("W-33")
def test_a_read_completes_at_the_callers_irql_so_no_lock_is_held(adapter: Adapter, handle: Handle) -> None:
    waiting = handle.read(SMALLEST_READ)
    adapter.send([ipv4()])
    adapter.send([ipv4()])
    at_once = handle.read(SMALLEST_READ)
    cancelled = handle.read(SMALLEST_READ)
    cancelled.cancel()
    closed = handle.read(SMALLEST_READ)
    handle.close()
    assert {each.irql for each in (waiting, at_once, cancelled, closed)} == {PASSIVE}


# -- mapping


@pytest.mark.spec("W-23")
def test_a_read_is_mapped_once_and_only_when_it_is_taken_from_its_queue(host: Host, adapter: Adapter, handle: Handle) -> None:
    host.calls(reset=True)
    reads = [handle.read(LARGEST_BUNDLE) for _ in range(3)]
    assert MAP not in host.calls()
    adapter.send([ipv4(1000, n) for n in range(200)])
    assert len(unbundle(reads[0].data)) == 200
    assert host.calls()[MAP].calls == 1
    reads[1].cancel()
    assert host.calls()[MAP].calls == 1


@pytest.mark.spec("W-31", "W-20")
def test_a_read_that_cannot_be_mapped_fails_and_the_packets_wait_for_the_next(
    host: Host, adapter: Adapter, handle: Handle
) -> None:
    first, second = handle.read(SMALLEST_READ), handle.read(SMALLEST_READ)
    host.fail_call(MAP, 1)
    chain = adapter.send([ipv4(44)])
    assert (first.status, first.information) == (Nt.INSUFFICIENT_RESOURCES, 0)
    assert unbundle(second.data) == [ipv4(44)]
    assert chain.statuses == [Ndis.SUCCESS]


@pytest.mark.spec("W-31")
def test_a_read_without_a_buffer_is_an_invalid_parameter(adapter: Adapter, handle: Handle) -> None:
    adapter.send([ipv4()])
    read = handle.read(0)
    assert (read.status, read.information) == (Nt.INVALID_PARAMETER, 0)
    assert read_all(handle) == [ipv4()]


@pytest.mark.spec("W-31")
@pytest.mark.parametrize("length", [1, SMALLEST_READ - 1, LARGEST_BUNDLE + 1])
@pytest.mark.parametrize("waiting", [False, True])
def test_a_read_of_a_wrong_length_is_refused_at_once(adapter: Adapter, handle: Handle, length: int, waiting: bool) -> None:
    if waiting:
        adapter.send([ipv4()])
    read = handle.read(length)
    assert (read.status, read.information) == (Nt.INVALID_USER_BUFFER, 0)
    assert len(read_all(handle)) == int(waiting)


# -- payloads that cannot be reached


@pytest.mark.spec("W-27")
def test_an_unreachable_payload_costs_its_nbl_and_the_read_goes_on(adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4(61), unreachable(), ipv4(62), unreachable(600), ipv4(63)])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(61), ipv4(62), ipv4(63)]
    assert chain.statuses == [Ndis.SUCCESS, Ndis.RESOURCES, Ndis.SUCCESS, Ndis.RESOURCES, Ndis.SUCCESS]
    counts = counted(adapter)
    assert counts["ifOutErrors"] == 2
    assert "ifOutDiscards" not in counts
    assert counts["ifHCOutUcastPkts"] == 3


@pytest.mark.spec("W-27", "W-22")
def test_an_nbl_with_one_unreachable_packet_fails_as_a_whole_and_once(adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([Nbl([Nb(ipv4(61)), Nb(ipv4(62), unmappable=True), Nb(ipv4(63))]), ipv4(64)])
    packets = unbundle(handle.read(SMALLEST_READ).data)
    assert chain.statuses == [Ndis.RESOURCES, Ndis.SUCCESS]
    assert (packets[0], packets[-1]) == (ipv4(61), ipv4(64))
    assert ipv4(62) not in packets
    assert counted(adapter)["ifOutErrors"] == 1
    assert len(adapter.completions) == 2


@pytest.mark.spec("W-27")
def test_a_read_that_is_still_empty_goes_back_to_the_head_of_its_queue(adapter: Adapter, handle: Handle) -> None:
    first, second = handle.read(SMALLEST_READ), handle.read(SMALLEST_READ)
    assert adapter.send([unreachable()] * 3).statuses == [Ndis.RESOURCES] * 3
    assert not first.done
    adapter.send([ipv4(44)])
    assert unbundle(first.data) == [ipv4(44)]
    assert not second.done


@pytest.mark.spec("W-27")
def test_an_empty_read_that_went_back_can_still_be_cancelled(adapter: Adapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ)
    adapter.send([unreachable()])
    assert read.cancel()
    assert (read.status, read.information) == (Nt.CANCELLED, 0)


@pytest.mark.spec("W-27")
def test_a_read_that_holds_a_packet_completes_with_success_when_the_rest_fails(adapter: Adapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ)
    adapter.send([ipv4(61), unreachable(), unreachable()])
    assert (read.status, unbundle(read.data)) == (Nt.SUCCESS, [ipv4(61)])


@pytest.mark.spec("W-27", "W-28")
def test_cancelling_reads_loses_nothing_that_was_reported_as_sent(adapter: Adapter, handle: Handle) -> None:
    chains, reads = [], []
    with ThreadPoolExecutor(2) as threads:
        for n in range(60):
            read = handle.read(SMALLEST_READ)
            sending = threads.submit(adapter.send, [ipv4(20_000, n), unreachable()], dispatch=n % 2 > 0)
            threads.submit(read.cancel)
            reads.append(read)
            chains.append(sending.result())
    rest = read_all(handle)
    assert {(each.status, each.information > 0) for each in reads if each.done} <= {(Nt.SUCCESS, True), (Nt.CANCELLED, False)}
    found = [packet for each in reads if each.status == Nt.SUCCESS for packet in unbundle(each.data)] + rest
    assert found == [ipv4(20_000, n) for n in range(60)]
    assert {tuple(each.statuses) for each in chains} == {(Ndis.SUCCESS, Ndis.RESOURCES)}
