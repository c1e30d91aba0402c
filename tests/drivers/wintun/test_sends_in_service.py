from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from pyndis.host import Adapter, Chain, Handle, Host, Nb, Nbl, Request
from tests.drivers.wintun.conftest import INDEX, path_of
from tests.drivers.wintun.counters import counted
from tests.drivers.wintun.traffic import read_all
from tests.host.packets import LARGEST_BUNDLE, MTU, SMALLEST_READ, ipv4, unbundle
from tests.host.statuses import Ndis, Nt

MOST_QUEUED = 1000
COPY = "NdisGetDataBuffer"  # what the driver calls for each packet when it copies it
WAIT = "NdisMSleep"  # in this it waits until nothing is copied any more
TWO_IN_ONE = [ipv4(40_000, 1), ipv4(40_000, 2)]  # no read of the smallest size takes both


class Copying:
    """A read that is being filled: the thread stands before the copy of its packet number `at`, until `finish`."""

    def __init__(self, host: Host, handle: Handle, at: int = 1, length: int = SMALLEST_READ) -> None:
        self._hold = host.hold_call(COPY, at)
        self.read: Request = handle.read(length, wait=False)
        assert self._hold.reached

    def finish(self) -> None:
        self._hold.release()


def send(adapter: Adapter) -> Chain:
    return adapter.send([ipv4(60 + n) for n in range(3)], cancel_id=5)


PACKETS = [ipv4(60 + n) for n in range(3)]


