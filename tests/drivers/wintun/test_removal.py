from __future__ import annotations

import itertools

import pytest

from pyndis.host import Adapter, Handle, Host
from tests.drivers.wintun.conftest import INDEX, Images, path_of
from tests.drivers.wintun.under_way import refusal
from tests.host.packets import SMALLEST_READ, bundle, ipv4, ipv6, unbundle
from tests.host.statuses import Ndis, Nt

REGISTRATION = [
    ("IoGetDeviceProperty", 1),
    ("IoGetDeviceProperty", 2),
    ("ExAllocatePoolWithTag", 1),
    ("IoGetDeviceObjectPointer", 1),
    ("IoRegisterPlugPlayNotification", 1),
]


def query_remove(host: Host, adapter: Adapter) -> int:
    """How many watchers hear of it, once the watch had time to be registered."""
    host.settle()
    return adapter.pnp("query_remove")


def references_let_go(host: Host) -> int:
    calls = host.calls().get("ObfDereferenceObject")
    return calls.calls if calls else 0


@pytest.mark.spec("W-63", "W-26")
def test_surprise_removal_flushes_and_refuses(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4()] * 3)
    assert adapter.pnp("surprise_removed") == 1
    assert chain.statuses == [Ndis.NOT_ACCEPTED] * 3
    assert adapter.send([ipv4()]).statuses == [Ndis.NOT_ACCEPTED]
    assert handle.read(SMALLEST_READ).status == Nt.FILE_FORCED_CLOSED
    assert handle.write(bundle(ipv4())).status == Nt.FILE_FORCED_CLOSED
    assert refusal(host, path_of(INDEX)) == Nt.DELETE_PENDING


@pytest.mark.spec("W-63")
def test_another_pnp_event_is_no_removal(adapter: Adapter, handle: Handle) -> None:
    adapter.pnp("power_profile")
    adapter.send([ipv4()])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4()]


@pytest.mark.spec("W-63")
def test_the_watch_is_registered_from_a_work_item(host: Host) -> None:
    hold = host.hold_call("IoGetDeviceObjectPointer")
    adapter = host.add_adapter(luid_index=INDEX)
    assert hold.reached
    assert adapter.link.life == "running"
    assert query_remove(host, adapter) == 0
    hold.release()
    assert query_remove(host, adapter) == 1


@pytest.mark.spec("W-63")
def test_the_watched_file_is_not_our_own_device(host: Host, adapter: Adapter) -> None:
    host.settle()
    assert host.calls()["IoRegisterPlugPlayNotification"].calls == 1
    assert host.calls()["IoGetDeviceObjectPointer"].calls == 1
    assert adapter.indications == []  # nobody opened our device


@pytest.mark.spec("W-63")
def test_query_remove_flushes_refuses_and_lets_the_file_go(host: Host, adapter: Adapter, handle: Handle) -> None:
    pending = handle.read(SMALLEST_READ)
    assert pending.cancel()
    chain = adapter.send([ipv4()] * 2)
    host.settle()
    before = references_let_go(host)
    assert query_remove(host, adapter) == 1
    assert references_let_go(host) == before + 1
    assert chain.statuses == [Ndis.NOT_ACCEPTED] * 2
    assert adapter.send([ipv4()]).statuses == [Ndis.NOT_ACCEPTED]
    assert handle.read(SMALLEST_READ).status == Nt.FILE_FORCED_CLOSED
    assert refusal(host, path_of(INDEX)) == Nt.DELETE_PENDING


@pytest.mark.spec("W-63")
@pytest.mark.parametrize("rounds", [1, 3])
def test_a_cancelled_removal_unmarks_and_registers_again(host: Host, adapter: Adapter, handle: Handle, rounds: int) -> None:
    read = handle.read(SMALLEST_READ)
    for n in range(rounds):
        assert query_remove(host, adapter) == 1
        adapter.pnp("remove_cancelled")
        host.settle()
        assert host.calls()["IoRegisterPlugPlayNotification"].calls == n + 2
        handle.write(bundle(ipv4(40 + n)))
        host.open(path_of(INDEX)).close()
    adapter.send([ipv4(33)])
    assert unbundle(read.data) == [ipv4(33)]
    assert len(adapter.received) == rounds


@pytest.mark.spec("W-63")
@pytest.mark.parametrize("end", ["halt", "surprise"])
def test_a_removal_that_was_queried_goes_through(host: Host, adapter: Adapter, handle: Handle, end: str) -> None:
    read = handle.read(SMALLEST_READ)
    query_remove(host, adapter)
    if end == "surprise":
        adapter.surprise_remove()
    else:
        adapter.halt()
    assert read.status == Nt.FILE_FORCED_CLOSED
    assert handle.closed_by_force
    host.unload()
    assert host.violations == []
    host.adapters.clear()


