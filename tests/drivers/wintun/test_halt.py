from __future__ import annotations

import pytest

from pyndis.contract import started
from pyndis.host import Adapter, Handle, Host
from pyndis.toolchains.targets import Arch
from tests.drivers.wintun.conftest import INDEX, Images, path_of
from tests.drivers.wintun.traffic import received
from tests.drivers.wintun.under_way import refusal
from tests.host.packets import SMALLEST_READ, bundle, ipv4
from tests.host.statuses import Ndis, Nt

TENTH = 0.1  # seconds between two tries to close what is open


def called(host: Host, name: str) -> int:
    calls = host.calls().get(name)
    return calls.calls if calls else 0


@pytest.mark.spec("W-65")
def test_halt_closes_the_gate_then_ends_reads_then_closes_handles(host: Host, adapter: Adapter, handle: Handle) -> None:
    reads = [handle.read(SMALLEST_READ) for _ in range(3)]
    hold = host.hold_call("ZwQuerySystemInformation")
    halt = adapter.halt(wait=False)
    assert hold.reached
    assert refusal(host, path_of(INDEX)) == Nt.DELETE_PENDING
    assert handle.read(SMALLEST_READ).status == Nt.FILE_FORCED_CLOSED
    assert handle.write(bundle(ipv4())).status == Nt.FILE_FORCED_CLOSED
    assert {(each.status, each.information) for each in reads} == {(Nt.FILE_FORCED_CLOSED, 0)}
    assert not handle.closed_by_force
    assert (called(host, "NdisFreeNetBufferListPool"), called(host, "NdisDeregisterDeviceEx")) == (0, 0)
    hold.release()
    halt.wait()
    assert handle.closed_by_force


@pytest.mark.spec("W-65", "W-04")
def test_halt_frees_pools_after_the_handles_and_deregisters_the_device_last(host: Host, adapter: Adapter, handle: Handle) -> None:
    pool = host.hold_call("NdisFreeNetBufferListPool")
    device = host.hold_call("NdisDeregisterDeviceEx")
    halt = adapter.halt(wait=False)
    assert pool.reached
    assert handle.closed_by_force
    assert adapter.link.state == "disconnected"
    assert not device.reached
    pool.release()
    assert device.reached
    made = ["NdisFreeNetBufferListPool", "NdisFreeTimerObject", "IoUnregisterPlugPlayNotificationEx"]
    assert [called(host, name) for name in made] == [1, 1, 1]
    assert called(host, "NdisFreeIoWorkItem") == called(host, "NdisAllocateIoWorkItem")
    device.release()
    halt.wait()


@pytest.mark.spec("W-65")
def test_halt_of_a_paused_adapter_leaves_no_send_and_no_timer(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4()] * 3)
    adapter.halt(pause=True)
    assert chain.statuses == [Ndis.PAUSED] * 3
    host.advance(30)
    assert host.violations == []


@pytest.mark.spec("W-65", "W-29")
def test_halt_waits_for_a_timer_that_runs(host: Host, adapter: Adapter, handle: Handle, wintun_arch: Arch) -> None:
    chain = adapter.send([ipv4()])
    hold = host.hold_call("KfAcquireSpinLock" if wintun_arch == "x86" else "KeAcquireSpinLockRaiseToDpc")
    host.advance(21)
    assert hold.reached
    halt = adapter.halt(wait=False)
    assert not halt.done
    assert chain.statuses == [Ndis.PAUSED]
    assert called(host, "NdisFreeTimerObject") == 0
    hold.release()
    halt.wait()
    assert host.violations == []


