from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pyndis.host import Adapter, Handle, Host, Request
from tests.drivers.wintun.conftest import INDEX, path_of
from tests.drivers.wintun.counters import counted
from tests.drivers.wintun.traffic import received
from tests.host.packets import LARGEST_BUNDLE, MAX_PACKETS, MTU, SMALLEST_READ, bundle, ipv4, ipv6
from tests.host.statuses import Ndis, Nt

INDICATE = "NdisMIndicateReceiveNetBufferLists"
PAGE = 4096
MOST_LENT = 64 << 20
IO_NETWORK_INCREMENT = 2


@pytest.fixture
def held(adapter: Adapter) -> Adapter:
    adapter.hold_returns()
    return adapter


def some(n: int) -> bytes:
    return bundle(*[ipv4(60, n), ipv6(60, n)])


# -- until the last NBL is back


@pytest.mark.spec("W-45")
@pytest.mark.parametrize("order", ["forward", "reverse", "shuffled"])
@pytest.mark.parametrize("packets", [1, 2, 3, 64, 256])
def test_a_write_completes_exactly_with_its_last_nbl(held: Adapter, handle: Handle, order: str, packets: int) -> None:
    data = bundle(*(ipv4(60, n) if n % 2 else ipv6(60, n) for n in range(packets)))
    write = handle.write(data)
    assert write.returned == Nt.PENDING
    nbls = list(held.held) if order == "forward" else held.held[::-1]
    if order == "shuffled":
        nbls = [nbl for start in range(7) for nbl in nbls[start::7]]
    held.return_held(nbls[:-1], chained=packets % 2 > 0)
    assert not write.done
    held.return_held(nbls[-1:])
    assert (write.status, write.information, write.boost) == (Nt.SUCCESS, len(data), IO_NETWORK_INCREMENT)
    assert held.link.lent == 0


@pytest.mark.spec("W-45")
def test_nbl_by_nbl_the_write_stays_pending(held: Adapter, handle: Handle) -> None:
    write = handle.write(bundle(*(ipv4(60, n) for n in range(20))))
    for nbl in held.held:
        assert not write.done
        held.return_held([nbl])
    assert write.done


@pytest.mark.spec("W-45")
def test_each_write_waits_for_its_own_nbls_only(held: Adapter, handle: Handle) -> None:
    writes = [handle.write(some(n)) for n in range(5)]
    nbls = held.held
    for index in (3, 0, 4, 1, 2):
        before = [each.done for each in writes]
        held.return_held(nbls[2 * index : 2 * index + 1])
        assert [each.done for each in writes] == before
        held.return_held(nbls[2 * index + 1 : 2 * index + 2])
        before[index] = True
        assert [each.done for each in writes] == before
    assert {each.status for each in writes} == {Nt.SUCCESS}


@pytest.mark.spec("W-45")
def test_nbls_of_many_writes_may_come_back_in_one_chain(held: Adapter, handle: Handle) -> None:
    writes = [handle.write(some(n)) for n in range(6)]
    nbls = held.held
    held.return_held(nbls[::2])
    assert not any(each.done for each in writes)
    held.return_held(nbls[1::2][::-1])
    assert [each.status for each in writes] == [Nt.SUCCESS] * 6


@pytest.mark.spec("W-45")
@pytest.mark.parametrize("threads", [2, 4, 8])
@pytest.mark.parametrize("chained", [False, True])
def test_returns_on_many_threads_complete_each_write_once(held: Adapter, handle: Handle, threads: int, chained: bool) -> None:
    writes = [handle.write(bundle(*(ipv4(60, n) for n in range(32)))) for _ in range(8)]
    assert held.return_held(order="shuffled", threads=threads, chained=chained) == 8 * 32
    assert [(each.status, each.information) for each in writes] == [(Nt.SUCCESS, 32 * 80)] * 8
    assert counted(held)["ifHCInUcastPkts"] == 8 * 32


@pytest.mark.spec("W-45", "W-33")
@pytest.mark.parametrize("dispatch", [False, True])
def test_the_write_completes_on_the_returning_thread(held: Adapter, handle: Handle, dispatch: bool) -> None:
    write = handle.write(some(1))
    held.return_held(dispatch=dispatch)
    assert (write.status, write.irql) == (Nt.SUCCESS, 2 if dispatch else 0)


