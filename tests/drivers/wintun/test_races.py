from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from pyndis.host import Adapter, Chain, Handle, Host, Nb, Nbl, OpenRefused, Request, SystemRefused
from pyndis.host.channel import Pending
from pyndis.host.errors import CommandRefused
from pyndis.host.process import GENERIC_READ_WRITE
from tests.drivers.wintun.conftest import INDEX, Images, path_of
from tests.drivers.wintun.counters import counted, counters
from tests.drivers.wintun.traffic import read_all, received
from tests.host.packets import LARGEST_BUNDLE, MAX_PACKETS, SMALLEST_READ, bundle, ipv4, ipv6, unbundle
from tests.host.statuses import Ndis, Nt

COPY = "NdisGetDataBuffer"  # for each packet that the driver copies
SLEEP = "NdisMSleep"
TWO_IN_ONE = [ipv4(40_000, 1), ipv4(40_000, 2)]  # no read of the smallest size takes both
INVALID_HANDLE = 0xC0000008  # the object manager's
GIVEN_UP = {Ndis.PAUSED, Ndis.LOW_POWER_STATE, Ndis.SEND_ABORTED, Ndis.NOT_ACCEPTED}

# -- what comes back from service


def two_in_one(adapter: Adapter, cancel_id: int = 0) -> Chain:
    return adapter.send([Nbl([Nb(each) for each in TWO_IN_ONE])], cancel_id=cancel_id)


