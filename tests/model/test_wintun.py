from __future__ import annotations

import pytest

from pyndis.kernel import NetBuffer, Sink
from pyndis.model import Handle, Model, ModelAdapter, Nb, Nbl, Packet
from tests.host.packets import LARGEST_BUNDLE, MAX_PACKETS, MTU, SMALLEST_READ, bundle, ipv4, ipv6, space, unbundle
from tests.host.statuses import Ndis, Nt

MOST_QUEUED = 1000
COPY = {"receive": "copy"}
IPV4, IPV6 = 0x0800, 0x86DD


# -- stack to program


def test_an_nbl_over_two_reads_completes_with_its_last_packet(adapter: ModelAdapter, handle: Handle) -> None:
    packets = [ipv4(40_000), ipv4(40_001), ipv4(60)]
    chain = adapter.send([Nbl([Nb(each) for each in packets])])
    assert unbundle(handle.read(SMALLEST_READ).data) == packets[:1]
    assert chain.statuses == [None]
    assert unbundle(handle.read(SMALLEST_READ).data) == packets[1:]
    assert chain.statuses == [Ndis.SUCCESS]
    assert adapter.counters == {"out_packets": 3, "out_octets": 80_061}


def test_a_read_waits_for_a_send(adapter: ModelAdapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ)
    assert not read.done
    adapter.send([ipv6(100, 7)], dispatch=True)
    assert (read.status, unbundle(read.data)) == (Nt.SUCCESS, [ipv6(100, 7)])


def test_a_chain_fills_the_reads_that_wait_in_order(adapter: ModelAdapter, handle: Handle) -> None:
    reads = [handle.read(SMALLEST_READ) for _ in range(3)]
    adapter.send([ipv4(MTU, 1), ipv4(MTU, 2)], dispatch=True)
    assert [unbundle(each.data) for each in reads[:2]] == [[ipv4(MTU, 1)], [ipv4(MTU, 2)]]
    assert not reads[2].done


def test_a_read_takes_256_packets(adapter: ModelAdapter, handle: Handle) -> None:
    adapter.send([Nbl([Nb(ipv4(20, n % 256)) for n in range(300)])])
    assert [len(unbundle(handle.read(LARGEST_BUNDLE).data)) for _ in range(2)] == [MAX_PACKETS, 44]


def test_an_oversize_packet_is_left_out_and_its_nbl_says_so(adapter: ModelAdapter, handle: Handle) -> None:
    chain = adapter.send([Nbl([Nb(bytes(MTU + 1)), Nb(ipv4(100))])])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(100)]
    assert chain.statuses == [Ndis.INVALID_LENGTH]
    assert adapter.counters["out_discards"] == 1


def test_an_nbl_of_no_packet_completes_at_once(adapter: ModelAdapter, handle: Handle) -> None:
    assert adapter.send([Nbl([])]).statuses == [Ndis.SUCCESS]


def test_a_lost_payload_fails_its_nbl_and_leaves_the_read_waiting(adapter: ModelAdapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ)
    assert adapter.send([Nb(ipv4(50), unmappable=True)]).statuses == [Ndis.RESOURCES]
    assert not read.done
    adapter.send([ipv4(20)])
    assert read.information == space(20)
    assert adapter.counters["out_errors"] == 1


def test_a_packet_in_several_mdls_arrives_whole(adapter: ModelAdapter, handle: Handle) -> None:
    adapter.send([Nb(ipv4(90, 3), mdl_split=[20, 70])])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(90, 3)]


def test_the_oldest_gives_way(adapter: ModelAdapter, handle: Handle) -> None:
    chain = adapter.send([ipv4(20)] * (MOST_QUEUED + 1))
    assert chain.statuses == [Ndis.SEND_ABORTED, *[None] * MOST_QUEUED]
    assert adapter.counters == {"out_discards": 1}


def test_a_cancel_takes_the_sends_of_its_id(adapter: ModelAdapter, handle: Handle) -> None:
    chain = adapter.send([Nbl([Nb(ipv4(20, n))], cancel_id=1 + n % 2) for n in range(6)])
    adapter.cancel_send(2)
    assert chain.statuses == [None, Ndis.SEND_ABORTED] * 3
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(20, n) for n in (0, 2, 4)]


