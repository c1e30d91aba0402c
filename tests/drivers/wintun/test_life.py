from __future__ import annotations

import itertools

import pytest

from pyndis.host import Adapter, Handle, Host
from tests.drivers.wintun.conftest import INDEX, path_of
from tests.drivers.wintun.counters import counted
from tests.drivers.wintun.traffic import received
from tests.drivers.wintun.under_way import sending, starting
from tests.host.packets import SMALLEST_READ, bundle, ipv4, ipv6, unbundle
from tests.host.statuses import Ndis, Nt

REFUSALS = {"paused": Ndis.PAUSED, "asleep": Ndis.LOW_POWER_STATE, "closed": Ndis.SEND_ABORTED}


@pytest.mark.spec("W-60")
def test_an_adapter_goes_through_its_states(host: Host) -> None:
    hold = host.hold_call("NdisAllocateNetBufferListPool")
    adapter, started = starting(host, INDEX)
    assert hold.reached
    assert adapter.link.life == "initializing"
    hold.release()
    started.wait()
    assert adapter.link.life == "running"
    host.open(path_of(INDEX)).write(bundle(ipv4()))
    adapter.hold_returns()
    host.open(path_of(INDEX)).write(bundle(ipv4()))
    pause = adapter.pause(wait=False)
    assert adapter.link.life == "pausing"
    adapter.return_held()
    assert (pause.status, adapter.link.life) == (Ndis.SUCCESS, "paused")
    assert (adapter.restart().status, adapter.link.life) == (Ndis.SUCCESS, "running")
    adapter.halt()
    assert adapter.link.life == "halted"


@pytest.mark.spec("W-60")
def test_an_adapter_is_paused_after_initialize_and_may_be_halted_there(host: Host) -> None:
    adapter = host.add_adapter(luid_index=INDEX, restart=False)
    host.open(path_of(INDEX))
    assert adapter.link.life == "paused"
    assert adapter.send([ipv4()]).statuses == [Ndis.PAUSED]
    adapter.halt()
    host.add_adapter(luid_index=INDEX)


@pytest.mark.spec("W-60", "W-26")
@pytest.mark.parametrize("first", [list(each) for n in (1, 2, 3) for each in itertools.permutations(REFUSALS, n)])
@pytest.mark.parametrize("backwards", [False, True])
def test_each_condition_stops_sends_until_it_is_lifted_itself(host: Host, first: list[str], backwards: bool) -> None:
    adapter = host.add_adapter(luid_index=INDEX)
    handle = host.open(path_of(INDEX))
    for condition in first:
        if condition == "paused":
            adapter.pause()
        elif condition == "asleep":
            adapter.set_power(3, order="nopause")
        else:
            handle.close()
    left = list(first)
    while left:
        (status,) = adapter.send([ipv4()]).statuses
        assert status in {REFUSALS[condition] for condition in left}
        condition = left.pop() if backwards else left.pop(0)
        if condition == "paused":
            adapter.restart()
        elif condition == "asleep":
            adapter.set_power(0, order="nopause")
        else:
            handle = host.open(path_of(INDEX))
    assert adapter.send([ipv4(44)]).statuses == [None]
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(44)]


@pytest.mark.spec("W-61")
def test_pause_with_nothing_in_flight_succeeds_at_once(host: Host, adapter: Adapter, handle: Handle) -> None:
    handle.write(bundle(ipv4()))
    handle.read(SMALLEST_READ)
    assert adapter.pause().status == Ndis.SUCCESS
    assert "NdisMPauseComplete" not in host.calls()


@pytest.mark.spec("W-61")
def test_pause_completes_queued_sends_and_keeps_reads(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4()] * 5)
    assert adapter.pause().status == Ndis.SUCCESS
    assert chain.statuses == [Ndis.PAUSED] * 5
    reads = [handle.read(SMALLEST_READ) for _ in range(2)]
    assert [each.done for each in reads] == [False, False]
    adapter.restart()
    adapter.send([ipv4(33)])
    assert unbundle(reads[0].data) == [ipv4(33)]
    assert not reads[1].done