@pytest.mark.spec("W-65")
@pytest.mark.parametrize("call", ["MmMapLockedPagesSpecifyCache", "NdisAllocateNetBufferAndNetBufferList"])
def test_halt_waits_for_a_write_that_is_inside(host: Host, adapter: Adapter, handle: Handle, call: str) -> None:
    hold = host.hold_call(call)
    write = handle.write(bundle(ipv4()), wait=False)
    assert hold.reached
    halt = adapter.halt(wait=False)
    assert not halt.done
    assert (called(host, "NdisFreeNetBufferListPool"), called(host, "NdisDeregisterDeviceEx")) == (0, 0)
    hold.release()
    host.advance(1)
    halt.wait()
    assert write.done
    assert adapter.link.lent == 0


@pytest.mark.spec("W-65", "W-66")
def test_halt_closes_handles_until_none_is_left(host: Host, adapter: Adapter) -> None:
    processes = [host.process(bits=bits) for bits in (64, 32, 64)]
    handles = [process.open(path_of(INDEX)) for process in processes for _ in range(3)]
    reads = [handle.read(SMALLEST_READ) for handle in handles]
    adapter.halt()
    assert all(handle.closed_by_force for handle in handles)
    assert {each.status for each in reads} == {Nt.FILE_FORCED_CLOSED}
    assert called(host, "ObCloseHandle") == len(handles)


@pytest.mark.spec("W-66")
def test_without_open_handles_nothing_is_enumerated(host: Host, adapter: Adapter, handle: Handle) -> None:
    handle.close()
    adapter.halt()
    assert (called(host, "ZwQuerySystemInformation"), called(host, "ObCloseHandle")) == (0, 0)


@pytest.mark.spec("W-66")
def test_duplicates_in_other_processes_are_closed_too(host: Host, adapter: Adapter, handle: Handle) -> None:
    duplicates = [handle.duplicate(host.process()) for _ in range(3)]
    adapter.halt()
    assert [each.closed_by_force for each in (handle, *duplicates)] == [True] * 4


@pytest.mark.spec("W-66")
def test_a_protected_handle_is_closed(host: Host, adapter: Adapter) -> None:
    handles = [host.open(path_of(INDEX)) for _ in range(3)]
    handles[1].protect()
    duplicate = handles[0].duplicate(host.process())
    duplicate.protect()
    adapter.halt()
    assert all(each.closed_by_force for each in (*handles, duplicate))


@pytest.mark.spec("W-66")
def test_a_value_that_names_something_else_by_now_is_left_alone(host: Host, adapter: Adapter) -> None:
    process = host.process()
    event = process.event()
    handle = process.open(path_of(INDEX))
    handle.misname(event.value)
    adapter.halt()
    assert handle.closed_by_force
    event.set()
    assert event.signaled
    assert called(host, "ZwQuerySystemInformation") == 2


@pytest.mark.spec("W-66")
def test_a_value_that_names_a_file_of_another_adapter_by_now_is_left_alone(host: Host) -> None:
    first, second = host.add_adapter(luid_index=1), host.add_adapter(luid_index=2)
    process = host.process()
    kept, handle = process.open(path_of(2)), process.open(path_of(1))
    handle.misname(kept.value)
    first.halt()
    assert handle.closed_by_force
    assert not kept.closed_by_force
    kept.write(bundle(ipv4()))
    assert received(second) == [ipv4()]


@pytest.mark.spec("W-66")
@pytest.mark.parametrize("value", [0, 0x7FFF0])
def test_a_value_that_names_nothing_by_now_is_left_alone(host: Host, adapter: Adapter, handle: Handle, value: int) -> None:
    handle.misname(value)
    adapter.halt()
    assert handle.closed_by_force


@pytest.mark.spec("W-66")
def test_only_handles_of_this_adapter_are_closed(host: Host) -> None:
    first, second = host.add_adapter(luid_index=1), host.add_adapter(luid_index=2)
    process = host.process()
    event = process.event()
    mine, other = process.open(path_of(1)), process.open(path_of(2))
    read = other.read(SMALLEST_READ)
    first.halt()
    assert (mine.closed_by_force, other.closed_by_force) == (True, False)
    assert not read.done
    assert second.link.state == "connected"
    assert not event.signaled