def test_a_send_that_nobody_reads_is_given_up_after_20_seconds(model: Model, adapter: ModelAdapter, handle: Handle) -> None:
    first = adapter.send([ipv4()])
    model.advance(15)
    second = adapter.send([ipv4()])
    model.advance(4.999)
    assert first.statuses == [None]
    model.advance(0.001)
    assert (first.statuses, second.statuses) == ([Ndis.SEND_ABORTED], [None])
    model.advance(15)
    assert second.done
    assert adapter.counters == {"out_discards": 2}


@pytest.mark.parametrize(
    ("stop", "status"), [("pause", Ndis.PAUSED), ("sleep", Ndis.LOW_POWER_STATE), ("close", Ndis.SEND_ABORTED)]
)
def test_what_waits_is_given_up_when_the_flow_stops(adapter: ModelAdapter, handle: Handle, stop: str, status: int) -> None:
    chain = adapter.send([Nbl([Nb(ipv4(50_000)), Nb(ipv4(50_000))]), ipv4()])
    handle.read(SMALLEST_READ)
    {"pause": adapter.pause, "sleep": lambda: adapter.set_power(3), "close": handle.close}[stop]()
    assert chain.statuses == [status] * 2


def test_a_read_too_small_or_too_large_is_refused(handle: Handle) -> None:
    for size in (SMALLEST_READ - 1, LARGEST_BUNDLE + 1):
        assert handle.read(size).status == Nt.INVALID_USER_BUFFER
    assert handle.read(0).status == Nt.INVALID_PARAMETER


def test_a_cancelled_read_takes_nothing(adapter: ModelAdapter, handle: Handle) -> None:
    first, second = handle.read(SMALLEST_READ), handle.read(SMALLEST_READ)
    assert first.cancel()
    adapter.send([ipv4(20)])
    assert (first.status, second.status) == (Nt.CANCELLED, Nt.SUCCESS)
    assert not second.cancel()


def test_cleanup_cancels_the_reads_of_its_file(adapter: ModelAdapter, handle: Handle) -> None:
    other = adapter.open()
    mine, theirs = handle.read(SMALLEST_READ), other.read(SMALLEST_READ)
    handle.close()
    assert mine.status == Nt.CANCELLED
    assert not theirs.done


@pytest.mark.parametrize(("what", "status"), [("cancel", Ndis.SEND_ABORTED), ("pause", Ndis.PAUSED)])
def test_what_happens_during_a_copy_reaches_the_rest_of_the_nbl(
    adapter: ModelAdapter, handle: Handle, monkeypatch: pytest.MonkeyPatch, what: str, status: int
) -> None:
    happens = {"cancel": lambda: adapter.cancel_send(9), "pause": adapter.pause}[what]
    chain = adapter.send([Nbl([Nb(ipv4(100)), Nb(ipv4(MTU))], cancel_id=9)])
    copy_to = NetBuffer.copy_to

    def interrupted(packet: NetBuffer, target: Sink) -> None:
        happens()
        assert chain.statuses == [None]
        copy_to(packet, target)

    monkeypatch.setattr(NetBuffer, "copy_to", interrupted)
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(100)]
    assert chain.statuses == [status]


# -- program to stack


def test_a_write_is_pending_until_its_last_packet_is_returned(adapter: ModelAdapter, handle: Handle) -> None:
    adapter.hold_returns()
    packets = [ipv6(60, n) if n % 2 else ipv4(60, n) for n in range(MAX_PACKETS)]
    write = handle.write(bundle(*packets))
    assert adapter.received == [Packet(each, IPV4) for each in packets[::2]] + [Packet(each, IPV6) for each in packets[1::2]]
    held = adapter.held
    adapter.return_held(held[1:200], chained=False)
    adapter.return_held(held[:0:-1][: MAX_PACKETS - 200])
    assert not write.done
    adapter.return_held(held[:1])
    assert (write.status, write.information) == (Nt.SUCCESS, MAX_PACKETS * space(60))
    assert adapter.counters == {"in_packets": MAX_PACKETS, "in_octets": MAX_PACKETS * 60}