@pytest.mark.spec("W-61")
@pytest.mark.parametrize("order", ["forward", "reverse", "shuffled"])
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("chained", [True, False])
def test_pause_pends_until_every_indicated_nbl_is_back(
    host: Host, adapter: Adapter, handle: Handle, order: str, threads: int, chained: bool
) -> None:
    adapter.hold_returns()
    writes = [handle.write(bundle(ipv4(40 + n), ipv6(60 + n), ipv4(80 + n))) for n in range(3)]
    chain = adapter.send([ipv4()])
    read = handle.read(SMALLEST_READ)
    pause = adapter.pause(wait=False)
    assert not pause.done
    while len(adapter.held) > 1:
        adapter.return_held(adapter.held[1:2])
        assert not pause.done
    adapter.return_held(order, threads, chained=chained)  # type: ignore[arg-type]
    assert pause.status == Ndis.SUCCESS
    assert host.calls()["NdisMPauseComplete"].calls == 1
    assert [each.status for each in writes] == [Nt.SUCCESS] * 3
    assert chain.done
    assert unbundle(read.data) == [ipv4()]


@pytest.mark.spec("W-61", "W-28")
@pytest.mark.parametrize("lent", [0, 1, 3])
@pytest.mark.parametrize("returns_first", [False, True])
def test_pause_waits_for_sends_in_service_and_for_returns(
    host: Host, adapter: Adapter, handle: Handle, lent: int, returns_first: bool
) -> None:
    adapter.hold_returns()
    writes = [handle.write(bundle(ipv4(), ipv6())) for _ in range(lent)]
    served = adapter.send([ipv4(50)])
    hold = host.hold_call("NdisGetDataBuffer")
    read = handle.read(SMALLEST_READ, wait=False)
    assert hold.reached
    queued, sent = sending(host, adapter, [ipv4(51)])
    sent.wait()
    pause = adapter.pause(wait=False)
    assert not pause.done
    assert (served.statuses, queued.statuses) == ([None], [Ndis.PAUSED])
    if returns_first:
        adapter.return_held()
        assert not pause.done
        hold.release()
    else:
        hold.release()
        assert read.done
        assert pause.done is (lent == 0)
        adapter.return_held()
    assert pause.status == Ndis.SUCCESS
    assert host.calls()["NdisMPauseComplete"].calls == 1
    assert (unbundle(read.data), served.statuses) == ([ipv4(50)], [Ndis.SUCCESS])
    assert [each.status for each in writes] == [Nt.SUCCESS] * lent


