"""An Ethernet miniport with what such drivers use beside packets: configuration, timers, work items, DPCs, RW lock, threads."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyndis import resources
from pyndis.host import Adapter, Host
from pyndis.toolchains import find, plan_image, run_plan
from tests.host.conftest import SHARED
from tests.host.statuses import Ndis, Nt, oid

SOURCES = Path(__file__).parent / "drivers" / "ether"
DEVICE = r"\\.\TESTETHER"
COUNTERS = 0x12 << 16 | 1 << 14 | 0x900 << 2  # CTL_CODE(FILE_DEVICE_NETWORK, 0x900, METHOD_BUFFERED, FILE_READ_DATA)
MEDIUM_802_3 = 0
BROADCAST = b"\xff" * 6
GROUP = bytes.fromhex("01005e000001")
LINK_DELAY = 1.0  # seconds


def address(number: int) -> bytes:
    return bytes([2, 0, 0, 0, 0, number])


def frame(to: bytes, sender: bytes, size: int = 60, fill: int = 0) -> bytes:
    return to + sender + b"\x08\x00" + bytes([fill]) * (size - 14)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = plan_image(
        find(),
        name="ether",
        sources=sorted(SOURCES.glob("*.c")),
        resource=None,
        include=(SOURCES, SHARED, resources.toolchain() / "include"),
        defines={"NDIS_MINIPORT_DRIVER": "1", "NDIS630_MINIPORT": "1"},
        arch="amd64",
        config="Release",
        out=tmp_path_factory.mktemp("ether"),
    )
    run_plan(plan)
    return plan.out / "ether.sys"


@pytest.fixture
def host(image: Path) -> Iterator[Host]:
    with Host(image) as host:
        yield host


@pytest.fixture
def wire(host: Host) -> tuple[Adapter, Adapter]:
    return host.add_adapter(1), host.add_adapter(2)


def counters(host: Host) -> tuple[int, ...]:
    """Sent, received, dropped of the first adapter; how often the thread looked."""
    handle = host.open(DEVICE)
    answer = handle.ioctl(COUNTERS, out_size=32)
    assert answer.status == Nt.SUCCESS
    handle.close()
    return struct.unpack("<4Q", answer.data)


def test_it_is_an_adapter_of_medium_802_3(wire: tuple[Adapter, Adapter]) -> None:
    assert int(wire[0].attributes["media"]) == MEDIUM_802_3
    assert wire[0].oid(query=oid("802_3_CURRENT_ADDRESS")).data == address(1)


def test_the_address_and_the_depth_come_from_the_configuration(host: Host) -> None:
    sender = host.add_adapter(1)
    receiver = host.add_adapter(2, configuration={"NetworkAddress": "0A-1b-2C-3d-4E-5f", "Depth": 3})
    own = bytes.fromhex("0a1b2c3d4e5f")
    assert receiver.oid(query=oid("802_3_PERMANENT_ADDRESS")).data == own
    held = host.hold_call("KeAcquireSpinLockAtDpcLevel")  # the receiver's DPC has taken nothing yet, and holds nothing
    sent = [frame(own, address(1), fill=each) for each in range(5)]
    assert sender.send(sent).statuses == [Ndis.SUCCESS] * 5
    assert held.reached
    held.release()
    assert [each.data for each in receiver.received] == sent[:3]


def test_frames_reach_whom_they_are_for(wire: tuple[Adapter, Adapter], host: Host) -> None:
    first, second = wire
    third = host.add_adapter(3)
    sent = [frame(address(2), address(1), 1514, 7), frame(BROADCAST, address(1)), frame(address(9), address(1))]
    assert first.send(sent).statuses == [Ndis.SUCCESS] * 3
    assert [each.data for each in second.received] == sent[:2]
    assert [each.data for each in third.received] == sent[1:2]
    assert first.received == []
    assert counters(host)[:3] == (3, 0, 0)


def test_sends_from_a_dpc_are_completed_at_its_level(wire: tuple[Adapter, Adapter]) -> None:
    chain = wire[0].send([frame(address(2), address(1))], dispatch=True)
    assert chain.statuses == [Ndis.SUCCESS]
    assert len(wire[1].received) == 1


def test_a_multicast_list_is_set_by_a_work_item(wire: tuple[Adapter, Adapter]) -> None:
    first, second = wire
    first.send([frame(GROUP, address(1))])
    filters = second.oid(query=oid("GEN_CURRENT_PACKET_FILTER")).value
    assert len(second.received) == 1  # the stack asks for all groups
    second.oid(set=oid("GEN_CURRENT_PACKET_FILTER"), data=struct.pack("<I", filters & ~4))
    first.send([frame(GROUP, address(1))])
    assert len(second.received) == 1
    answer = second.oid(set=oid("802_3_MULTICAST_LIST"), data=GROUP)
    assert (answer.status, answer.read) == (Ndis.SUCCESS, 6)
    first.send([frame(GROUP, address(1))])
    assert len(second.received) == 2
    assert second.oid(set=oid("802_3_MULTICAST_LIST"), data=GROUP[:5]).status == Ndis.INVALID_LENGTH


def test_the_link_comes_up_by_a_timer_and_wakes_the_thread(host: Host) -> None:
    adapter = host.add_adapter(1)
    assert adapter.link.state == "disconnected"
    host.advance(LINK_DELAY / 2)
    assert adapter.link.state == "disconnected"
    host.advance(LINK_DELAY / 2)
    assert adapter.link.state == "connected"
    assert counters(host)[3] == 1


def test_a_pause_cancels_the_timer(host: Host) -> None:
    adapter = host.add_adapter(1)
    adapter.pause()
    host.advance(10 * LINK_DELAY)
    assert adapter.link.state == "disconnected"
    assert counters(host)[3] == 0


def test_a_pause_waits_for_frames_in_the_stacks_hands(wire: tuple[Adapter, Adapter]) -> None:
    first, second = wire
    second.hold_returns()
    first.send([frame(address(2), address(1))])
    assert len(second.received) == 1
    pausing = second.pause(wait=False)
    assert not pausing.done
    first.send([frame(address(2), address(1))])
    assert len(second.received) == 1
    second.return_held()
    assert pausing.done
    assert second.send([frame(BROADCAST, address(2))]).statuses == [Ndis.PAUSED]
    second.restart()


def test_adapters_come_and_go_under_traffic(host: Host, wire: tuple[Adapter, Adapter]) -> None:
    for number in range(10, 20):
        other = host.add_adapter(number)
        wire[0].send([frame(BROADCAST, address(1))] * 5)
        assert len(other.received) == 5
        if number % 2:
            other.surprise_remove()
        else:
            other.set_power(3)
            other.set_power(0)
            other.halt()
    assert len(wire[1].received) == 50


@pytest.mark.parametrize("seed", range(6))
def test_no_order_of_threads_breaks_it(image: Path, seed: int) -> None:
    with Host(image, seed=seed) as host:
        first, second = host.add_adapter(1), host.add_adapter(2)
        second.return_on_threads()
        with host.together():
            first.send([frame(BROADCAST, address(1))] * 3)
            second.send([frame(BROADCAST, address(2))] * 3)
            second.pause(wait=False)
        host.settle()


def test_each_allocation_may_fail(image: Path) -> None:
    failed, n = True, 0
    while failed:
        n += 1
        with Host(image, faults={"": n}) as host:
            if host.driver_status == 0:
                first, second = host.add_adapter(1, check=False), host.add_adapter(2, check=False)
                if not first.halted and not second.halted:
                    first.send([frame(BROADCAST, address(1))])
                    host.settle()
            failed = any(each.failed for each in host.calls().values())
    assert n > 15