@pytest.mark.parametrize("seed", range(5))
def test_writes_complete_in_whatever_order_packets_are_returned(adapter: ModelAdapter, handle: Handle, seed: int) -> None:
    adapter.hold_returns()
    writes = [handle.write(bundle(ipv4(60), ipv6(60), ipv4(40))) for _ in range(4)]
    assert not any(each.done for each in writes)
    adapter.return_held("shuffled", seed=seed)
    assert [each.status for each in writes] == [Nt.SUCCESS] * 4


BAD = {
    "bytes left over": bundle(ipv4(60)) + bytes(15),
    "257 packets": bundle(ipv4(60)) * 257,
    "shorter than its header": bundle(ipv4(20)[:19], ipv4(60)),
    "shorter than its IPv6 header": bundle(ipv6(40)[:39]),
    "neither 4 nor 6": bundle(b"\x50" + bytes(59)),
    "padding missing": bundle(ipv4(60))[:-1],
    "size wraps": b"\xff\xff\xff\xff" + bundle(ipv4(60))[4:],
    "one bad after good ones": bundle(ipv4(60), ipv6(60), b"\x50" + bytes(59)),
}


@pytest.mark.parametrize("receive", ["pend", "copy"])
@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_nothing_of_a_bad_bundle_is_indicated(bad: bytes, receive: str) -> None:
    from drivers.wintun.wintun import Tun

    with Model(receive=receive) as model:
        adapter = model.add_adapter(Tun)
        handle = adapter.open()
        assert handle.write(bad).status == Nt.INVALID_USER_BUFFER
        assert adapter.received == []
        handle.close()
        adapter.halt()


def test_a_write_while_paused_succeeds_and_is_counted(adapter: ModelAdapter, handle: Handle) -> None:
    adapter.pause()
    write = handle.write(bundle(ipv4(60), ipv4(60), ipv6(60)))
    assert (write.status, adapter.received) == (Nt.SUCCESS, [])
    assert adapter.counters == {"in_discards": 3}
    adapter.restart()
    handle.write(bundle(ipv4(60)))
    assert len(adapter.received) == 1


def test_pause_is_done_when_the_last_packet_is_back(adapter: ModelAdapter, handle: Handle) -> None:
    adapter.hold_returns()
    write = handle.write(bundle(ipv4(60), ipv4(60)))
    pause = adapter.pause()
    adapter.return_held(adapter.held[:1])
    assert not pause.done
    adapter.return_held()
    assert pause.done
    assert write.done


@pytest.mark.parametrize("options", [COPY])
def test_a_copied_write_completes_before_its_packets_are_returned(adapter: ModelAdapter, handle: Handle) -> None:
    adapter.hold_returns()
    write = handle.write(bundle(ipv4(60), ipv6(60)))
    assert write.status == Nt.SUCCESS
    assert len(adapter.held) == 2
    adapter.return_held("reverse")
    handle.close()
    adapter.halt()


@pytest.mark.parametrize("options", [COPY])
def test_past_the_budget_copies_are_dropped_and_counted(adapter: ModelAdapter, handle: Handle) -> None:
    adapter.hold_returns()
    largest = bundle(*[ipv4(MTU)] * MAX_PACKETS)
    assert [handle.write(largest).status for _ in range(5)] == [Nt.SUCCESS] * 5
    assert len(adapter.held) == 4 * MAX_PACKETS
    assert adapter.counters == {"in_discards": MAX_PACKETS}


# -- handles and life


def test_the_link_is_up_while_a_file_is_open(adapter: ModelAdapter) -> None:
    first, second = adapter.open(), adapter.open()
    first.close()
    assert adapter.indications == ["connected"]
    second.close()
    assert adapter.indications == ["connected", "disconnected"]


def test_a_halted_adapter_leaves_nothing_behind(adapter: ModelAdapter, handle: Handle) -> None:
    adapter.send([ipv4()])
    handle.read(SMALLEST_READ)
    handle.read(SMALLEST_READ)
    handle.write(bundle(ipv4(60)))
    handle.close()
    adapter.halt()
    with pytest.raises(PermissionError):
        adapter.open()
