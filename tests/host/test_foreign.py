"""The official Wintun 0.14 driver, as MSVC built it, played the whole of the ring interface from its binary.

It breaks two rules. It holds spin locks while it completes sends and indicates packets (`SpinLockSafe`): tests in which it does
so expect that. And the last packet that comes back races with the end of its rings (`UseAfterFree`): threads take turns here, so
that the race is lost only in the test that is about it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pyndis.host import Adapter, DriverFault, Host
from tests.host.foreign import official_wintun
from tests.host.packets import ipv4, ipv6
from tests.host.ring_client import DATA, REGISTER, SLACK, STOPPED, TAIL, RingClient, record
from tests.host.statuses import Ndis, Nt

MEDIUM_IP = 19
HELD_LOCK = "SpinLockSafe"


@pytest.fixture(scope="module")
def image() -> Path:
    return official_wintun()


@pytest.fixture
def host(image: Path) -> Iterator[Host]:
    with Host(image, schedule="sync@") as host:
        yield host


@pytest.fixture
def carrying(host: Host) -> Host:
    host.expect(HELD_LOCK)
    return host


@pytest.fixture
def adapter(host: Host) -> Adapter:
    return host.add_adapter(luid_index=7)


@pytest.fixture
def client(host: Host, adapter: Adapter) -> RingClient:
    client = RingClient(host.process(), adapter.interface_path)
    assert client.register().status == Nt.SUCCESS
    return client


def test_it_initializes_as_a_disconnected_adapter_of_medium_ip(adapter: Adapter) -> None:
    assert int(adapter.attributes["media"]) == MEDIUM_IP
    assert adapter.link.state == "disconnected"


def test_the_driver_that_was_never_started_with_an_adapter_unloads(host: Host) -> None:
    assert host.driver_status == 0


def test_registration_connects_and_closing_disconnects(adapter: Adapter, client: RingClient) -> None:
    assert adapter.link.state == "connected"
    client.handle.close()
    assert adapter.link.state == "disconnected"
    assert (client.send.tail, client.receive.head) == (STOPPED, STOPPED)


def test_a_second_registration_is_refused(host: Host, adapter: Adapter, client: RingClient) -> None:
    assert client.register().status == Nt.ALREADY_INITIALIZED
    other = RingClient(host.process(), adapter.interface_path)
    assert other.register().status == Nt.ALREADY_INITIALIZED


def test_after_a_close_another_client_can_register(host: Host, adapter: Adapter, client: RingClient) -> None:
    client.handle.close()
    assert RingClient(host.process(), adapter.interface_path).register().status == Nt.SUCCESS
    assert adapter.link.state == "connected"


@pytest.mark.parametrize("which", ["send", "receive"])
@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"size": 0}, Nt.INVALID_PARAMETER),
        ({"size": DATA + 0x10000 + SLACK}, Nt.INVALID_PARAMETER),
        ({"size": DATA + 0x30000 + SLACK}, Nt.INVALID_PARAMETER),
        ({"size": DATA + 0x8000000 + SLACK}, Nt.INVALID_PARAMETER),
        ({"address": 0}, Nt.INVALID_PARAMETER),
        ({"event": 0}, Nt.INVALID_PARAMETER),
        ({"event": 0x7774}, Nt.INVALID_HANDLE),
        ({"address": 0x1234567000}, Nt.INVALID_USER_BUFFER),
    ],
    ids=["nothing", "too-small", "no-power-of-two", "too-large", "null-ring", "null-event", "no-such-event", "no-memory"],
)
def test_a_wrong_registration_is_refused(host: Host, adapter: Adapter, which: str, wrong: dict[str, int], status: int) -> None:
    client = RingClient(host.process(), adapter.interface_path)
    good = record(client.send if which == "send" else client.receive)
    assert client.register(**{which: dataclasses.replace(good, **wrong)}).status == status
    assert adapter.link.state == "disconnected"


def test_a_file_is_no_event_and_read_only_memory_no_ring(host: Host, adapter: Adapter) -> None:
    client = RingClient(host.process(), adapter.interface_path)
    sealed = client.process.memory(client.send.size, writable=False)
    file = dataclasses.replace(record(client.send), event=client.handle.value)
    assert client.register(send=file).status == Nt.OBJECT_TYPE_MISMATCH
    unwritable = dataclasses.replace(record(client.send), address=sealed.address)
    assert client.register(send=unwritable).status == Nt.INVALID_USER_BUFFER


def test_requests_of_other_sizes_and_codes_are_refused(host: Host, adapter: Adapter) -> None:
    handle = host.process().open(adapter.interface_path)
    assert handle.ioctl(REGISTER, bytes(47)).status == Nt.INVALID_PARAMETER
    assert handle.ioctl(REGISTER).status == Nt.INVALID_PARAMETER
    assert handle.ioctl(REGISTER ^ 4, bytes(48)).status == Nt.INVALID_DEVICE_REQUEST


def test_only_administrators_register(host: Host, adapter: Adapter) -> None:
    assert RingClient(host.process("User"), adapter.interface_path).register().status == Nt.ACCESS_DENIED
    assert RingClient(host.process("Administrator"), adapter.interface_path).register().status == Nt.SUCCESS


def test_a_32_bit_client_registers_with_narrow_records(carrying: Host, adapter: Adapter) -> None:
    client = RingClient(carrying.process(bits=32), adapter.interface_path)
    assert client.register().status == Nt.SUCCESS
    assert adapter.send([ipv4(40)]).statuses == [Ndis.SUCCESS]
    assert client.send.take() == [ipv4(40)]
    client.receive.put(ipv4(52))
    assert [len(each.data) for each in adapter.received] == [52]


def test_packets_go_both_ways(carrying: Host, adapter: Adapter, client: RingClient) -> None:
    down = [ipv4(20), ipv4(61, 7), ipv6(1280, 9)]
    assert adapter.send(down).statuses == [Ndis.SUCCESS] * 3
    assert client.send.moved.take()
    assert client.send.take() == down
    up = [ipv4(33, 1), ipv6(40), ipv4(1420, 3)]
    client.receive.put(*up)
    assert [each.data for each in adapter.received] == up
    assert client.receive.head == client.receive.tail


def test_the_rings_go_round(carrying: Host, adapter: Adapter, client: RingClient) -> None:
    batch = [ipv4(1400, fill) for fill in range(30)]
    for _ in range(8):
        assert set(adapter.send(batch).statuses) == {Ndis.SUCCESS}
        assert client.send.take() == batch
        client.receive.put(*batch)
        assert [each.data for each in adapter.received[-len(batch) :]] == batch
    assert len(adapter.received) == 240


def test_a_full_ring_refuses_the_chain_until_there_is_room(carrying: Host, adapter: Adapter, client: RingClient) -> None:
    batch = [ipv4(1400)] * 20
    accepted = 0
    while (statuses := set(adapter.send(batch).statuses)) == {Ndis.SUCCESS}:
        accepted += len(batch)
    assert statuses == {Ndis.BUFFER_OVERFLOW}
    assert len(client.send.take()) == accepted
    assert set(adapter.send(batch).statuses) == {Ndis.SUCCESS}


def test_without_a_client_packets_are_refused(adapter: Adapter) -> None:
    assert adapter.send([ipv4(40)]).statuses == [Ndis.MEDIA_DISCONNECTED]


def test_the_head_passes_a_packet_only_when_all_before_it_came_back(carrying: Host, adapter: Adapter, client: RingClient) -> None:
    adapter.hold_returns()
    client.receive.put(ipv4(20), ipv4(20), ipv4(20))
    assert (len(adapter.held), client.receive.head) == (3, 0)
    adapter.return_held([adapter.held[1]])
    assert client.receive.head == 0
    adapter.return_held([adapter.held[0]])
    assert client.receive.head == 2 * 24
    adapter.return_held()
    assert client.receive.head == 3 * 24


def test_what_is_no_ip_packet_is_skipped(carrying: Host, adapter: Adapter, client: RingClient) -> None:
    client.receive.put(b"\x99" * 40, ipv4(44))
    assert [len(each.data) for each in adapter.received] == [44]
    assert client.receive.head == client.receive.tail


def test_a_client_that_breaks_the_rings_rules_is_no_longer_heard(adapter: Adapter, client: RingClient) -> None:
    client.receive.set_word(TAIL, client.receive.capacity)
    client.receive.moved.set()
    assert adapter.received == []
    assert client.receive.head == STOPPED


def test_a_pause_waits_for_what_is_lent_and_a_restart_goes_on(carrying: Host, adapter: Adapter, client: RingClient) -> None:
    adapter.hold_returns()
    client.receive.put(ipv4(50), ipv4(60))
    assert len(adapter.received) == 2
    pausing = adapter.pause(wait=False)
    assert not pausing.done
    adapter.return_held()
    assert pausing.done
    adapter.return_inline()
    client.receive.put(ipv4(70))
    assert len(adapter.received) == 2
    adapter.restart()
    client.receive.put(ipv4(80))
    assert [len(each.data) for each in adapter.received[2:]][-1] == 80
    assert adapter.send([ipv4(40)]).statuses == [Ndis.SUCCESS]
    assert client.send.take() == [ipv4(40)]


def test_a_client_that_dies_leaves_no_page_locked(carrying: Host, adapter: Adapter, client: RingClient) -> None:
    adapter.hold_returns()
    client.receive.put(*[ipv4(50)] * 9)
    assert len(adapter.received) == 9
    death = client.process.kill(wait=False)
    assert not death.done
    adapter.return_held()
    assert death.done
    assert adapter.link.state == "disconnected"
    assert client.send.tail == STOPPED


def test_the_last_return_races_with_the_end_of_the_rings(image: Path) -> None:
    with Host(image) as host:
        for rule in (HELD_LOCK, "UseAfterFree", "Fault"):
            host.expect(rule)
        adapter = host.add_adapter()
        client = RingClient(host.process(), adapter.interface_path)
        client.register()
        adapter.hold_returns()
        client.receive.put(ipv4(50))
        assert len(adapter.received) == 1
        death = client.process.kill(wait=False)
        assert not death.done
        told = host.hold_call("KeReleaseInStackQueuedSpinLock")  # that the ring is idle; its head is written after this
        with ThreadPoolExecutor(1) as thread:
            returning = thread.submit(adapter.return_held)
            while not told.reached:
                assert not returning.done()
            assert death.done
            with pytest.raises(DriverFault):
                told.release()
                returning.result()


def test_a_halt_under_a_client_stops_its_rings(carrying: Host, adapter: Adapter, client: RingClient) -> None:
    client.receive.put(ipv4(50))
    assert len(adapter.received) == 1
    adapter.halt()
    assert (client.send.tail, client.receive.head) == (STOPPED, STOPPED)
    client.handle.close()


def test_it_sleeps_wakes_and_is_torn_out(carrying: Host, adapter: Adapter, client: RingClient) -> None:
    adapter.set_power(3)
    adapter.set_power(0)
    assert adapter.send([ipv4(40)]).statuses == [Ndis.SUCCESS]
    adapter.surprise_remove()
    assert client.send.tail == STOPPED


def test_it_lives_many_times(carrying: Host, adapter: Adapter) -> None:
    for _ in range(20):
        client = RingClient(carrying.process(), adapter.interface_path)
        assert client.register().status == Nt.SUCCESS
        assert adapter.send([ipv4(40)]).statuses == [Ndis.SUCCESS]
        adapter.pause()
        adapter.restart()
        client.process.kill()
    assert adapter.link.state == "disconnected"
