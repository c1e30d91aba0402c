from __future__ import annotations

import pytest

from pyndis.host import Adapter, Handle, Host, Nb, Nbl
from tests.drivers.wintun.conftest import INDEX, path_of
from tests.drivers.wintun.counters import counted
from tests.drivers.wintun.traffic import read_all
from tests.host.packets import LARGEST_BUNDLE, MTU, SMALLEST_READ, ipv4, ipv6, unbundle
from tests.host.statuses import Ndis

DISPATCH = 2
MOST_QUEUED = 1000
ALL_CALLS = 1_000_000


# -- the way into the queue


@pytest.mark.spec("W-20")
def test_what_is_sent_comes_out_in_order_whatever_chain_it_came_in(adapter: Adapter, handle: Handle) -> None:
    packets = [ipv4(20 + n, n) if n % 3 else ipv6(40 + n, n) for n in range(60)]
    adapter.send(packets[:1])
    adapter.send(packets[1:40])
    adapter.send([Nbl([Nb(each) for each in packets[40:50]]), *packets[50:]], dispatch=True)
    assert read_all(handle) == packets


@pytest.mark.spec("W-23")
def test_nothing_is_allocated_or_mapped_on_the_way_into_the_queue(host: Host, adapter: Adapter, handle: Handle) -> None:
    host.calls(reset=True)
    host.fail_allocation(1, count=ALL_CALLS)
    chain = adapter.send([ipv4(1000), ipv6(1000)] * 50)
    assert not any(chain.statuses)
    assert [name for name in host.calls() if "Alloc" in name or name.startswith(("Mm", "NdisGetDataBuffer"))] == []
    host.fail_allocation(0)
    assert len(read_all(handle)) == 100


@pytest.mark.spec("W-23")
def test_packets_reach_a_read_when_nothing_can_be_allocated(host: Host, adapter: Adapter, handle: Handle) -> None:
    packets = [ipv4(500, n) for n in range(10)]
    adapter.send(packets)
    host.fail_allocation(2, count=ALL_CALLS)  # the first is the mapping of the read
    assert unbundle(handle.read(SMALLEST_READ).data) == packets


# -- NBLs of several packets


@pytest.mark.spec("W-22")
def test_an_nbl_is_completed_once_when_its_last_packet_is_copied(adapter: Adapter, handle: Handle) -> None:
    packets = [ipv4(30_000, n) for n in range(5)]
    chain = adapter.send([Nbl([Nb(each) for each in packets])])
    for taken in (packets[0:2], packets[2:4]):
        assert unbundle(handle.read(SMALLEST_READ).data) == taken
        assert chain.statuses == [None]
    assert unbundle(handle.read(SMALLEST_READ).data) == packets[4:]
    assert chain.statuses == [Ndis.SUCCESS]
    assert len(adapter.completions) == 1


@pytest.mark.spec("W-22", "W-20")
def test_the_packets_of_one_nbl_fill_reads_that_wait(adapter: Adapter, handle: Handle) -> None:
    packets = [ipv4(40_000, n) for n in range(6)]
    reads = [handle.read(SMALLEST_READ) for _ in range(7)]
    chain = adapter.send([Nbl([Nb(each) for each in packets])])
    assert [unbundle(each.data) for each in reads[:6]] == [[each] for each in packets]
    assert not reads[6].done
    assert chain.statuses == [Ndis.SUCCESS]


@pytest.mark.spec("W-22", "W-12")
def test_an_nbl_of_more_than_256_packets_needs_two_reads(adapter: Adapter, handle: Handle) -> None:
    packets = [ipv4(20, n % 256) for n in range(300)]
    chain = adapter.send([Nbl([Nb(each) for each in packets])])
    assert unbundle(handle.read(LARGEST_BUNDLE).data) == packets[:256]
    assert not chain.done
    assert unbundle(handle.read(LARGEST_BUNDLE).data) == packets[256:]
    assert chain.statuses == [Ndis.SUCCESS]


@pytest.mark.spec("W-23")
@pytest.mark.parametrize("split", [[20, 3], [1, 1, 1, 17], [7, 40], [60], [0, 20, 0, 20]])
@pytest.mark.parametrize("offset", [0, 1, 7])
def test_a_payload_may_lie_in_many_mdls(adapter: Adapter, handle: Handle, split: list[int], offset: int) -> None:
    packet = bytes([0x45, *range(1, 60)])
    adapter.send([Nbl([Nb(packet, mdl_split=split, offset=offset), Nb(ipv4(33))])])
    assert unbundle(handle.read(SMALLEST_READ, alignment=3).data) == [packet, ipv4(33)]


