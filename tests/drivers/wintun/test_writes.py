from __future__ import annotations

import pytest

from pyndis.host import Adapter, Handle, Host
from tests.drivers.wintun.conftest import INDEX, path_of
from tests.drivers.wintun.counters import counted
from tests.drivers.wintun.traffic import received
from tests.host.packets import HEADER, LARGEST_BUNDLE, MTU, bundle, ipv4, ipv6, space
from tests.host.statuses import Ndis, Nt

ALLOCATE_NBL = "NdisAllocateNetBufferAndNetBufferList"
MAP = "MmMapLockedPagesSpecifyCache"
GOOD = bundle(ipv4(100), ipv6(100))
MALFORMED = bundle(bytes(60))

both = pytest.mark.parametrize("strategy", ["pend", "copy"])


def record(size: int, data: bytes) -> bytes:
    """A packet that says it has `size` bytes."""
    return size.to_bytes(4, "little") + bytes(12) + data


def padded(packet: bytes) -> bytes:
    """A bundle with one packet, as long as a write must be at least."""
    return bundle(packet).ljust(48, b"\0")


# -- the order of checks


def remove(adapter: Adapter) -> None:
    assert adapter.pnp("surprise_removed") == 1


@pytest.mark.spec("W-40")
@both
@pytest.mark.parametrize("data", [GOOD, b"", b"short", MALFORMED, bytes(LARGEST_BUNDLE + 1)])
def test_when_the_adapter_is_being_removed_nothing_else_matters(adapter: Adapter, handle: Handle, data: bytes) -> None:
    remove(adapter)
    write = handle.write(data)
    assert (write.status, write.information) == (Nt.FILE_FORCED_CLOSED, 0)
    assert adapter.received == []


@pytest.mark.spec("W-40")
@both
@pytest.mark.parametrize("paused", [False, True])
def test_an_empty_write_is_an_invalid_parameter(adapter: Adapter, handle: Handle, paused: bool) -> None:
    if paused:
        adapter.pause()
    write = handle.write(b"")
    assert (write.status, write.information) == (Nt.INVALID_PARAMETER, 0)


@pytest.mark.spec("W-40")
@both
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", Nt.INVALID_PARAMETER),
        (GOOD[:47], Nt.INVALID_USER_BUFFER),
        (bytes(LARGEST_BUNDLE + 1), Nt.INVALID_USER_BUFFER),
        (MALFORMED, Nt.INSUFFICIENT_RESOURCES),
        (GOOD, Nt.INSUFFICIENT_RESOURCES),
    ],
    ids=["empty", "short", "long", "malformed", "good"],
)
@pytest.mark.parametrize("paused", [False, True])
def test_a_mapping_that_fails_comes_after_the_length_and_before_the_bundle(
    host: Host, adapter: Adapter, handle: Handle, data: bytes, status: int, paused: bool
) -> None:
    if paused:
        adapter.pause()
    host.fail_call(MAP, 1, count=9)
    write = handle.write(data)
    assert (write.status, write.information) == (status, 0)
    host.fail_call(MAP, 0)
    assert (adapter.received, counted(adapter)) == ([], {})


@pytest.mark.spec("W-40", "W-46")
@both
def test_a_malformed_write_fails_on_a_paused_adapter_too(adapter: Adapter, handle: Handle) -> None:
    adapter.pause()
    assert handle.write(MALFORMED).status == Nt.INVALID_USER_BUFFER
    assert handle.write(bundle(ipv4()) + bundle(bytes(20))).status == Nt.INVALID_USER_BUFFER
    assert counted(adapter) == {}


# -- malformed bundles