@pytest.mark.spec("W-30", "W-28")
def test_a_cancel_reaches_an_nbl_when_it_comes_back_from_service(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = two_in_one(adapter, cancel_id=5)
    hold = host.hold_call(COPY, 1)
    read = handle.read(SMALLEST_READ, wait=False)
    assert hold.reached
    adapter.cancel_send(5)
    assert not chain.done
    hold.release()
    assert unbundle(read.data) == TWO_IN_ONE[:1]
    assert chain.statuses == [Ndis.SEND_ABORTED]


@pytest.mark.spec("W-30", "W-28")
def test_a_cancel_of_others_leaves_an_nbl_that_comes_back_from_service(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = two_in_one(adapter, cancel_id=5)
    hold = host.hold_call(COPY, 1)
    read = handle.read(SMALLEST_READ, wait=False)
    assert hold.reached
    adapter.cancel_send(6)
    hold.release()
    assert unbundle(read.data) == TWO_IN_ONE[:1]
    assert read_all(handle) == TWO_IN_ONE[1:]
    assert chain.statuses == [Ndis.SUCCESS]


@pytest.mark.spec("W-30", "W-12")
def test_a_cancel_reaches_all_that_the_read_under_way_has_no_place_for(host: Host, adapter: Adapter, handle: Handle) -> None:
    packets = [ipv4(40, n % 256) for n in range(MAX_PACKETS + 44)]
    chain = adapter.send(packets, cancel_id=5)
    hold = host.hold_call(COPY, 1)
    read = handle.read(LARGEST_BUNDLE, wait=False)
    assert hold.reached
    adapter.cancel_send(5)
    assert chain.statuses == [None] * MAX_PACKETS + [Ndis.SEND_ABORTED] * 44
    hold.release()
    assert unbundle(read.data) == packets[:MAX_PACKETS]
    assert chain.statuses[:MAX_PACKETS] == [Ndis.SUCCESS] * MAX_PACKETS


# -- units


@pytest.mark.spec("W-25")
def test_an_evicted_nbl_counts_the_packets_that_nobody_has_read(adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([Nbl([Nb(ipv4(40_000, n)) for n in range(3)])])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(40_000, 0)]
    adapter.send([ipv4()] * 1000)
    assert chain.statuses == [Ndis.SEND_ABORTED]
    assert counted(adapter)["ifOutDiscards"] == 2
    assert counted(adapter)["ifHCOutUcastPkts"] == 1


@pytest.mark.spec("W-24")
def test_an_empty_packet_is_dropped_and_the_others_of_its_nbl_go_out(adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([Nbl([Nb(ipv4()), Nb(b""), Nb(ipv4(30))]), Nbl([Nb(b"")])])
    assert read_all(handle) == [ipv4(), ipv4(30)]
    assert chain.statuses == [Ndis.INVALID_LENGTH] * 2
    assert counted(adapter)["ifOutDiscards"] == 2


# -- ends that meet beginnings


@pytest.mark.spec("W-68", "W-46")
def test_going_to_sleep_waits_for_a_thread_that_indicates_but_not_for_returns(
    host: Host, adapter: Adapter, handle: Handle
) -> None:
    adapter.hold_returns()
    hold = host.hold_call("NdisMIndicateReceiveNetBufferLists")
    write = handle.write(bundle(ipv4()), wait=False)
    assert hold.reached
    sleeping = host.hold_call(SLEEP)
    power = adapter.set_power(3, order="nopause", wait=False)
    assert sleeping.reached
    hold.release()
    assert received(adapter) == [ipv4()]
    sleeping.release()
    assert power.status == Ndis.SUCCESS
    assert not write.done
    adapter.return_held()
    assert write.status == Nt.SUCCESS


def opening(host: Host) -> Pending:
    """A CREATE that is not waited for."""
    ids = {"process": host.process().id, "handle": host.session.new_id()}
    return host.session.start("open", {**ids, "path": path_of(INDEX), "access": GENERIC_READ_WRITE, "kernel": False})


@pytest.mark.spec("W-65", "W-55")
def test_an_open_that_has_passed_the_gate_when_halt_begins_does_not_hold_it_up(host: Host, adapter: Adapter) -> None:
    hold = host.hold_call("ExAllocatePoolWithTag")  # the record of the file, after the gate
    pending = opening(host)
    assert hold.reached
    halt = adapter.halt(wait=False)
    assert not halt.done
    hold.release()
    halt.wait()
    with pytest.raises(SystemRefused) as refused:
        host.session.finish(pending)
    assert refused.value.status == Nt.DELETE_PENDING


# -- real threads

CPUS = 4


def at_once(*jobs: Callable[[], object]) -> None:
    """Each on a thread of its own; raises what any of them raised."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        for each in [pool.submit(job) for job in jobs]:
            each.result()


def times(count: int, job: Callable[[int], object]) -> Callable[[], None]:
    def body() -> None:
        for n in range(count):
            job(n)

    return body


def numbered(number: int, size: int = 64) -> bytes:
    """A packet that no other is like."""
    return ipv4(size)[:-4] + number.to_bytes(4, "big")


class Traffic:
    """What was sent, read and written, to be held against what the adapter says."""

    def __init__(self, adapter: Adapter, handles: list[Handle], seed: int) -> None:
        self.adapter = adapter
        self.handles = handles
        self.chance = random.Random(seed)
        self.sends: list[tuple[list[bytes], Chain]] = []
        self.reads: list[Request] = []
        self.writes: list[tuple[list[bytes], Request]] = []

    def send(self, number: int) -> None:
        """A chain of NBLs; of those with more than one packet, the second is large."""
        packets = [numbered(16 * number + n, 64 if n % 3 else 30_000) for n in range(1 + number % 8)]
        nbls = [Nbl([Nb(each)]) for each in packets]
        self.sends.append((packets, self.adapter.send(nbls, cancel_id=1 + number % 3, dispatch=number % 2 > 0)))

    def read(self, number: int) -> None:
        length = LARGEST_BUNDLE if number % 16 == 0 else SMALLEST_READ
        self.reads.append(self.handles[number % len(self.handles)].read(length, wait=False))

    def write(self, number: int) -> None:
        packets = [numbered(16 * number + n) if n % 2 else ipv6(80, number % 256) for n in range(1 + number % 8)]
        handle = self.handles[number % len(self.handles)]
        self.writes.append((packets, handle.write(bundle(*packets), wait=False)))

    def cancel(self, number: int) -> None:
        """A read, or the sends of an id."""
        if number % 4 == 0:
            self.adapter.cancel_send(1 + number % 3, dispatch=number % 8 == 0)
        elif self.reads:
            self.chance.choice(list(self.reads)).cancel()

    def finish(self) -> None:
        """Read what still waits; no read is left then."""
        for handle in self.handles:
            handle.cancel_io()
        while (last := self.handles[0].read(LARGEST_BUNDLE)).done:
            self.reads.append(last)
        last.cancel()

    def check(self, *refused: int) -> None:
        """Nothing is lost, nothing comes twice, and the statistics say so. Requests may be `refused` so, and no otherwise."""
        taken = self.check_sends(*refused)
        written = self.check_writes(*refused)
        got = Counter(received(self.adapter))
        assert got <= written
        found = counters(self.adapter)
        assert (found["ifHCOutUcastPkts"], found["ifHCOutOctets"]) == (len(taken), sum(map(len, taken)))
        assert (found["ifHCInUcastPkts"], found["ifInErrors"], found["ifOutErrors"]) == (got.total(), 0, 0)
        assert got.total() + found["ifInDiscards"] == written.total()
        assert (self.adapter.link.sends, self.adapter.link.lent) == (0, 0)

    def check_sends(self, *refused: int) -> list[bytes]:
        """The packets that are in reads: those that were reported as sent, each once."""
        statuses = [each for packets, chain in self.sends for each in zip(packets, chain.statuses, strict=True)]
        assert {status for _, status in statuses} <= {Ndis.SUCCESS, *GIVEN_UP}
        sent = [packet for packet, status in statuses if status == Ndis.SUCCESS]
        assert {status_of(each) for each in self.reads} <= {Nt.SUCCESS, Nt.CANCELLED, *refused}
        bundles = [unbundle(each.data) for each in self.reads if status_of(each) == Nt.SUCCESS]
        assert all(1 <= len(each) <= MAX_PACKETS for each in bundles)
        taken = [packet for each in bundles for packet in each]
        assert Counter(taken) == Counter(sent)
        return taken

    def check_writes(self, *refused: int) -> Counter[bytes]:
        """The packets of the writes that succeeded."""
        assert {status_of(request) for _, request in self.writes} <= {Nt.SUCCESS, *refused}
        return Counter(packet for packets, request in self.writes if status_of(request) == Nt.SUCCESS for packet in packets)


def status_of(request: Request) -> int:
    """STATUS_INVALID_HANDLE if its handle was gone before it got to the driver."""
    try:
        return request.status
    except SystemRefused as refused:
        return refused.status


PAUSE, SLEEP_AND_WAKE, QUERY_REMOVE = EVENTS = ("pause", "sleep", "query_remove")


def lives(adapter: Adapter, event: str) -> None:
    """It stops for a moment."""
    if event == PAUSE:
        adapter.pause()
        adapter.restart()
    elif event == SLEEP_AND_WAKE:
        adapter.set_power(3, order="nopause")
        adapter.set_power(0, order="nopause")
    else:
        adapter.pnp("query_remove")
        adapter.pnp("remove_cancelled")


@pytest.mark.slow
@pytest.mark.spec("W-20", "W-22", "W-27", "W-28", "W-30", "W-45", "W-58")
@pytest.mark.parametrize("receive", ["pend", "copy"])
@pytest.mark.parametrize("seed", range(2))
def test_traffic_with_cancels_loses_nothing_and_doubles_nothing(images: Images, receive: str, seed: int) -> None:
    with Host(images(receive), cpus=CPUS) as host:
        adapter = host.add_adapter(luid_index=INDEX)
        traffic = Traffic(adapter, [host.open(path_of(INDEX)) for _ in range(3)], seed)
        adapter.return_on_threads()
        at_once(
            times(60, traffic.send),
            times(60, lambda n: traffic.send(1000 + n)),
            times(100, traffic.read),
            times(100, lambda n: traffic.read(1000 + n)),
            times(60, traffic.write),
            times(60, lambda n: traffic.write(1000 + n)),
            times(80, traffic.cancel),
        )
        traffic.finish()
        traffic.check()


@pytest.mark.slow
@pytest.mark.spec("W-26", "W-28", "W-46", "W-61", "W-62", "W-68")
@pytest.mark.parametrize("receive", ["pend", "copy"])
@pytest.mark.parametrize("event", EVENTS)
def test_traffic_through_stops_loses_nothing_and_doubles_nothing(images: Images, receive: str, event: str) -> None:
    with Host(images(receive), cpus=CPUS) as host:
        adapter = host.add_adapter(luid_index=INDEX)
        traffic = Traffic(adapter, [host.open(path_of(INDEX)) for _ in range(2)], EVENTS.index(event))
        adapter.return_on_threads()
        at_once(
            times(60, traffic.send),
            times(60, lambda n: traffic.send(1000 + n)),
            times(100, traffic.read),
            times(60, traffic.write),
            times(60, lambda n: traffic.write(1000 + n)),
            times(15, lambda _: lives(adapter, event)),
        )
        traffic.finish()
        traffic.check(*([Nt.FILE_FORCED_CLOSED] if event == QUERY_REMOVE else []))


@pytest.mark.slow
@pytest.mark.spec("W-26", "W-55", "W-56")
def test_sends_while_the_last_handle_comes_and_goes_are_read_or_given_up(images: Images) -> None:
    with Host(images("pend"), cpus=CPUS) as host:
        adapter = host.add_adapter(luid_index=INDEX)
        reads: list[Request] = []
        chains: list[Chain] = []

        def client(_: int) -> None:
            handle = host.open(path_of(INDEX))
            reads.append(handle.read(SMALLEST_READ, wait=False))
            handle.write(bundle(ipv4()), wait=False)
            handle.close()

        def send(number: int) -> None:
            chains.append(adapter.send([numbered(number)], dispatch=number % 2 > 0))

        at_once(times(40, client), times(40, client), times(80, send), times(80, lambda n: send(1000 + n)))
        assert adapter.link.state == "disconnected"
        links = adapter.indications
        assert links == [("connected", "disconnected")[n % 2] for n in range(len(links))]
        statuses = [status for each in chains for status in each.statuses]
        assert set(statuses) <= {Ndis.SUCCESS, Ndis.SEND_ABORTED}
        taken = [packet for each in reads if status_of(each) == Nt.SUCCESS for packet in unbundle(each.data)]
        assert len(taken) == len(set(taken)) == statuses.count(Ndis.SUCCESS)


@pytest.mark.slow
@pytest.mark.spec("W-63", "W-64", "W-65", "W-66", "W-71")
@pytest.mark.parametrize("ending", ["halt", "surprise_remove", "query_remove"])
def test_an_adapter_that_goes_in_the_middle_of_traffic_answers_everything_once(images: Images, ending: str) -> None:
    with Host(images("pend"), cpus=CPUS) as host:
        for turn in range(6):
            adapter = host.add_adapter(luid_index=INDEX)
            traffic = Traffic(adapter, [host.process().open(path_of(INDEX)) for _ in range(2)], turn)
            adapter.return_on_threads()

            def visit(_: int, reads: list[Request] = traffic.reads) -> None:
                reads.append(host.open(path_of(INDEX)).read(SMALLEST_READ, wait=False))

            def end(_: int, adapter: Adapter = adapter) -> None:
                if ending == "query_remove":
                    adapter.pnp("query_remove")
                if ending == "surprise_remove":
                    adapter.surprise_remove()
                else:
                    adapter.halt()

            at_once(
                times(12, tolerating(traffic.send)),
                times(24, tolerating(traffic.read)),
                times(12, tolerating(traffic.write)),
                times(8, tolerating(visit)),
                times(1, end),
            )
            traffic.check_sends(Nt.FILE_FORCED_CLOSED, INVALID_HANDLE)
            traffic.check_writes(Nt.FILE_FORCED_CLOSED, INVALID_HANDLE)


def tolerating(job: Callable[[int], object]) -> Callable[[int], None]:
    """The same where the adapter or the handle may be gone already."""

    def body(number: int) -> None:
        with suppress(OpenRefused, SystemRefused, CommandRefused):
            job(number)

    return body