@pytest.mark.spec("W-24")
def test_an_oversize_packet_costs_only_itself(adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([Nbl([Nb(ipv4(21)), Nb(ipv4(MTU + 1)), Nb(ipv4(22))]), ipv4(23)])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(21), ipv4(22), ipv4(23)]
    assert chain.statuses == [Ndis.INVALID_LENGTH, Ndis.SUCCESS]
    assert counted(adapter)["ifOutDiscards"] == 1


@pytest.mark.spec("W-24")
@pytest.mark.parametrize("place", [0, 1, 2])
def test_each_oversize_packet_is_counted(adapter: Adapter, handle: Handle, place: int) -> None:
    packets = [Nb(ipv4(MTU + 1)), Nb(ipv4(MTU + 100))]
    packets.insert(place, Nb(ipv4(99)))
    read = handle.read(SMALLEST_READ)
    chain = adapter.send([Nbl(packets)])
    assert unbundle(read.data) == [ipv4(99)]
    assert chain.statuses == [Ndis.INVALID_LENGTH]
    assert counted(adapter)["ifOutDiscards"] == 2


@pytest.mark.spec("W-24", "W-20")
def test_an_nbl_of_oversize_packets_only_never_shows_in_a_read(adapter: Adapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ)
    assert adapter.send([Nbl([Nb(ipv4(MTU + 1)), Nb(ipv4(MTU + 1))])]).statuses == [Ndis.INVALID_LENGTH]
    assert not read.done
    assert counted(adapter) == {"ifOutDiscards": 2}


@pytest.mark.spec("W-24")
def test_an_nbl_without_a_packet_completes_at_once(adapter: Adapter, handle: Handle) -> None:
    assert adapter.send([Nbl([]), ipv4(30), Nbl([])]).statuses == [Ndis.SUCCESS, None, Ndis.SUCCESS]
    assert read_all(handle) == [ipv4(30)]
    assert "ifOutDiscards" not in counted(adapter)


# -- the end of the queue


@pytest.mark.spec("W-25")
def test_a_thousand_nbls_wait(adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4()] * MOST_QUEUED)
    assert not any(chain.statuses)
    assert chain.statuses.count(None) == MOST_QUEUED
    assert len(read_all(handle)) == MOST_QUEUED


@pytest.mark.spec("W-25")
@pytest.mark.parametrize("over", [1, 3, 1000])
def test_over_a_thousand_the_oldest_give_way(adapter: Adapter, handle: Handle, over: int) -> None:
    first = adapter.send([ipv4(20, n % 256) for n in range(MOST_QUEUED)])
    second = adapter.send([ipv4(21, n % 256) for n in range(over)])
    assert first.statuses == [Ndis.SEND_ABORTED] * over + [None] * (MOST_QUEUED - over)
    assert second.statuses == [None] * over
    assert counted(adapter) == {"ifOutDiscards": over}
    assert read_all(handle) == [ipv4(20, n % 256) for n in range(over, MOST_QUEUED)] + [ipv4(21, n % 256) for n in range(over)]


@pytest.mark.spec("W-25")
def test_one_chain_of_1001_loses_its_first(adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4(20, n % 256) for n in range(MOST_QUEUED + 1)], dispatch=True)
    assert chain.statuses == [Ndis.SEND_ABORTED] + [None] * MOST_QUEUED
    assert len(read_all(handle)) == MOST_QUEUED


# -- refusals


@pytest.mark.spec("W-26")
@pytest.mark.parametrize("dispatch", [False, True])
def test_without_a_handle_a_chain_is_aborted_at_once(adapter: Adapter, dispatch: bool) -> None:
    assert adapter.send([ipv4(), ipv6(), Nbl([])], dispatch=dispatch).statuses == [Ndis.SEND_ABORTED] * 3


@pytest.mark.spec("W-26")
def test_after_the_last_close_a_chain_is_aborted_at_once(adapter: Adapter, handle: Handle) -> None:
    handle.close()
    assert adapter.send([ipv4()] * 3).statuses == [Ndis.SEND_ABORTED] * 3


@pytest.mark.spec("W-26")
@pytest.mark.parametrize("reading", [False, True])
def test_a_paused_adapter_refuses_a_chain_at_once(adapter: Adapter, handle: Handle, reading: bool) -> None:
    reads = [handle.read(SMALLEST_READ) for _ in range(int(reading))]
    adapter.pause()
    assert adapter.send([ipv4(), ipv6(), ipv4()]).statuses == [Ndis.PAUSED] * 3
    adapter.restart()
    assert not any(each.done for each in reads)


