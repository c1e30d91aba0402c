from __future__ import annotations

from typing import Literal

import pytest

from pyndis.host import Adapter, Handle, Host
from tests.drivers.wintun.conftest import INDEX, Images, path_of
from tests.drivers.wintun.counters import counted
from tests.drivers.wintun.traffic import received
from tests.host.packets import SMALLEST_READ, bundle, ipv4, ipv6, unbundle
from tests.host.statuses import Ndis, Nt, oid

Order = Literal["pause", "nopause"]
ORDERS: tuple[Order, ...] = ("pause", "nopause")
MILLISECONDS = 0.01


@pytest.mark.spec("W-68")
@pytest.mark.parametrize("state", [1, 2, 3])
@pytest.mark.parametrize("order", ORDERS)
def test_sleep_flushes_the_queue_and_wake_resumes(adapter: Adapter, handle: Handle, state: int, order: Order) -> None:
    chain = adapter.send([ipv4()] * 4)
    assert adapter.set_power(state, order=order).status == Ndis.SUCCESS
    assert chain.statuses == [Ndis.LOW_POWER_STATE if order == "nopause" else Ndis.PAUSED] * 4
    assert adapter.link.life == ("running" if order == "nopause" else "paused")
    (refused,) = adapter.send([ipv4()]).statuses
    assert refused in ({Ndis.LOW_POWER_STATE} if order == "nopause" else {Ndis.LOW_POWER_STATE, Ndis.PAUSED})
    assert adapter.set_power(0, order=order).status == Ndis.SUCCESS
    assert adapter.link.life == "running"
    adapter.send([ipv4(44)])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(44)]


@pytest.mark.spec("W-68")
@pytest.mark.parametrize("order", ORDERS)
def test_reads_wait_through_sleep(adapter: Adapter, handle: Handle, order: Order) -> None:
    read = handle.read(SMALLEST_READ)
    adapter.set_power(3, order=order)
    late = handle.read(SMALLEST_READ)
    assert (read.done, late.done) == (False, False)
    adapter.set_power(0, order=order)
    for each, size in ((read, 41), (late, 42)):
        adapter.send([ipv4(size)])
        assert unbundle(each.data) == [ipv4(size)]


@pytest.mark.spec("W-68", "W-46")
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("state", [1, 2, 3])
def test_writes_while_asleep_are_dropped(adapter: Adapter, handle: Handle, order: Order, state: int) -> None:
    adapter.set_power(state, order=order)
    write = handle.write(bundle(ipv4(), ipv6()))
    assert (write.status, write.information) == (Nt.SUCCESS, len(bundle(ipv4(), ipv6())))
    assert counted(adapter) == {"ifInDiscards": 2}
    adapter.set_power(0, order=order)
    handle.write(bundle(ipv4(50)))
    assert received(adapter) == [ipv4(50)]


@pytest.mark.spec("W-68")
@pytest.mark.parametrize("state", [1, 2, 3])
def test_sleep_does_not_wait_for_returns(adapter: Adapter, handle: Handle, state: int) -> None:
    adapter.hold_returns()
    write = handle.write(bundle(ipv4(), ipv6()))
    assert adapter.set_power(state, order="nopause").status == Ndis.SUCCESS
    assert not write.done
    adapter.return_held(adapter.held[:1])
    assert not write.done
    adapter.set_power(0, order="nopause")
    assert not write.done
    adapter.return_held()
    assert write.status == Nt.SUCCESS
    assert counted(adapter)["ifHCInUcastPkts"] == 2


@pytest.mark.spec("W-68", "W-28")
def test_sleep_waits_for_a_send_in_service(images: Images) -> None:
    with Host(images("pend"), auto_advance=False) as host:
        adapter = host.add_adapter(luid_index=INDEX)
        handle = host.open(path_of(INDEX))
        served = adapter.send([ipv4(44)])
        hold = host.hold_call("NdisGetDataBuffer")
        read = handle.read(SMALLEST_READ, wait=False)
        assert hold.reached
        queued = adapter.send([ipv4(45)])
        sleep = adapter.set_power(3, order="nopause", wait=False)
        host.advance(MILLISECONDS)
        assert not sleep.done
        assert (served.statuses, queued.statuses) == ([None], [Ndis.LOW_POWER_STATE])
        hold.release()
        assert unbundle(read.data) == [ipv4(44)]
        host.advance(MILLISECONDS)
        assert sleep.status == Ndis.SUCCESS
        assert served.statuses == [Ndis.SUCCESS]


@pytest.mark.spec("W-68", "W-29")
@pytest.mark.parametrize("order", ORDERS)
def test_sleep_stops_the_timer(host: Host, adapter: Adapter, handle: Handle, order: Order) -> None:
    adapter.send([ipv4()])
    adapter.set_power(3, order=order)
    host.calls(reset=True)
    host.advance(60)
    assert host.calls() == {}
    adapter.set_power(0, order=order)
    chain = adapter.send([ipv4()])
    host.advance(19.9)
    assert chain.statuses == [None]
    host.advance(1.1)
    assert chain.statuses == [Ndis.SEND_ABORTED]


@pytest.mark.spec("W-68", "W-80")
@pytest.mark.parametrize(("os", "ndis", "life"), [("win7", (6, 20), "paused"), ("win8", (6, 30), "running")])
def test_ndis_pauses_first_where_the_driver_cannot_ask_it_not_to(
    images: Images, os: Literal["win7", "win8"], ndis: tuple[int, int], life: str
) -> None:
    with Host(images("pend"), os=os, ndis=ndis) as host:
        adapter = host.add_adapter(luid_index=INDEX)
        host.open(path_of(INDEX))
        adapter.set_power(3)
        assert adapter.link.life == life
        adapter.set_power(0)
        assert adapter.link.life == "running"


@pytest.mark.spec("W-68")
@pytest.mark.parametrize("states", [(1, 0, 3, 0), (3, 0) * 4, (1, 2, 3, 2, 0)])
@pytest.mark.parametrize("order", ORDERS)
def test_power_changes_in_a_row(adapter: Adapter, handle: Handle, states: tuple[int, ...], order: Order) -> None:
    for state in states:
        assert adapter.set_power(state, order=order).status == Ndis.SUCCESS
    adapter.send([ipv4()])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4()]


@pytest.mark.spec("W-68", "W-64")
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("end", ["halt", "surprise"])
def test_a_sleeping_adapter_can_be_removed(adapter: Adapter, handle: Handle, order: Order, end: str) -> None:
    read = handle.read(SMALLEST_READ)
    adapter.set_power(3, order=order)
    if end == "halt":
        adapter.halt()
    else:
        adapter.surprise_remove()
    assert read.status == Nt.FILE_FORCED_CLOSED
    assert handle.closed_by_force


@pytest.mark.spec("W-68", "W-82")
@pytest.mark.parametrize("order", ORDERS)
def test_oids_are_answered_while_asleep(adapter: Adapter, order: Order) -> None:
    adapter.set_power(3, order=order)
    assert adapter.oid(query=oid("GEN_RCV_OK"), length=8).status == Ndis.SUCCESS


@pytest.mark.spec("W-68", "W-55")
@pytest.mark.parametrize("order", ORDERS)
def test_a_close_while_asleep_disconnects(adapter: Adapter, handle: Handle, order: Order) -> None:
    adapter.set_power(3, order=order)
    handle.close()
    adapter.set_power(0, order=order)
    assert adapter.indications == ["connected", "disconnected"]
    assert adapter.send([ipv4()]).statuses == [Ndis.SEND_ABORTED]