@pytest.mark.spec("W-63")
def test_query_remove_spares_ndis_the_wait_for_a_stuck_reader(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.send([ipv4()])
    pause = adapter.pause(wait_sends=True, wait=False)
    assert not pause.done  # the stack waits for a send that nobody reads
    query_remove(host, adapter)
    assert pause.status == Ndis.SUCCESS


@pytest.mark.spec("W-63", "W-29")
@pytest.mark.parametrize(("call", "n"), REGISTRATION)
def test_without_the_watch_the_driver_works_and_ageing_bounds_the_stall(host: Host, call: str, n: int) -> None:
    hold = host.hold_call("IoGetDeviceProperty")
    adapter = host.add_adapter(luid_index=INDEX)
    assert hold.reached
    if call == "IoGetDeviceProperty":
        host.fail_call(call, n - 1 if n > 1 else 1)  # the call that is held was the first
    else:
        host.fail_call(call, n)
    hold.release()
    host.settle()
    host.fail_call(call, 0)
    handle = host.open(path_of(INDEX))
    adapter.send([ipv4(44)])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(44)]
    if host.calls().get("IoRegisterPlugPlayNotification") is None:
        assert query_remove(host, adapter) == 0
    chain = adapter.send([ipv4()])
    pause = adapter.pause(wait_sends=True, wait=False)
    host.advance(19.9)
    assert not pause.done
    host.advance(1.1)
    assert pause.status == Ndis.SUCCESS
    assert chain.statuses == [Ndis.SEND_ABORTED]


@pytest.mark.spec("W-63", "W-65")
@pytest.mark.parametrize("call", ["IoGetDeviceObjectPointer", "IoRegisterPlugPlayNotification", "ExAllocatePoolWithTag"])
def test_halt_waits_for_a_registration_that_is_under_way(images: Images, call: str) -> None:
    with Host(images("pend"), auto_advance=False) as host:
        hold = host.hold_call(call)
        adapter = host.add_adapter(luid_index=INDEX)
        assert hold.reached
        halt = adapter.halt(wait=False)
        host.advance(3)
        assert not halt.done
        assert "NdisDeregisterDeviceEx" not in host.calls()
        hold.release()
        host.advance(1)
        halt.wait()
    assert host.violations == []


@pytest.mark.spec("W-63", "W-65")
def test_halt_takes_the_registration_back(host: Host, adapter: Adapter) -> None:
    host.settle()
    before = references_let_go(host)
    adapter.halt()
    assert host.calls()["IoUnregisterPlugPlayNotificationEx"].calls == 1
    assert references_let_go(host) == before + 1


@pytest.mark.spec("W-64")
@pytest.mark.parametrize("end", ["surprise", "query", "halt"])
@pytest.mark.parametrize("outstanding", ["".join(each) for n in range(5) for each in itertools.combinations("RSWO", n)])
def test_removal_ends_whatever_is_outstanding(host: Host, adapter: Adapter, handle: Handle, end: str, outstanding: str) -> None:
    adapter.hold_returns()
    others = [host.open(path_of(INDEX)) for _ in range(3)] if "O" in outstanding else []
    writes = [handle.write(bundle(ipv4(), ipv6())) for _ in range(2)] if "W" in outstanding else []
    chain = adapter.send([ipv4()] * 3) if "S" in outstanding else None
    reads = [] if chain else [each.read(SMALLEST_READ) for each in [handle, *others]] if "R" in outstanding else []
    if end == "query":
        query_remove(host, adapter)
    gone = adapter.halt(wait=False) if end == "halt" else adapter.surprise_remove(wait=False)
    if writes:
        assert not gone.done
        adapter.return_held(order="reverse")
    gone.wait()
    assert [each.status for each in writes] == [Nt.SUCCESS] * len(writes)
    assert [each.status for each in reads] == [Nt.FILE_FORCED_CLOSED] * len(reads)
    assert chain is None or set(chain.statuses) <= {Ndis.NOT_ACCEPTED, Ndis.PAUSED}
    assert all(each.closed_by_force for each in [handle, *others])
    assert adapter.link.state == "disconnected"
    assert host.violations == []


@pytest.mark.spec("W-64", "W-28")
@pytest.mark.parametrize("end", ["surprise", "halt"])
def test_removal_waits_for_a_read_that_is_being_filled(host: Host, adapter: Adapter, handle: Handle, end: str) -> None:
    chain = adapter.send([ipv4(44)])
    hold = host.hold_call("NdisGetDataBuffer")
    read = handle.read(SMALLEST_READ, wait=False)
    assert hold.reached
    gone = adapter.halt(wait=False) if end == "halt" else adapter.surprise_remove(wait=False)
    assert not gone.done
    hold.release()
    gone.wait()
    assert unbundle(read.data) == [ipv4(44)]
    assert chain.statuses == [Ndis.SUCCESS]


@pytest.mark.spec("W-64")
def test_a_new_adapter_comes_up_while_an_old_one_goes(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    handle.write(bundle(ipv4()))
    gone = adapter.surprise_remove(wait=False)
    fresh = host.add_adapter(luid_index=INDEX + 1)
    host.open(path_of(INDEX + 1)).write(bundle(ipv4(22)))
    assert [each.data for each in fresh.received] == [ipv4(22)]
    adapter.return_held()
    gone.wait()
    host.add_adapter(luid_index=INDEX)
    host.open(path_of(INDEX))
