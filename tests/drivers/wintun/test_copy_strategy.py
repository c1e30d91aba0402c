from __future__ import annotations

import pytest

from pyndis.host import Adapter, Handle, Host
from tests.drivers.wintun.counters import counted
from tests.drivers.wintun.traffic import received
from tests.host.packets import HEADER, LARGEST_BUNDLE, MAX_PACKETS, MTU, SMALLEST_READ, bundle, ipv4, ipv6
from tests.host.statuses import Ndis, Nt

ALLOCATE_NBL = "NdisAllocateNetBufferAndNetBufferList"
INDICATE = "NdisMIndicateReceiveNetBufferLists"
MAP = "MmMapLockedPagesSpecifyCache"
MOST_COPIED = 64 << 20

pytestmark = [pytest.mark.spec("W-51")]


@pytest.fixture
def strategy() -> str:
    return "copy"


@pytest.fixture
def held(adapter: Adapter) -> Adapter:
    adapter.hold_returns()
    return adapter


def test_a_write_completes_at_once_while_the_stack_has_its_packets(held: Adapter, handle: Handle) -> None:
    data = bundle(ipv4(60, 1), ipv6(60, 2))
    write = handle.write(data)
    assert (write.status, write.information) == (Nt.SUCCESS, len(data))
    assert held.link.lent == 2
    held.return_held()
    assert held.link.lent == 0


def test_the_bundle_is_copied_once(host: Host, adapter: Adapter, handle: Handle) -> None:
    host.calls(reset=True)
    handle.write(bundle(*[ipv4(60)] * 100))
    calls = host.calls()
    assert sum(count.calls for name, count in calls.items() if name.startswith("ExAllocatePool")) == 1
    assert sum(count.calls for name, count in calls.items() if name.startswith("ExFreePool")) == 1
    assert calls[MAP].calls == 1


@pytest.mark.spec("W-42", "W-50")
def test_what_user_mode_changes_after_the_copy_reaches_nobody(host: Host, adapter: Adapter, handle: Handle) -> None:
    hold = host.hold_call(ALLOCATE_NBL, 1)
    write = handle.write(bundle(ipv4(60, 1), ipv4(70, 2)), wait=False)
    assert hold.reached
    write.poke(0, b"\xff" * 160)
    hold.release()
    assert write.status == Nt.SUCCESS
    assert received(adapter) == [ipv4(60, 1), ipv4(70, 2)]


def test_what_user_mode_changes_before_the_indication_reaches_nobody(host: Host, adapter: Adapter, handle: Handle) -> None:
    hold = host.hold_call(INDICATE, 1)
    write = handle.write(bundle(ipv4(60, 1)), wait=False)
    assert hold.reached
    write.poke(HEADER, b"\xff" * 60)
    hold.release()
    assert received(adapter) == [ipv4(60, 1)]


@pytest.mark.parametrize("order", ["forward", "reverse", "shuffled"])
@pytest.mark.parametrize("threads", [1, 4])
def test_the_copy_lives_until_the_last_return(host: Host, held: Adapter, handle: Handle, order: str, threads: int) -> None:
    for n in range(8):
        assert handle.write(bundle(*[ipv4(60, n), ipv6(60, n)] * 8)).status == Nt.SUCCESS
    host.calls(reset=True)
    held.return_held(held.held[1:] if order == "forward" else held.held[:0:-1], threads=threads)
    assert host.calls()["ExFreePoolWithTag"].calls == 7
    held.return_held()
    assert host.calls()["ExFreePoolWithTag"].calls == 8
    assert counted(held)["ifHCInUcastPkts"] == 128


@pytest.mark.parametrize("end", ["close", "kill"])
def test_packets_outlive_their_writer(held: Adapter, handle: Handle, end: str) -> None:
    handle.write(bundle(ipv4(60)))
    if end == "close":
        handle.close()
    else:
        handle.process.kill()
    assert held.link.state == "disconnected"
    held.return_held()
    assert held.link.lent == 0


def test_pause_waits_for_the_packets_although_the_write_is_done(held: Adapter, handle: Handle) -> None:
    write = handle.write(bundle(ipv4(60)))
    pause = held.pause(wait=False)
    assert write.done
    assert not pause.done
    held.return_held()
    assert pause.status == Ndis.SUCCESS


def test_past_64_mib_of_copies_packets_are_dropped_and_the_write_succeeds(held: Adapter, handle: Handle) -> None:
    memory = handle.process.memory(LARGEST_BUNDLE)
    memory.write(0, bundle(*[ipv4(MTU)] * MAX_PACKETS))
    for _ in range(MOST_COPIED // LARGEST_BUNDLE):
        assert handle.write(b"", memory=memory, length=LARGEST_BUNDLE).status == Nt.SUCCESS
    taken = len(held.received)
    assert taken == 4 * MAX_PACKETS
    write = handle.write(b"", memory=memory, length=LARGEST_BUNDLE)
    assert (write.status, write.information) == (Nt.SUCCESS, LARGEST_BUNDLE)
    assert len(held.received) == taken
    assert counted(held)["ifInDiscards"] == MAX_PACKETS
    memory.write(LARGEST_BUNDLE - SMALLEST_READ, bytes(SMALLEST_READ))
    assert handle.write(b"", memory=memory, length=LARGEST_BUNDLE).status == Nt.INVALID_USER_BUFFER
    assert counted(held)["ifInDiscards"] == MAX_PACKETS
    assert handle.write(bundle(ipv4(60))).status == Nt.SUCCESS
    assert len(held.received) == taken + 1
    held.return_held()
    memory.write(0, bundle(*[ipv4(MTU)] * MAX_PACKETS))
    assert handle.write(b"", memory=memory, length=LARGEST_BUNDLE).status == Nt.SUCCESS
    assert len(held.received) == taken + 1 + MAX_PACKETS
    held.return_held()


def test_writes_are_not_noted_as_lent(host: Host, held: Adapter, handle: Handle) -> None:
    handle.write(bundle(ipv4(60)))
    host.advance(40)
    assert host.notes == []
    held.return_held()