@pytest.mark.spec("W-41")
@both
@pytest.mark.parametrize(
    "tail",
    [
        record(MTU + 1, ipv4(MTU + 1) + bytes(15)),
        record(0xFFFFFFFF, ipv4(64)),
        record(0xFFFFFFF0, ipv4(64)),
        record(0xFFFFFFE1, ipv4(64)),
        record(0x80000014, ipv4(64)),
        record(65, ipv4(64)),
        record(33, ipv4(33)),
        record(0, bytes(32)),
        record(0, b""),
        record(20, b"\x45"),
        bytes(1),
        bytes(15),
        bytes(16),
        record(20, bytes(20)) + bytes(12),
        record(60, b"\x55" + bytes(63)),
        record(60, b"\x05" + bytes(63)),
        record(19, ipv4(20)) + bytes(12),
        record(1, ipv4(20)) + bytes(12),
        record(39, ipv6(40)) + bytes(8),
        record(20, ipv6(40)[:20]) + bytes(12),
    ],
    ids=[
        "over the MTU", "size -1", "size -16", "size wraps to zero", "sign bit", "one byte too few", "no padding", "no bytes",
        "only a header", "cut off", "one byte left", "15 bytes left", "16 bytes left", "version 0", "version 5",
        "version in the low nibble", "IPv4 of 19", "IPv4 of 1", "IPv6 of 39", "IPv6 of 20",
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", [1, 7])
def test_one_malformed_packet_and_nothing_has_happened(adapter: Adapter, handle: Handle, before: int, tail: bytes) -> None:
    write = handle.write(bundle(*[ipv4(64), ipv6(64)] * before) + tail)
    assert (write.status, write.information) == (Nt.INVALID_USER_BUFFER, 0)
    assert (adapter.received, counted(adapter)) == ([], {})
    assert handle.write(GOOD).status == Nt.SUCCESS


@pytest.mark.spec("W-41")
@both
def test_what_follows_a_malformed_packet_does_not_mend_it(adapter: Adapter, handle: Handle) -> None:
    assert handle.write(padded(bytes(20)) + bundle(ipv4())).status == Nt.INVALID_USER_BUFFER
    assert adapter.received == []


@pytest.mark.spec("W-41")
@both
@pytest.mark.parametrize("packet", [ipv4(20), b"\x4f" + bytes(59), ipv6(40), b"\x60" + bytes(39), b"\x6f" + bytes(40)])
def test_version_and_length_are_all_that_is_asked_of_a_packet(adapter: Adapter, handle: Handle, packet: bytes) -> None:
    assert handle.write(padded(packet)).status == Nt.SUCCESS
    assert received(adapter) == [packet]


# -- paused, asleep, not yet running


def dropped(adapter: Adapter, handle: Handle, packets: int) -> None:
    before = counted(adapter).get("ifInDiscards", 0)
    data = bundle(*[ipv4(50, 1), ipv6(50, 1)] * (packets // 2))
    write = handle.write(data)
    assert (write.status, write.information) == (Nt.SUCCESS, len(data))
    assert adapter.received == []
    assert counted(adapter) == {"ifInDiscards": before + packets}


@pytest.mark.spec("W-46")
@both
def test_a_write_to_a_paused_adapter_succeeds_and_is_dropped(adapter: Adapter, handle: Handle) -> None:
    adapter.pause()
    dropped(adapter, handle, 2)
    dropped(adapter, handle, 256)
    adapter.restart()
    assert handle.write(GOOD).status == Nt.SUCCESS
    assert received(adapter) == [ipv4(100), ipv6(100)]


@pytest.mark.spec("W-46")
@both
@pytest.mark.parametrize("state", [1, 2, 3])
@pytest.mark.parametrize("order", ["pause", "nopause"])
def test_a_write_to_a_sleeping_adapter_succeeds_and_is_dropped(adapter: Adapter, handle: Handle, state: int, order: str) -> None:
    adapter.set_power(state, order="pause" if order == "pause" else "nopause")
    dropped(adapter, handle, 4)
    adapter.set_power(0, order="pause" if order == "pause" else "nopause")
    assert handle.write(GOOD).status == Nt.SUCCESS
    assert len(adapter.received) == 2


@pytest.mark.spec("W-46")
@both
def test_a_write_before_the_first_restart_succeeds_and_is_dropped(host: Host) -> None:
    adapter = host.add_adapter(luid_index=INDEX, restart=False)
    handle = host.open(path_of(INDEX))
    dropped(adapter, handle, 6)
    adapter.restart()
    assert handle.write(GOOD).status == Nt.SUCCESS
    assert len(adapter.received) == 2


@pytest.mark.spec("W-46", "W-45")
def test_a_write_while_a_pause_waits_for_others_is_dropped_at_once(adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    lent = handle.write(GOOD)
    pause = adapter.pause(wait=False)
    assert not pause.done
    late = handle.write(bundle(ipv4(60)))
    assert late.status == Nt.SUCCESS
    assert counted(adapter) == {"ifInDiscards": 1}
    assert not lent.done
    adapter.return_held()
    assert (pause.status, lent.status) == (Ndis.SUCCESS, Nt.SUCCESS)


@pytest.mark.spec("W-46", "W-40")
@both
def test_a_write_to_a_paused_adapter_needs_no_memory(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.pause()
    for call in (ALLOCATE_NBL, "ExAllocatePoolWithTag", "IoAllocateMdl"):
        host.fail_call(call, 1, count=99)
    dropped(adapter, handle, 4)


# -- memory


@pytest.mark.spec("W-47")
@both
@pytest.mark.parametrize("count", [1, 5, 30])
def test_whichever_allocation_fails_nothing_is_indicated_and_nothing_leaks(
    host: Host, adapter: Adapter, handle: Handle, count: int
) -> None:
    data = bundle(*[ipv4(60), ipv6(5000)] * count)
    failures = 0
    while True:
        host.fail_allocation(failures + 1)
        write = handle.write(data)
        host.fail_allocation(0)
        if write.status == Nt.SUCCESS:
            break
        assert (write.status, write.information) == (Nt.INSUFFICIENT_RESOURCES, 0)
        assert (adapter.received, counted(adapter)) == ([], {})
        failures += 1
    assert failures >= 2 * count
    assert len(adapter.received) == 2 * count
    assert adapter.link.lent == 0


@pytest.mark.spec("W-47")
@both
def test_writes_fail_one_by_one_when_there_is_no_memory_at_all(host: Host, adapter: Adapter, handle: Handle) -> None:
    host.fail_allocation(1, count=1_000_000)
    assert {handle.write(GOOD).status for _ in range(10)} == {Nt.INSUFFICIENT_RESOURCES}
    host.fail_allocation(0)
    assert handle.write(GOOD).status == Nt.SUCCESS
    assert len(adapter.received) == 2


# -- what user mode changes meanwhile


SECOND = space(100)


@pytest.mark.spec("W-42", "W-50")
@both
@pytest.mark.parametrize("size", [0, 20, 99, 101, MTU, 0xFFFFFFFF])
def test_a_size_that_changes_after_its_check_changes_nothing(host: Host, adapter: Adapter, handle: Handle, size: int) -> None:
    hold = host.hold_call(ALLOCATE_NBL, 1)
    write = handle.write(bundle(ipv4(100, 1), ipv4(200, 2)), wait=False)
    assert hold.reached
    write.poke(0, size.to_bytes(4, "little"))
    hold.release()
    assert write.status == Nt.SUCCESS
    assert received(adapter) == [ipv4(100, 1), ipv4(200, 2)]


@pytest.mark.spec("W-42", "W-50")
def test_a_version_that_changes_after_its_check_leaves_the_packet_in_its_chain(
    host: Host, adapter: Adapter, handle: Handle
) -> None:
    host.expect("NblProtocol")  # the stack sees the changed byte, as W-50 says
    hold = host.hold_call(ALLOCATE_NBL, 1)
    write = handle.write(bundle(ipv4(100, 1), ipv6(100, 2)), wait=False)
    assert hold.reached
    write.poke(HEADER, b"\x60")
    hold.release()
    assert write.status == Nt.SUCCESS
    assert [(each.protocol, len(each.data)) for each in adapter.received] == [(0x0800, 100), (0x86DD, 100)]


@pytest.mark.spec("W-42")
@pytest.mark.parametrize("size", [20, 99, 200, 201, MTU, 0xFFFFFFFF])
def test_a_size_that_changes_before_its_check_is_checked(host: Host, adapter: Adapter, handle: Handle, size: int) -> None:
    hold = host.hold_call(ALLOCATE_NBL, 1)
    write = handle.write(bundle(ipv4(100, 1), ipv4(200, 2)), wait=False)
    assert hold.reached
    write.poke(SECOND, size.to_bytes(4, "little"))
    hold.release()
    fits = space(size) == space(200)
    assert write.status == (Nt.SUCCESS if fits else Nt.INVALID_USER_BUFFER)
    assert [len(each) for each in received(adapter)] == ([100, size] if fits else [])


@pytest.mark.spec("W-42")
@both
def test_memory_that_changes_all_the_time_never_misleads_the_driver(host: Host, adapter: Adapter, handle: Handle) -> None:
    data = bundle(*[ipv4(33, 1)] * 40)
    memory = handle.process.memory(len(data))
    memory.write(0, data)
    for turn in range(60):
        write = handle.write(b"", memory=memory, length=len(data), wait=False)
        for size in (20, 40, 48, 0xFFFFFFF1, MTU, 33):
            memory.write(turn % 40 * space(33), size.to_bytes(4, "little"))
        assert write.status in {Nt.SUCCESS, Nt.INVALID_USER_BUFFER}
    assert {len(each) for each in received(adapter)} <= {20, 33, 40, 48}
