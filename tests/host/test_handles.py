from __future__ import annotations

import pytest

from pyndis.host import Adapter, Host, OpenRefused
from tests.host.packets import SMALLEST_READ, bundle, ipv4, unbundle
from tests.host.statuses import Ndis, Nt
from tests.host.test_life import path_of

ARCHITECTURES = ("amd64", "x86", "arm64")

IRP_MJ_FLUSH_BUFFERS = 9


@pytest.fixture
def adapter(host: Host) -> Adapter:
    return host.add_adapter(luid_index=1)


@pytest.mark.parametrize("user", ["User", "Administrator"])
def test_only_the_system_may_open_the_device(host: Host, adapter: Adapter, user: str) -> None:
    with pytest.raises(PermissionError) as refused:
        host.process(user=user).open(path_of(1))
    assert isinstance(refused.value, OpenRefused)
    assert refused.value.status == Nt.ACCESS_DENIED


def test_the_kernel_may_open_for_any_user(host: Host, adapter: Adapter) -> None:
    host.process(user="User").open(path_of(1), kernel=True)


def test_a_device_that_is_not_there_is_not_found(host: Host, adapter: Adapter) -> None:
    with pytest.raises(FileNotFoundError):
        host.open(path_of(2))


def test_a_name_below_the_device_is_refused_by_the_driver(host: Host, adapter: Adapter) -> None:
    with pytest.raises(OpenRefused) as refused:
        host.open(path_of(1) + r"\file")
    assert refused.value.status == Nt.OBJECT_NAME_INVALID


def test_an_unknown_request_is_refused(host: Host, adapter: Adapter) -> None:
    handle = host.open(path_of(1))
    assert handle.ioctl(0x80002000, b"abcd", 16).status == Nt.INVALID_PARAMETER
    assert handle.request(IRP_MJ_FLUSH_BUFFERS).status == Nt.INVALID_PARAMETER


def test_a_cancelled_read_completes_once_as_cancelled(host: Host, adapter: Adapter) -> None:
    handle = host.open(path_of(1))
    read = handle.read(SMALLEST_READ)
    other = handle.read(SMALLEST_READ)
    assert read.cancel()
    assert read.status == Nt.CANCELLED
    assert read.information == 0
    assert not read.cancel()
    adapter.send([ipv4(44)])
    assert unbundle(other.data) == [ipv4(44)]


def test_closing_a_handle_cancels_its_reads_and_no_other(host: Host, adapter: Adapter) -> None:
    mine, other = host.open(path_of(1)), host.open(path_of(1))
    reads = [mine.read(SMALLEST_READ) for _ in range(3)]
    kept = other.read(SMALLEST_READ)
    mine.close()
    assert [each.status for each in reads] == [Nt.CANCELLED] * 3
    assert not kept.done


def test_cancel_io_cancels_what_a_handle_started(host: Host, adapter: Adapter) -> None:
    handle = host.open(path_of(1))
    reads = [handle.read(SMALLEST_READ) for _ in range(2)]
    handle.cancel_io()
    assert [each.status for each in reads] == [Nt.CANCELLED] * 2


def test_a_duplicate_keeps_the_file_open(host: Host, adapter: Adapter) -> None:
    first = host.open(path_of(1))
    second = first.duplicate(host.process())
    first.close()
    assert adapter.link.state == "connected"
    adapter.send([ipv4()])
    assert unbundle(second.read(SMALLEST_READ).data) == [ipv4()]
    second.close()
    assert adapter.link.state == "disconnected"


def test_a_killed_process_leaves_nothing(host: Host, adapter: Adapter) -> None:
    process = host.process()
    handle = process.open(path_of(1))
    reads = [handle.read(SMALLEST_READ) for _ in range(4)]
    process.kill()
    assert [each.status for each in reads] == [Nt.CANCELLED] * 4
    assert adapter.indications == ["connected", "disconnected"]


def test_a_killed_process_with_lent_pages_goes_when_they_are_back(host: Host, adapter: Adapter) -> None:
    process = host.process()
    handle = process.open(path_of(1))
    adapter.hold_returns()
    write = handle.write(bundle(ipv4()))
    process.kill()
    assert adapter.link.state == "connected"
    adapter.return_held()
    assert write.status == Nt.SUCCESS
    assert adapter.link.state == "disconnected"


def test_the_last_close_gives_up_what_is_queued(host: Host, adapter: Adapter) -> None:
    handle = host.open(path_of(1))
    chain = adapter.send([ipv4()])
    handle.close()
    assert chain.statuses == [Ndis.SEND_ABORTED]


def test_memory_and_events_belong_to_a_process(host: Host, adapter: Adapter) -> None:
    process = host.process(bits=32)
    memory = process.memory(5000)
    memory.write(10, b"hello")
    assert memory.read(8, 8) == b"\0\0hello\0"
    assert memory.address % 4096 == 0
    event = process.event(manual=True)
    assert not event.signaled
    event.set()
    assert event.signaled
    assert event.take()
    assert not event.signaled