@pytest.mark.spec("W-66")
@pytest.mark.parametrize("times", [1, 5])
@pytest.mark.parametrize(
    "call", ["ZwQuerySystemInformation", "ExAllocatePoolWithTag", "PsLookupProcessByProcessId", "ObReferenceObjectByHandle"]
)
def test_what_fails_is_tried_again_after_100_ms(host: Host, adapter: Adapter, handle: Handle, call: str, times: int) -> None:
    read = handle.read(SMALLEST_READ)
    host.settle()  # the watch for removal allocates too
    host.fail_call(call, 1, count=times)
    before = host.now
    adapter.halt()
    assert host.calls()[call].failed == times
    assert times * TENTH <= host.now - before <= (times + 1) * TENTH
    assert handle.closed_by_force
    assert read.status == Nt.FILE_FORCED_CLOSED


@pytest.mark.spec("W-66")
def test_one_failure_does_not_keep_the_other_handles_open(host: Host, adapter: Adapter) -> None:
    handles = [host.open(path_of(INDEX)) for _ in range(3)]
    host.fail_call("PsLookupProcessByProcessId", 2)
    hold = host.hold_call("ZwQuerySystemInformation", 2)
    halt = adapter.halt(wait=False)
    assert hold.reached
    assert sorted(each.closed_by_force for each in handles) == [False, True, True]
    hold.release()
    halt.wait()
    assert all(each.closed_by_force for each in handles)


@pytest.mark.spec("W-66")
def test_a_table_larger_than_the_first_guess_is_read(host: Host, adapter: Adapter, handle: Handle) -> None:
    process = host.process()
    for _ in range(9500):  # 28 bytes each on x86, 40 elsewhere
        process.event()
    host.settle()
    adapter.halt()
    assert handle.closed_by_force
    assert called(host, "ZwQuerySystemInformation") >= 2


@pytest.mark.spec("W-66")
def test_a_process_that_exits_meanwhile_is_passed_over(host: Host, adapter: Adapter) -> None:
    leaving = host.process()
    gone, stays = leaving.open(path_of(INDEX)), host.open(path_of(INDEX))
    hold = host.hold_call("PsLookupProcessByProcessId")
    halt = adapter.halt(wait=False)
    assert hold.reached
    leaving.kill()
    hold.release()
    halt.wait()
    assert not gone.closed_by_force
    assert stays.closed_by_force


@pytest.mark.spec("W-66")
def test_a_handle_that_its_owner_closes_meanwhile_is_passed_over(host: Host, adapter: Adapter, handle: Handle) -> None:
    hold = host.hold_call("KeStackAttachProcess")
    halt = adapter.halt(wait=False)
    assert hold.reached
    handle.close()
    hold.release()
    halt.wait()
    assert not handle.closed_by_force
    assert called(host, "ObCloseHandle") == 0


@pytest.mark.spec("W-66")
def test_forced_closing_is_at_passive_level_without_locks_and_detached(host: Host, adapter: Adapter) -> None:
    for _ in range(3):
        host.process().open(path_of(INDEX))
    adapter.halt()
    assert called(host, "KeStackAttachProcess") == called(host, "KeUnstackDetachProcess") == 3
    assert host.violations == []  # the host checks the level of each call, locks held, references and attachment


