from __future__ import annotations

import itertools

import pytest

from pyndis.ddi import facts
from pyndis.host import Adapter, Handle, Host, OpenRefused
from tests.drivers.wintun.conftest import INDEX, path_of
from tests.drivers.wintun.traffic import received
from tests.drivers.wintun.under_way import closing, refusal, starting
from tests.host.packets import SMALLEST_READ, bundle, ipv4, unbundle
from tests.host.statuses import Ndis, Nt

INITIALIZE = [
    ("NdisGetDeviceReservedExtension", 1),
    ("NdisMSetMiniportAttributes", 1),
    ("NdisMSetMiniportAttributes", 2),
    ("NdisAllocateNetBufferListPool", 1),
    ("NdisAllocateTimerObject", 1),
    ("NdisAllocateIoWorkItem", 1),
]
HALT = ["NdisFreeNetBufferListPool", "NdisFreeTimerObject", "NdisFreeIoWorkItem", "NdisDeregisterDeviceEx"]


@pytest.mark.spec("W-55")
@pytest.mark.parametrize(("call", "n"), INITIALIZE)
def test_create_while_initializing_is_refused(host: Host, call: str, n: int) -> None:
    hold = host.hold_call(call, n)
    adapter, started = starting(host, INDEX)
    assert hold.reached
    assert refusal(host, path_of(INDEX)) == Nt.DELETE_PENDING
    hold.release()
    assert started.status == Ndis.SUCCESS
    assert adapter.indications == []
    host.open(path_of(INDEX))
    assert adapter.indications == ["connected"]


@pytest.mark.spec("W-55")
@pytest.mark.parametrize("call", HALT)
def test_create_while_halting_is_refused(host: Host, adapter: Adapter, call: str) -> None:
    hold = host.hold_call(call)
    halt = adapter.halt(wait=False)
    assert hold.reached
    assert refusal(host, path_of(INDEX)) == Nt.DELETE_PENDING
    hold.release()
    halt.wait()
    assert adapter.indications == []


@pytest.mark.spec("W-55", "W-63")
def test_create_of_a_removed_adapter_is_refused(host: Host, adapter: Adapter) -> None:
    adapter.pnp("surprise_removed")
    assert refusal(host, path_of(INDEX)) == Nt.DELETE_PENDING
    assert adapter.indications == []


@pytest.mark.spec("W-55")
def test_the_first_handle_connects_and_the_last_close_disconnects(host: Host, adapter: Adapter) -> None:
    handles = [host.open(path_of(INDEX)) for _ in range(3)]
    assert adapter.indications == ["connected"]
    for handle in handles[:2]:
        handle.close()
    assert adapter.indications == ["connected"]
    handles[2].close()
    assert adapter.indications == ["connected", "disconnected"]
    host.open(path_of(INDEX)).close()
    assert adapter.indications == ["connected", "disconnected"] * 2
    assert host.notes == []


@pytest.mark.spec("W-55")
def test_the_link_state_is_indicated_in_full(host: Host, adapter: Adapter, handle: Handle) -> None:
    (indication,) = adapter.status_indications
    assert indication.code == facts().constant("NDIS_STATUS_LINK_STATE")
    layout = facts().struct("NDIS_LINK_STATE")
    assert layout is not None
    fields = {name: int.from_bytes(indication.data[at : at + size], "little") for name, (at, size, _) in layout.fields.items()}
    assert fields["MediaDuplexState"] == facts().constant("MediaDuplexStateFull")
    assert (fields["XmitLinkSpeed"], fields["RcvLinkSpeed"]) == (100_000_000_000, 100_000_000_000)
    assert fields["PauseFunctions"] == facts().constant("NdisPauseFunctionsUnsupported")


@pytest.mark.spec("W-55")
@pytest.mark.parametrize("rounds", [1, 20])
def test_a_refused_create_counts_as_no_handle(host: Host, adapter: Adapter, rounds: int) -> None:
    for _ in range(rounds):
        with pytest.raises(OpenRefused):
            host.open(path_of(INDEX) + r"\file")
    assert adapter.send([ipv4()]).statuses == [Ndis.SEND_ABORTED]
    handle = host.open(path_of(INDEX))
    handle.close()
    assert adapter.indications == ["connected", "disconnected"]


@pytest.mark.spec("W-55", "W-70")
def test_a_create_without_memory_leaves_nothing(host: Host, adapter: Adapter) -> None:
    host.settle()  # the watch for removal allocates too
    host.fail_call("ExAllocatePoolWithTag", 1)
    assert refusal(host, path_of(INDEX)) == Nt.INSUFFICIENT_RESOURCES
    assert adapter.indications == []
    assert refusal(host, path_of(INDEX)) == Nt.SUCCESS


@pytest.mark.spec("W-55")
def test_the_last_close_flushes_the_send_queue(adapter: Adapter, handle: Handle) -> None:
    chains = [adapter.send([ipv4()] * 3), adapter.send([ipv4(30)])]
    handle.close()
    assert [each.statuses for each in chains] == [[Ndis.SEND_ABORTED] * 3, [Ndis.SEND_ABORTED]]


