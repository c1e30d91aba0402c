from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from pyndis.host import Adapter, Chain, Handle, Host, Nb, Nbl
from tests.drivers.wintun.conftest import INDEX, path_of
from tests.drivers.wintun.counters import counted
from tests.drivers.wintun.traffic import read_all
from tests.host.packets import SMALLEST_READ, ipv4, unbundle
from tests.host.statuses import Ndis, Nt

UPTIME_WRAPS = 2**32 / 1000  # seconds, for a clock of 32 bits that counts milliseconds
LONG = 100.0


def age(host: Host, chain: Chain, step: float = 0.25) -> float:
    """How long from now until the whole chain is done, in seconds, as far as it is seen every `step`."""
    start = host.now
    while not chain.done:
        assert host.now - start < 30
        host.advance(step)
    return host.now - start


@pytest.mark.spec("W-29")
def test_a_send_that_nobody_reads_is_given_up_after_20_seconds(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4(), Nbl([Nb(ipv4()), Nb(ipv4())])])
    host.advance(19.999)
    assert chain.statuses == [None, None]
    host.advance(1.001)
    assert chain.statuses == [Ndis.SEND_ABORTED] * 2
    assert counted(adapter)["ifOutDiscards"] >= 2
    assert read_all(handle) == []


@pytest.mark.spec("W-29")
def test_each_nbl_that_ages_counts_one_discard(host: Host, adapter: Adapter, handle: Handle) -> None:
    adapter.send([ipv4()] * 10)
    host.advance(21)
    assert counted(adapter) == {"ifOutDiscards": 10}


@pytest.mark.spec("W-29")
@pytest.mark.parametrize("later", [0.4, 1.0, 7.3, 19.9])
def test_each_send_has_its_own_age(host: Host, adapter: Adapter, handle: Handle, later: float) -> None:
    first = adapter.send([ipv4()])
    host.advance(later)
    second = adapter.send([ipv4()])
    assert 20 - later <= age(host, first, 0.05) <= 21 - later
    assert later - 1 <= age(host, second, 0.05) <= later + 1
    assert host.now <= 21 + later + 1


@pytest.mark.spec("W-29")
def test_sends_of_every_second_age_between_20_and_21_seconds(host: Host, adapter: Adapter, handle: Handle) -> None:
    chains: list[Chain] = []
    begun: list[float] = []
    ended: dict[int, float] = {}
    for tick in range(180):
        if tick < 80 and tick % 3 == 0:
            chains.append(adapter.send([ipv4()]))
            begun.append(host.now)
        host.advance(0.5)
        ended |= {n: host.now for n, each in enumerate(chains) if n not in ended and each.done}
    assert len(ended) == len(chains)
    assert all(20 <= ended[n] - begun[n] <= 21 for n in ended)


@pytest.mark.spec("W-29", "W-22")
def test_the_rest_of_an_nbl_that_a_read_has_begun_ages_from_its_send(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([Nbl([Nb(ipv4(40_000, 1)), Nb(ipv4(40_000, 2))])])
    host.advance(15)
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(40_000, 1)]
    assert 5 <= age(host, chain) <= 6
    assert chain.statuses == [Ndis.SEND_ABORTED]


@pytest.mark.spec("W-29")
def test_what_is_read_in_time_does_not_age(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4(44)])
    host.advance(19.9)
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(44)]
    host.advance(LONG)
    assert chain.statuses == [Ndis.SUCCESS]
    assert "ifOutDiscards" not in counted(adapter)


@pytest.mark.spec("W-29")
def test_ages_are_right_when_the_uptime_wraps(host: Host, adapter: Adapter, handle: Handle) -> None:
    host.advance(UPTIME_WRAPS - 10)
    assert 20 <= age(host, adapter.send([ipv4()])) <= 21


@pytest.mark.spec("W-29")
def test_no_rule_on_the_time_of_sends_is_broken(host: Host, adapter: Adapter, handle: Handle) -> None:
    for _ in range(20):
        adapter.send([ipv4()])
        host.advance(3)
    host.advance(LONG)
    assert host.violations == []