@pytest.mark.spec("W-26")
def test_an_adapter_that_never_ran_refuses_a_chain_at_once(host: Host) -> None:
    adapter = host.add_adapter(luid_index=INDEX, restart=False)
    host.open(path_of(INDEX))
    assert adapter.send([ipv4(), ipv6()]).statuses == [Ndis.PAUSED] * 2


@pytest.mark.spec("W-26")
@pytest.mark.parametrize("state", [1, 2, 3])
def test_a_sleeping_adapter_refuses_a_chain_at_once(adapter: Adapter, handle: Handle, state: int) -> None:
    read = handle.read(SMALLEST_READ)
    adapter.set_power(state, order="nopause")
    assert adapter.send([ipv4(), ipv6(), ipv4()]).statuses == [Ndis.LOW_POWER_STATE] * 3
    adapter.set_power(0, order="nopause")
    assert not read.done
    assert adapter.send([ipv4(77)]).statuses == [Ndis.SUCCESS]
    assert unbundle(read.data) == [ipv4(77)]


# -- cancel


@pytest.mark.spec("W-30")
@pytest.mark.parametrize("dispatch", [False, True])
def test_cancel_takes_every_nbl_of_its_id_and_no_other(adapter: Adapter, handle: Handle, dispatch: bool) -> None:
    chain = adapter.send([Nbl([Nb(ipv4(20 + n))], cancel_id=1 + n % 3) for n in range(9)])
    adapter.cancel_send(2, dispatch=dispatch)
    assert chain.statuses == [Ndis.SEND_ABORTED if n % 3 == 1 else None for n in range(9)]
    assert read_all(handle) == [ipv4(20 + n) for n in range(9) if n % 3 != 1]


@pytest.mark.spec("W-30")
def test_an_unknown_id_cancels_nothing(adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4(), ipv4()], cancel_id=5)
    adapter.cancel_send(6)
    assert chain.statuses == [None, None]
    adapter.cancel_send(5)
    assert chain.statuses == [Ndis.SEND_ABORTED] * 2
    adapter.cancel_send(5)
    assert len(adapter.completions) == 2


@pytest.mark.spec("W-30", "W-22")
def test_an_nbl_that_a_read_has_begun_can_be_cancelled(adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([Nbl([Nb(ipv4(40_000, 1)), Nb(ipv4(40_000, 2))]), ipv4(50)], cancel_id=5)
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(40_000, 1)]
    adapter.cancel_send(5)
    assert chain.statuses == [Ndis.SEND_ABORTED] * 2
    adapter.send([ipv4(51)])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(51)]


# -- counters


@pytest.mark.spec("W-32")
def test_a_packet_counts_when_it_is_copied(adapter: Adapter, handle: Handle) -> None:
    adapter.send([Nbl([Nb(ipv4(40_000)), Nb(ipv4(30_000))]), ipv6(100)])
    assert counted(adapter) == {}
    handle.read(SMALLEST_READ)
    assert counted(adapter) == {"ifHCOutOctets": 40_000, "ifHCOutUcastOctets": 40_000, "ifHCOutUcastPkts": 1}
    handle.read(SMALLEST_READ)
    assert counted(adapter) == {"ifHCOutOctets": 70_100, "ifHCOutUcastOctets": 70_100, "ifHCOutUcastPkts": 3}


@pytest.mark.spec("W-32", "W-30")
def test_what_no_read_took_does_not_count_as_sent(adapter: Adapter, handle: Handle) -> None:
    adapter.send([ipv4()] * 3, cancel_id=5)
    adapter.cancel_send(5)
    assert "ifHCOutUcastPkts" not in counted(adapter)


# -- calls out of the driver


@pytest.mark.spec("W-33")
def test_sends_of_a_passive_caller_complete_below_dispatch_level_so_no_spin_lock_is_held(
    adapter: Adapter, handle: Handle
) -> None:
    adapter.send([ipv4()] * 2, cancel_id=5)
    adapter.cancel_send(5)
    adapter.send([ipv4()] * (MOST_QUEUED + 1))
    handle.read(LARGEST_BUNDLE)
    adapter.pause()
    adapter.send([ipv4()])
    adapter.restart()
    adapter.send([ipv4()])
    handle.close()
    adapter.send([ipv4()])
    assert len(adapter.completions) == MOST_QUEUED + 6
    assert max(each.irql for each in adapter.completions) < DISPATCH