@pytest.mark.spec("W-45")
@pytest.mark.parametrize("mode", ["inline", "threads"])
def test_nbls_may_come_back_before_the_indication_returns(adapter: Adapter, handle: Handle, mode: str) -> None:
    if mode == "threads":
        adapter.return_on_threads()
    writes = [handle.write(some(n)) for n in range(30)]
    assert [each.status for each in writes] == [Nt.SUCCESS] * 30
    assert {each.returned for each in writes} == {Nt.PENDING}


@pytest.mark.spec("W-45", "W-44")
def test_between_its_two_chains_a_write_is_not_complete(host: Host, adapter: Adapter, handle: Handle) -> None:
    hold = host.hold_call(INDICATE, 2)
    write = handle.write(some(1), wait=False)
    assert hold.reached
    assert len(adapter.received) == 1
    assert adapter.link.lent == 0
    assert not write.done
    hold.release()
    assert write.status == Nt.SUCCESS
    assert len(adapter.received) == 2


@pytest.mark.spec("W-45", "W-61")
def test_a_write_inside_when_pause_comes_may_finish_both_chains(host: Host, adapter: Adapter, handle: Handle) -> None:
    hold = host.hold_call(INDICATE, 2)
    write = handle.write(some(1), wait=False)
    assert hold.reached
    pause = adapter.pause(wait=False)
    assert not pause.done
    hold.release()
    assert (pause.status, write.status) == (Ndis.SUCCESS, Nt.SUCCESS)
    assert len(adapter.received) == 2


@pytest.mark.spec("W-45", "W-56")
@pytest.mark.parametrize("end", ["close", "kill"])
def test_a_writer_that_goes_does_not_end_its_writes(held: Adapter, handle: Handle, end: str) -> None:
    write = handle.write(some(1))
    if end == "close":
        handle.close()
    else:
        handle.process.kill()
    assert not write.done
    held.return_held(held.held[:1])
    assert not write.done
    held.return_held()
    assert write.status == Nt.SUCCESS


@pytest.mark.spec("W-45")
def test_other_requests_go_on_while_writes_are_lent(held: Adapter, handle: Handle) -> None:
    lent = [handle.write(some(n)) for n in range(3)]
    held.send([ipv4(44)])
    assert handle.read(SMALLEST_READ).status == Nt.SUCCESS
    held.return_inline()
    assert handle.write(some(9)).status == Nt.SUCCESS
    assert not any(each.done for each in lent)
    held.return_held()
    assert all(each.done for each in lent)


# -- what cannot be cancelled


@pytest.mark.spec("W-48")
def test_a_lent_write_cannot_be_cancelled(held: Adapter, handle: Handle) -> None:
    write = handle.write(some(1))
    write.cancel()
    handle.cancel_io()
    assert not write.done
    held.return_held()
    assert write.status == Nt.SUCCESS


@pytest.mark.spec("W-48")
def test_a_write_lent_for_30_seconds_is_a_note_with_its_holders(host: Host, held: Adapter, handle: Handle) -> None:
    write = handle.write(some(1))
    host.advance(29)
    assert host.notes == []
    host.advance(2)
    (note,) = host.notes
    assert note.rule == "LentLong"
    assert "2 NBLs" in note.message
    assert host.violations == []
    held.return_held()
    assert write.status == Nt.SUCCESS


@pytest.mark.spec("W-48", "W-64")
@pytest.mark.parametrize("packets", [1, 40])
def test_writes_lent_when_removal_starts_succeed_when_they_come_back(held: Adapter, handle: Handle, packets: int) -> None:
    data = bundle(*[ipv4()] * packets)
    write = handle.write(data)
    assert held.pnp("surprise_removed") == 1
    assert not write.done
    held.return_held()
    assert (write.status, write.information) == (Nt.SUCCESS, len(data))


@pytest.mark.spec("W-48", "W-64", "W-61")
def test_removal_waits_for_lent_writes_and_they_succeed(held: Adapter, handle: Handle) -> None:
    write = handle.write(some(1))
    removal = held.surprise_remove(wait=False)
    assert not removal.done
    held.return_held()
    removal.wait()
    assert write.status == Nt.SUCCESS


# -- 64 MiB


FOUR_LARGEST = [LARGEST_BUNDLE] * 4
REST = MOST_LENT - 4 * LARGEST_BUNDLE