@pytest.mark.spec("W-61", "W-46")
def test_a_write_that_comes_while_pausing_indicates_nothing(adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    handle.write(bundle(ipv4(41)))
    pause = adapter.pause(wait=False)
    assert not pause.done
    late = handle.write(bundle(ipv4(42), ipv6(43)))
    assert (late.status, late.information) == (Nt.SUCCESS, len(bundle(ipv4(42), ipv6(43))))
    assert counted(adapter)["ifInDiscards"] == 2
    adapter.return_held()
    assert pause.done
    assert received(adapter) == [ipv4(41)]


@pytest.mark.spec("W-61", "W-44")
def test_a_write_that_is_inside_may_indicate_both_chains(host: Host, adapter: Adapter, handle: Handle) -> None:
    hold = host.hold_call("NdisMIndicateReceiveNetBufferLists")
    write = handle.write(bundle(ipv4(41), ipv6(43)), wait=False)
    assert hold.reached
    pause = adapter.pause(wait=False)
    assert not pause.done
    hold.release()
    assert write.status == Nt.SUCCESS
    assert pause.status == Ndis.SUCCESS
    assert sorted(received(adapter), key=len) == [ipv4(41), ipv6(43)]


@pytest.mark.spec("W-61", "W-46")
def test_a_write_that_has_not_entered_the_flow_when_pause_comes_is_dropped(host: Host, adapter: Adapter, handle: Handle) -> None:
    hold = host.hold_call("MmMapLockedPagesSpecifyCache")
    write = handle.write(bundle(ipv4(41)), wait=False)
    assert hold.reached
    assert adapter.pause().status == Ndis.SUCCESS
    hold.release()
    assert write.status == Nt.SUCCESS
    assert received(adapter) == []
    assert counted(adapter) == {"ifInDiscards": 1}


@pytest.mark.spec("W-61", "W-45")
def test_a_write_that_is_preparing_its_packets_is_waited_for(host: Host, adapter: Adapter, handle: Handle) -> None:
    hold = host.hold_call("NdisAllocateNetBufferAndNetBufferList")
    write = handle.write(bundle(ipv4(41)), wait=False)
    assert hold.reached
    pause = adapter.pause(wait=False)
    assert not write.done
    hold.release()
    assert pause.status == Ndis.SUCCESS
    assert write.status == Nt.SUCCESS


@pytest.mark.spec("W-61")
def test_a_send_handler_that_is_running_is_waited_for(host: Host, adapter: Adapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ)
    hold = host.hold_call("NdisGetDataBuffer")
    chain, sent = sending(host, adapter, [ipv4(50)])
    assert hold.reached
    pause = adapter.pause(wait=False)
    assert not pause.done
    hold.release()
    assert pause.status == Ndis.SUCCESS
    sent.wait()
    assert chain.statuses == [Ndis.SUCCESS]
    assert unbundle(read.data) == [ipv4(50)]


@pytest.mark.spec("W-61", "W-55")
def test_handles_open_and_close_while_pausing(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    write = handle.write(bundle(ipv4()))
    pause = adapter.pause(wait=False)
    assert not pause.done
    other = host.open(path_of(INDEX))
    other.close()
    handle.close()
    assert not pause.done
    adapter.return_held()
    assert (pause.status, write.status) == (Ndis.SUCCESS, Nt.SUCCESS)
    assert adapter.link.state == "disconnected"


@pytest.mark.spec("W-62")
@pytest.mark.parametrize("rounds", [1, 5])
def test_packets_flow_again_after_restart(host: Host, adapter: Adapter, handle: Handle, rounds: int) -> None:
    for n in range(rounds):
        adapter.pause()
        handle.write(bundle(ipv4(100)))
        assert adapter.restart().status == Ndis.SUCCESS
        handle.write(bundle(ipv4(40 + n), ipv6(60 + n)))
        adapter.send([ipv4(80 + n)])
        assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(80 + n)]
    assert received(adapter) == [each for n in range(rounds) for each in (ipv4(40 + n), ipv6(60 + n))]


@pytest.mark.spec("W-62", "W-61")
def test_each_pause_of_many_is_completed_once(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    for n in range(4):
        handle.write(bundle(ipv4(40 + n)))
        pause = adapter.pause(wait=False)
        assert not pause.done
        adapter.return_held()
        assert pause.status == Ndis.SUCCESS
        assert host.calls()["NdisMPauseComplete"].calls == n + 1
        adapter.restart()


@pytest.mark.spec("W-60", "W-70")
@pytest.mark.parametrize("times", [1, 3])
def test_an_adapter_can_be_initialized_again_after_halt(host: Host, times: int) -> None:
    for n in range(times):
        adapter = host.add_adapter(luid_index=INDEX)
        handle = host.open(path_of(INDEX))
        handle.write(bundle(ipv4(40 + n)))
        assert received(adapter) == [ipv4(40 + n)]
        assert counted(adapter)["ifHCInUcastPkts"] == 1
        adapter.halt()
        assert handle.closed_by_force


@pytest.mark.spec("W-60")
def test_two_adapters_initialize_at_the_same_time(host: Host) -> None:
    hold = host.hold_call("NdisAllocateNetBufferListPool")
    first, first_started = starting(host, 1)
    assert hold.reached
    second = host.add_adapter(luid_index=2)
    assert (first.link.life, second.link.life) == ("initializing", "running")
    host.open(path_of(2)).write(bundle(ipv4(22)))
    hold.release()
    first_started.wait()
    host.open(path_of(1)).write(bundle(ipv4(21)))
    assert (received(first), received(second)) == ([ipv4(21)], [ipv4(22)])


@pytest.mark.spec("W-60")
def test_adapters_live_and_pause_apart(host: Host) -> None:
    first, second = host.add_adapter(luid_index=1), host.add_adapter(luid_index=2)
    one, two = host.open(path_of(1)), host.open(path_of(2))
    first.hold_returns()
    one.write(bundle(ipv4(21)))
    pause = first.pause(wait=False)
    assert not pause.done
    second.set_power(2)
    second.set_power(0)
    two.write(bundle(ipv4(22)))
    assert received(second) == [ipv4(22)]
    second.surprise_remove()
    assert not pause.done
    first.return_held()
    assert pause.status == Ndis.SUCCESS