@pytest.mark.spec("W-55")
def test_a_close_that_is_not_the_last_flushes_nothing(host: Host, adapter: Adapter, handle: Handle) -> None:
    other = host.open(path_of(INDEX))
    chain = adapter.send([ipv4()])
    handle.close()
    assert chain.statuses == [None]
    assert unbundle(other.read(SMALLEST_READ).data) == [ipv4()]


@pytest.mark.spec("W-55", "W-56")
def test_the_queue_is_flushed_by_close_not_by_cleanup(adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    write = handle.write(bundle(ipv4()))
    chain = adapter.send([ipv4()])
    handle.close()
    assert (chain.statuses, adapter.link.state) == ([None], "connected")
    adapter.return_held()
    assert write.status == Nt.SUCCESS
    assert (chain.statuses, adapter.link.state) == ([Ndis.SEND_ABORTED], "disconnected")


@pytest.mark.spec("W-55")
def test_handles_come_and_go_while_paused_and_asleep(host: Host, adapter: Adapter) -> None:
    adapter.pause()
    first = host.open(path_of(INDEX))
    adapter.set_power(3)
    first.close()
    second = host.open(path_of(INDEX))
    assert adapter.indications == ["connected", "disconnected", "connected"]
    adapter.set_power(0)
    assert adapter.link.life == "running"
    adapter.send([ipv4()])
    assert unbundle(second.read(SMALLEST_READ).data) == [ipv4()]


@pytest.mark.spec("W-56")
@pytest.mark.parametrize("mine", list(itertools.product([False, True], repeat=5))[1::3])
def test_cleanup_cancels_the_reads_of_its_handle_and_only_those(host: Host, adapter: Adapter, mine: tuple[bool, ...]) -> None:
    one, other = host.open(path_of(INDEX)), host.open(path_of(INDEX))
    reads = [(one if each else other).read(SMALLEST_READ) for each in mine]
    one.close()
    assert [each.done for each in reads] == list(mine)
    assert {(each.status, each.information) for each in reads if each.done} == {(Nt.CANCELLED, 0)}
    for n, kept in enumerate(each for each, closed in zip(reads, mine, strict=True) if not closed):
        adapter.send([ipv4(40 + n)])
        assert unbundle(kept.data) == [ipv4(40 + n)]


@pytest.mark.spec("W-56")
def test_a_read_that_comes_after_cleanup_is_cancelled(host: Host, adapter: Adapter, handle: Handle) -> None:
    other = host.open(path_of(INDEX)).read(SMALLEST_READ)
    early = handle.read(SMALLEST_READ)
    hold = host.hold_call("IoCsqInsertIrpEx")
    late = handle.read(SMALLEST_READ, wait=False)
    assert hold.reached
    handle.close()
    assert early.status == Nt.CANCELLED
    hold.release()
    assert (late.status, late.information) == (Nt.CANCELLED, 0)
    assert not other.done


@pytest.mark.spec("W-56", "W-27")
def test_a_read_that_goes_back_after_cleanup_is_cancelled(host: Host, adapter: Adapter, handle: Handle) -> None:
    host.open(path_of(INDEX))
    chain = adapter.send([ipv4()], cancel_id=5)
    hold = host.hold_call("MmMapLockedPagesSpecifyCache")
    read = handle.read(SMALLEST_READ, wait=False)
    assert hold.reached
    adapter.cancel_send(5)
    handle.close()
    assert not read.done
    hold.release()
    assert (read.status, read.information) == (Nt.CANCELLED, 0)
    assert chain.statuses == [Ndis.SEND_ABORTED]


@pytest.mark.spec("W-56")
def test_cleanup_waits_for_the_last_duplicate(host: Host, adapter: Adapter, handle: Handle) -> None:
    duplicate = handle.duplicate(host.process())
    read = duplicate.read(SMALLEST_READ)
    handle.close()
    assert not read.done
    duplicate.close()
    assert read.status == Nt.CANCELLED


@pytest.mark.spec("W-56", "W-45")
def test_pending_writes_of_a_closed_handle_finish(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    writes = [handle.write(bundle(ipv4(40 + n), ipv4(60 + n))) for n in range(3)]
    handle.close()
    assert [each.done for each in writes] == [False] * 3
    adapter.return_held(order="reverse")
    assert [(each.status, each.information) for each in writes] == [
        (Nt.SUCCESS, len(bundle(ipv4(40 + n), ipv4(60 + n)))) for n in range(3)
    ]


@pytest.mark.spec("W-57")
@pytest.mark.parametrize("state", ["paused", "asleep", "removed", "shut down", "removed and paused"])
def test_closing_works_in_every_state(host: Host, adapter: Adapter, state: str) -> None:
    handle, other = host.open(path_of(INDEX)), host.open(path_of(INDEX))
    reads = [handle.read(SMALLEST_READ), other.read(SMALLEST_READ)]
    if "removed" in state:
        adapter.pnp("surprise_removed")
    if "paused" in state:
        adapter.pause()
    if state == "asleep":
        adapter.set_power(3)
    if state == "shut down":
        adapter.shutdown()
    handle.close()
    other.close()
    assert [each.status for each in reads] == [Nt.CANCELLED] * 2
    assert adapter.link.state == "disconnected"
    assert host.violations == []


@pytest.mark.spec("W-57", "W-65")
def test_halt_waits_for_a_close_under_way(host: Host, adapter: Adapter, handle: Handle) -> None:
    hold = host.hold_call("NdisMIndicateStatusEx")
    close = closing(host, handle)
    assert hold.reached
    halt = adapter.halt(wait=False)
    assert not halt.done
    assert "NdisFreeNetBufferListPool" not in host.calls()
    hold.release()
    close.wait()
    host.advance(0.1)
    halt.wait()
    assert not handle.closed_by_force


@pytest.mark.spec("W-57")
def test_a_killed_process_closes_all_that_it_holds(host: Host, adapter: Adapter) -> None:
    process, survivor = host.process(), host.open(path_of(INDEX))
    handles = [process.open(path_of(INDEX)) for _ in range(3)]
    reads = [handle.read(SMALLEST_READ) for handle in handles for _ in range(2)]
    kept = survivor.read(SMALLEST_READ)
    process.kill()
    assert [each.status for each in reads] == [Nt.CANCELLED] * 6
    assert not kept.done
    assert adapter.link.state == "connected"


@pytest.mark.spec("W-58")
@pytest.mark.parametrize("which", range(4))
def test_a_cancelled_read_completes_once_with_cancelled(adapter: Adapter, handle: Handle, which: int) -> None:
    reads = [handle.read(SMALLEST_READ) for _ in range(4)]
    cancelled = reads.pop(which)
    assert cancelled.cancel()
    assert (cancelled.status, cancelled.information) == (Nt.CANCELLED, 0)
    assert not cancelled.cancel()
    for n, read in enumerate(reads):
        adapter.send([ipv4(40 + n)])
        assert unbundle(read.data) == [ipv4(40 + n)]


@pytest.mark.spec("W-58")
def test_all_reads_of_a_handle_can_be_cancelled_together(host: Host, adapter: Adapter, handle: Handle) -> None:
    other = host.open(path_of(INDEX)).read(SMALLEST_READ)
    reads = [handle.read(SMALLEST_READ) for _ in range(3)]
    handle.cancel_io()
    assert {(each.status, each.information) for each in reads} == {(Nt.CANCELLED, 0)}
    assert not other.done


@pytest.mark.spec("W-58")
def test_a_read_that_is_cancelled_before_it_is_queued_completes_once(host: Host, adapter: Adapter, handle: Handle) -> None:
    hold = host.hold_call("IoCsqInsertIrpEx")
    read = handle.read(SMALLEST_READ, wait=False)
    assert hold.reached
    read.cancel()
    hold.release()
    assert (read.status, read.information) == (Nt.CANCELLED, 0)


@pytest.mark.spec("W-58", "W-27")
def test_a_read_that_is_being_filled_is_not_cancelled(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4(44)])
    hold = host.hold_call("NdisGetDataBuffer")
    read = handle.read(SMALLEST_READ, wait=False)
    assert hold.reached
    read.cancel()
    assert not read.done
    hold.release()
    assert unbundle(read.data) == [ipv4(44)]
    assert chain.statuses == [Ndis.SUCCESS]


@pytest.mark.spec("W-59", "W-63")
def test_a_read_of_a_removed_adapter_is_refused(adapter: Adapter, handle: Handle) -> None:
    adapter.pnp("surprise_removed")
    read = handle.read(SMALLEST_READ)
    assert (read.status, read.information, read.returned) == (Nt.FILE_FORCED_CLOSED, 0, Nt.FILE_FORCED_CLOSED)


@pytest.mark.spec("W-59", "W-65", "W-40")
def test_reads_and_writes_while_halting_are_refused(host: Host, adapter: Adapter, handle: Handle) -> None:
    hold = host.hold_call("ZwQuerySystemInformation")
    halt = adapter.halt(wait=False)
    assert hold.reached
    assert handle.read(SMALLEST_READ).status == Nt.FILE_FORCED_CLOSED
    assert handle.write(bundle(ipv4())).status == Nt.FILE_FORCED_CLOSED
    assert handle.write(b"").status == Nt.FILE_FORCED_CLOSED
    hold.release()
    halt.wait()
    assert received(adapter) == []


@pytest.mark.spec("W-59", "W-65")
def test_a_read_that_came_before_halt_and_is_queued_during_it_is_refused(host: Host, adapter: Adapter, handle: Handle) -> None:
    late = host.hold_call("IoCsqInsertIrpEx")
    read = handle.read(SMALLEST_READ, wait=False)
    assert late.reached
    halting = host.hold_call("ZwQuerySystemInformation")
    halt = adapter.halt(wait=False)
    assert halting.reached
    late.release()
    assert (read.status, read.information) == (Nt.FILE_FORCED_CLOSED, 0)
    halting.release()
    halt.wait()