@pytest.mark.spec("W-66")
def test_closing_by_force_ends_a_write_of_the_handle(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    write = handle.write(bundle(ipv4()))
    halt = adapter.halt(wait=False)
    assert not halt.done
    adapter.return_held()
    halt.wait()
    assert (write.status, handle.closed_by_force) == (Nt.SUCCESS, True)


@pytest.mark.spec("W-67")
def test_a_bug_check_touches_nothing(images: Images) -> None:
    with Host(images("pend")) as host:
        adapter = host.add_adapter(luid_index=INDEX)
        handle = host.open(path_of(INDEX))
        read = handle.read(SMALLEST_READ)
        host.calls(reset=True)
        adapter.shutdown(bugcheck=True)
        assert host.calls() == {}
        assert not read.done


@pytest.mark.spec("W-67")
def test_shutdown_refuses_requests(images: Images) -> None:
    with Host(images("pend")) as host:
        adapter = host.add_adapter(luid_index=INDEX)
        handle = host.open(path_of(INDEX))
        adapter.shutdown()
        assert handle.read(SMALLEST_READ).status == Nt.FILE_FORCED_CLOSED
        assert handle.write(bundle(ipv4())).status == Nt.FILE_FORCED_CLOSED
        assert refusal(host, path_of(INDEX)) == Nt.DELETE_PENDING
        assert received(adapter) == []


@pytest.mark.spec("W-67")
@pytest.mark.parametrize("bugcheck", [False, True])
@pytest.mark.parametrize("state", ["running", "paused", "pausing"])
def test_shutdown_in_every_state_with_work_in_flight(images: Images, bugcheck: bool, state: str) -> None:
    with Host(images("pend")) as host:
        adapter = host.add_adapter(luid_index=INDEX)
        handle = host.open(path_of(INDEX))
        adapter.hold_returns()
        if state == "pausing":
            handle.write(bundle(ipv4()))
        if state != "running":
            assert adapter.pause(wait=False).done is (state == "paused")
        handle.read(SMALLEST_READ)
        adapter.shutdown(bugcheck=bugcheck)
        assert adapter.link.life == "shutdown"


@pytest.mark.spec("W-71", "W-65")
@pytest.mark.parametrize("n", range(1, 9))
def test_halt_never_overtakes_the_last_return(host: Host, adapter: Adapter, handle: Handle, n: int) -> None:
    adapter.hold_returns()
    writes = [handle.write(bundle(*[ipv4(40)] * n)) for _ in range(3)]
    gone = adapter.surprise_remove(wait=False)
    adapter.return_held(order="shuffled", threads=3, chained=False, seed=n)
    gone.wait()
    assert [each.status for each in writes] == [Nt.SUCCESS] * 3
    assert host.violations == []


@pytest.mark.spec("W-71")
def test_the_token_of_a_return_goes_after_the_write_is_completed(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    write = handle.write(bundle(ipv4()))
    nbls = adapter.held
    pause = adapter.pause(wait=False)
    assert not pause.done
    hold = host.hold_call("IofCompleteRequest")
    returning = started.give_back(host, adapter, nbls)
    assert hold.reached
    assert not pause.done
    assert called(host, "NdisMPauseComplete") == 0
    hold.release()
    returning.wait()
    assert (pause.status, write.status) == (Ndis.SUCCESS, Nt.SUCCESS)


@pytest.mark.spec("W-71")
def test_the_token_of_a_send_goes_after_its_completion(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4()])
    hold = host.hold_call("NdisMSendNetBufferListsComplete")
    read = handle.read(SMALLEST_READ, wait=False)
    assert hold.reached
    pause = adapter.pause(wait=False)
    assert not pause.done
    assert called(host, "NdisMPauseComplete") == 0
    hold.release()
    assert pause.status == Ndis.SUCCESS
    assert (chain.statuses, read.status) == ([Ndis.SUCCESS], Nt.SUCCESS)


@pytest.mark.spec("W-71", "W-65")
def test_the_token_of_a_request_goes_after_its_completion(host: Host, adapter: Adapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ)
    hold = host.hold_call("IofCompleteRequest")
    cancelling = host.session.start("cancel", {"request": read.id})
    assert hold.reached
    halt = adapter.halt(wait=False)
    assert not halt.done
    assert called(host, "NdisDeregisterDeviceEx") == 0
    hold.release()
    host.session.finish(cancelling)
    host.advance(1)
    halt.wait()
    assert read.status == Nt.CANCELLED