# -- the timer


def calls_while_time_passes(host: Host, seconds: float = LONG) -> list[str]:
    """What the driver calls when only time passes."""
    host.calls(reset=True)
    host.advance(seconds)
    return [name for name, count in host.calls().items() if count.calls]


@pytest.mark.spec("W-29")
def test_the_timer_is_armed_only_while_something_waits(host: Host, adapter: Adapter, handle: Handle) -> None:
    assert calls_while_time_passes(host) == []
    adapter.send([ipv4()])
    assert "NdisMSendNetBufferListsComplete" in calls_while_time_passes(host)
    assert calls_while_time_passes(host) == []


@pytest.mark.spec("W-29")
def test_the_timer_fires_once_for_many_sends_of_one_moment(host: Host, adapter: Adapter, handle: Handle) -> None:
    for _ in range(50):
        adapter.send([ipv4()])
    host.calls(reset=True)
    host.advance(LONG)
    assert host.calls()["NdisMSendNetBufferListsComplete"].calls <= 2
    assert "NdisSetTimerObject" not in host.calls()


@pytest.mark.spec("W-29")
@pytest.mark.parametrize("event", ["pause", "sleep", "last close"])
def test_the_timer_is_stopped_when_the_queue_is_flushed(host: Host, adapter: Adapter, handle: Handle, event: str) -> None:
    chain = adapter.send([ipv4()])
    host.advance(5)
    match event:
        case "pause":
            adapter.pause()
        case "sleep":
            adapter.set_power(3, order="nopause")
        case "last close":
            handle.close()
    assert chain.done
    assert calls_while_time_passes(host) == []


@pytest.mark.spec("W-29")
@pytest.mark.parametrize("event", ["pause", "sleep", "last close"])
def test_sends_after_a_flush_age_anew(host: Host, adapter: Adapter, handle: Handle, event: str) -> None:
    adapter.send([ipv4()])
    host.advance(15)
    match event:
        case "pause":
            adapter.pause()
            adapter.restart()
        case "sleep":
            adapter.set_power(3, order="nopause")
            adapter.set_power(0, order="nopause")
        case "last close":
            handle.close()
            host.open(path_of(INDEX))
    assert 20 <= age(host, adapter.send([ipv4()])) <= 21


@pytest.mark.spec("W-29")
def test_halt_stops_the_timer(host: Host, adapter: Adapter, handle: Handle) -> None:
    chain = adapter.send([ipv4()])
    adapter.halt()
    assert chain.done
    assert calls_while_time_passes(host) == []


@pytest.mark.spec("W-29")
def test_halt_may_meet_the_timers_callback(host: Host) -> None:
    for index in range(1, 13):
        adapter = host.add_adapter(luid_index=index)
        handle = host.open(path_of(index))
        chain = adapter.send([ipv4()] * 100)
        host.advance(19.99)
        with ThreadPoolExecutor(1) as threads:
            time = threads.submit(host.advance, 1)
            adapter.halt()
            time.result()
        assert chain.done
        assert handle.closed_by_force


@pytest.mark.spec("W-29", "W-28")
def test_a_read_may_meet_the_timers_callback(host: Host, adapter: Adapter, handle: Handle) -> None:
    for n in range(12):
        packets = [ipv4(5000, n)] * 12
        chain = adapter.send(packets)
        host.advance(19.99)
        with ThreadPoolExecutor(1) as threads:
            time = threads.submit(host.advance, 1)
            read = handle.read(SMALLEST_READ)
            time.result()
        assert set(chain.statuses) <= {Ndis.SUCCESS, Ndis.SEND_ABORTED}
        found = unbundle(read.data) if read.done else []
        assert len(found) == chain.statuses.count(Ndis.SUCCESS)
        read.cancel()
        assert read.status in {Nt.SUCCESS, Nt.CANCELLED}