def bundle_of(length: int) -> bytes:
    """A bundle of exactly so many bytes, a multiple of 16 that is no more than the largest."""
    whole, rest = divmod(length, SMALLEST_READ)
    return bundle(*[ipv4(MTU)] * whole, *([ipv4(rest - 16)] if rest else []))


@pytest.fixture
def lent(held: Adapter, handle: Handle) -> Iterator[list[Request]]:
    """Writes whose pages are lent: 64 MiB but for one page."""
    memory = handle.process.memory(LARGEST_BUNDLE)
    memory.write(0, bundle(*[ipv4(MTU)] * MAX_PACKETS))
    writes = [handle.write(b"", memory=memory, length=length) for length in FOUR_LARGEST]
    writes.append(handle.write(bundle_of(REST - PAGE)))
    assert not any(each.done for each in writes)
    yield writes


@pytest.mark.spec("W-47")
def test_at_most_64_mib_of_pages_are_lent(held: Adapter, handle: Handle, lent: list[Request]) -> None:
    assert handle.write(bundle_of(2 * PAGE)).status == Nt.INSUFFICIENT_RESOURCES
    last = handle.write(bundle_of(PAGE))
    assert not last.done
    seen = len(held.received)
    refused = handle.write(bundle(ipv4()))
    assert (refused.status, refused.information) == (Nt.INSUFFICIENT_RESOURCES, 0)
    assert len(held.received) == seen
    held.return_held(held.held[-1:])
    assert last.status == Nt.SUCCESS
    again = handle.write(bundle_of(PAGE))
    assert not again.done
    held.return_held()
    assert {each.status for each in (*lent, again)} == {Nt.SUCCESS}


@pytest.mark.spec("W-47", "W-46", "W-40")
def test_a_write_that_lends_no_page_needs_no_room(held: Adapter, handle: Handle, lent: list[Request]) -> None:
    lent.append(handle.write(bundle_of(PAGE)))
    assert handle.write(bundle(ipv4())).status == Nt.INSUFFICIENT_RESOURCES
    assert handle.write(bundle(bytes(60))).status == Nt.INVALID_USER_BUFFER
    pause = held.pause(wait=False)
    assert not pause.done
    assert handle.write(bundle(ipv4(), ipv4())).status == Nt.SUCCESS
    assert counted(held)["ifInDiscards"] == 2
    held.return_held()
    assert pause.status == Ndis.SUCCESS
    assert {each.status for each in lent} == {Nt.SUCCESS}


@pytest.mark.spec("W-47")
def test_what_fails_or_is_over_gives_its_room_back(host: Host, adapter: Adapter, handle: Handle) -> None:
    memory = handle.process.memory(LARGEST_BUNDLE)
    whole = bundle(*[ipv4(MTU)] * MAX_PACKETS)
    memory.write(0, whole[:-SMALLEST_READ] + bytes(SMALLEST_READ))
    for _ in range(6):
        assert handle.write(b"", memory=memory, length=LARGEST_BUNDLE).status == Nt.INVALID_USER_BUFFER
    memory.write(0, whole)
    for turn in range(6):
        host.fail_allocation(9 if turn % 2 else 0)
        write = handle.write(b"", memory=memory, length=LARGEST_BUNDLE)
        assert write.status == (Nt.INSUFFICIENT_RESOURCES if turn % 2 else Nt.SUCCESS)


@pytest.mark.spec("W-47")
def test_each_adapter_has_64_mib_of_its_own(host: Host, held: Adapter, handle: Handle, lent: list[Request]) -> None:
    other = host.add_adapter(luid_index=INDEX + 1)
    assert host.open(path_of(INDEX + 1)).write(bundle(ipv4(), ipv6())).status == Nt.SUCCESS
    assert len(received(other)) == 2


# -- both at once


@pytest.mark.spec("W-45")
def test_writers_and_returns_on_many_threads(held: Adapter, handle: Handle) -> None:
    with ThreadPoolExecutor(3) as threads:
        writers = [threads.submit(handle.write, some(n)) for n in range(60)]
        for _ in range(20):
            held.return_held(order="shuffled", threads=2)
        writes = [each.result() for each in writers]
    held.return_held(order="reverse", threads=3)
    assert [each.status for each in writes] == [Nt.SUCCESS] * 60
    assert held.link.lent == 0