@pytest.mark.spec("W-28", "W-30")
def test_cancel_leaves_what_is_being_copied(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = send(adapter)
    copying = Copying(host, handle, at=2)
    adapter.cancel_send(5)
    assert Ndis.SEND_ABORTED not in chain.statuses
    copying.finish()
    assert unbundle(copying.read.data) == PACKETS
    assert chain.statuses == [Ndis.SUCCESS] * 3


@pytest.mark.spec("W-28", "W-29")
def test_what_is_being_copied_does_not_age(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = send(adapter)
    host.advance(19)
    copying = Copying(host, handle, at=2)
    host.advance(8)
    assert Ndis.SEND_ABORTED not in chain.statuses
    copying.finish()
    assert unbundle(copying.read.data) == PACKETS
    assert chain.statuses == [Ndis.SUCCESS] * 3


@pytest.mark.spec("W-29", "W-22")
def test_what_comes_back_from_service_too_old_ages_at_once(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([Nbl([Nb(each) for each in TWO_IN_ONE])])
    host.advance(19)
    copying = Copying(host, handle)
    host.advance(1.5)
    copying.finish()
    assert unbundle(copying.read.data) == TWO_IN_ONE[:1]
    host.advance(0.5)
    assert chain.statuses == [Ndis.SEND_ABORTED]


@pytest.mark.spec("W-29", "W-22")
def test_what_comes_back_from_service_keeps_its_age(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.send([ipv4()])
    host.advance(10)
    chain = adapter.send([Nbl([Nb(each) for each in TWO_IN_ONE])])
    copying = Copying(host, handle)  # takes both NBLs: nothing waits when the timer of the first fires
    host.advance(11)
    copying.finish()
    assert not chain.done
    host.advance(9.5)
    assert chain.statuses == [Ndis.SEND_ABORTED]


@pytest.mark.spec("W-28", "W-25")
def test_a_full_queue_evicts_the_oldest_that_is_not_being_copied(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = send(adapter)
    copying = Copying(host, handle, at=2)
    more = adapter.send([ipv4(100, n % 256) for n in range(MOST_QUEUED + 2)])
    assert more.statuses[:3] == [Ndis.SEND_ABORTED, Ndis.SEND_ABORTED, None]
    assert Ndis.SEND_ABORTED not in chain.statuses
    copying.finish()
    assert chain.statuses == [Ndis.SUCCESS] * 3
    assert unbundle(copying.read.data)[:4] == [*PACKETS, ipv4(100, 2)]
    assert counted(adapter)["ifOutDiscards"] == 2


@pytest.mark.spec("W-28", "W-61")
def test_pause_waits_for_what_is_being_copied_and_gives_up_the_rest(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = send(adapter)
    copying = Copying(host, handle, at=2)
    late = adapter.send([ipv4(99)])
    pause = adapter.pause(wait=False)
    assert not pause.done
    assert late.statuses == [Ndis.PAUSED]
    copying.finish()
    assert pause.status == Ndis.SUCCESS
    assert chain.statuses == [Ndis.SUCCESS] * 3
    assert unbundle(copying.read.data) == PACKETS


@pytest.mark.spec("W-28", "W-22")
def test_what_does_not_fit_any_more_after_a_pause_is_given_up(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([Nbl([Nb(each) for each in TWO_IN_ONE]), ipv4(50_000)])
    copying = Copying(host, handle)
    pause = adapter.pause(wait=False)
    assert not pause.done
    copying.finish()
    assert pause.status == Ndis.SUCCESS
    assert chain.statuses == [Ndis.PAUSED, Ndis.PAUSED]
    assert unbundle(copying.read.data) == TWO_IN_ONE[:1]


@pytest.mark.spec("W-28", "W-68")
def test_going_to_sleep_waits_for_what_is_being_copied(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = send(adapter)
    copying = Copying(host, handle, at=2)
    late = adapter.send([ipv4(99)])
    waiting = host.hold_call(WAIT)
    sleep = adapter.set_power(3, order="nopause", wait=False)
    assert waiting.reached
    assert late.statuses == [Ndis.LOW_POWER_STATE]
    copying.finish()
    assert unbundle(copying.read.data) == PACKETS
    assert chain.statuses == [Ndis.SUCCESS] * 3
    waiting.release()
    assert sleep.status == Ndis.SUCCESS


@pytest.mark.spec("W-28", "W-26")
def test_the_last_close_leaves_what_is_being_copied(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = send(adapter)
    copying = Copying(host, handle, at=2)
    late = adapter.send([ipv4(99)])
    with ThreadPoolExecutor(1) as threads:
        closing = threads.submit(handle.close)
        assert Ndis.SEND_ABORTED not in chain.statuses
        copying.finish()
        closing.result()
    assert chain.statuses == [Ndis.SUCCESS] * 3
    assert late.statuses in ([Ndis.SUCCESS], [Ndis.SEND_ABORTED])
    assert unbundle(copying.read.data)[:3] == PACKETS


@pytest.mark.spec("W-27", "W-28")
def test_a_read_that_holds_packets_cannot_be_cancelled_any_more(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = send(adapter)
    copying = Copying(host, handle, at=2)
    copying.read.cancel()
    assert not copying.read.done
    copying.finish()
    assert (copying.read.status, unbundle(copying.read.data)) == (Nt.SUCCESS, PACKETS)
    assert chain.statuses == [Ndis.SUCCESS] * 3


@pytest.mark.spec("W-27", "W-58")
def test_an_empty_read_that_was_cancelled_meanwhile_does_not_go_back(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.send([Nbl([Nb(ipv4(60), unmappable=True)])])
    copying = Copying(host, handle)
    copying.read.cancel()
    copying.finish()
    assert (copying.read.status, copying.read.information) == (Nt.CANCELLED, 0)
    adapter.send([ipv4(44)])
    assert read_all(handle) == [ipv4(44)]


@pytest.mark.spec("W-21")
def test_while_one_thread_drains_no_other_does(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.send([ipv4(50_000, 0)])
    copying = Copying(host, handle)
    reads = [copying.read, *(handle.read(SMALLEST_READ) for _ in range(3))]
    for n in range(1, 4):
        adapter.send([ipv4(50_000, n)], dispatch=n == 2)
    assert not any(each.done for each in reads)
    copying.finish()
    assert [unbundle(each.data) for each in reads] == [[ipv4(50_000, n)] for n in range(4)]


# -- the same by chance


def in_flight(adapter: Adapter) -> int:
    return adapter.link.sends


@pytest.mark.spec("W-28")
@pytest.mark.parametrize("event", ["cancel", "pause", "sleep", "evict", "close"])
def test_what_is_reported_as_sent_is_in_a_read_and_nothing_else_is(host: Host, adapter: Adapter, event: str) -> None:
    for turn in range(4):
        handle = host.open(path_of(INDEX))
        packets = [ipv4(30_000, n) for n in range(200)]
        chain = adapter.send(packets, cancel_id=5)
        reads = [handle.read(LARGEST_BUNDLE, wait=False)]
        interrupt(adapter, handle, event)
        if event == "evict":
            reads.append(handle.read(LARGEST_BUNDLE))
        assert chain.done
        assert in_flight(adapter) == 0
        sent = [packet for packet, status in zip(packets, chain.statuses, strict=True) if status == Ndis.SUCCESS]
        found = [packet for each in reads if each.done and each.status == Nt.SUCCESS for packet in unbundle(each.data)]
        assert [each for each in found if len(each) == 30_000] == sent, turn
        if event != "close":
            handle.close()


def interrupt(adapter: Adapter, handle: Handle, event: str) -> None:
    """Something that gives sends up, while a read is being filled with them."""
    match event:
        case "cancel":
            adapter.cancel_send(5)
        case "pause":
            adapter.pause()
            adapter.restart()
        case "sleep":
            adapter.set_power(3, order="nopause")
            adapter.set_power(0, order="nopause")
        case "evict":
            adapter.send([ipv4()] * MOST_QUEUED, cancel_id=6)
            adapter.cancel_send(6)
        case "close":
            handle.close()


@pytest.mark.spec("W-28")
@pytest.mark.parametrize("event", ["pause", "sleep"])
def test_when_pause_or_sleep_is_over_no_send_is_in_service(adapter: Adapter, handle: Handle, event: str) -> None:
    chain = adapter.send([ipv4(MTU, n) for n in range(256)])
    handle.read(LARGEST_BUNDLE, wait=False)
    if event == "pause":
        adapter.pause()
    else:
        adapter.set_power(3, order="nopause")
    assert {each.order for each in adapter.completions} == set(range(1, 257))
    assert set(chain.statuses) <= {Ndis.SUCCESS, Ndis.PAUSED, Ndis.LOW_POWER_STATE}


@pytest.mark.spec("W-26", "W-28")
def test_nothing_is_queued_behind_a_flush(host: Host, adapter: Adapter) -> None:
    for _ in range(10):
        handle = host.open(path_of(INDEX))
        with ThreadPoolExecutor(3) as threads:
            senders = [threads.submit(adapter.send, [ipv4()] * 20) for _ in range(12)]
            handle.close()
            chains = [each.result() for each in senders]
        assert all(each.done for each in chains)
        assert {status for each in chains for status in each.statuses} == {Ndis.SEND_ABORTED}


@pytest.mark.spec("W-21", "W-20")
def test_one_drainer_keeps_the_order_of_sends_from_many_threads(adapter: Adapter, handle: Handle) -> None:
    reads = [handle.read(SMALLEST_READ) for _ in range(60)]
    with ThreadPoolExecutor(4) as threads:
        for flow in range(4):
            threads.submit(lambda flow: [adapter.send([ipv4(100 + flow, n)], dispatch=n % 2 > 0) for n in range(30)], flow)
    packets = [packet for each in reads if each.done for packet in unbundle(each.data)]
    packets += read_all(handle) if len(packets) < 120 else []
    for flow in range(4):
        assert [each for each in packets if len(each) == 100 + flow] == [ipv4(100 + flow, n) for n in range(30)]
