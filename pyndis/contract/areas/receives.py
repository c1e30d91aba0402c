"""Who owns what the driver indicated: returns in any order, grouping and time."""

from __future__ import annotations

from typing import Literal, cast

from pyndis.contract import started
from pyndis.contract.bench import Bench, Rig
from pyndis.contract.case import Area, NotExercised
from pyndis.contract.changing import ChangingWrites
from pyndis.host import Handle

AREA = Area("receives", "who owns a receive")

_ORDERS: tuple[Literal["forward", "reverse", "shuffled"], ...] = ("forward", "reverse", "shuffled")


def _came(rig: Rig, packets: list[bytes], since: int) -> None:
    """Demand that exactly these were indicated, each kind of packet in its order."""
    got = [each.data for each in rig.adapter.received[since:]]
    rig.demand(
        sorted(got) == sorted(packets), "NM-50", f"{len(packets)} packets were given to the driver and {len(got)} indicated"
    )


@AREA.case("inline", "what a client gives is indicated once, byte for byte", "NM-50", "NM-55")
def inline(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        for count in (1, 2, 3, 17, 100):
            since = len(rig.adapter.received)
            packets = rig.packets(count)
            client.indicate(packets)
            _came(rig, packets, since)


@AREA.case("sizes", "packets of every size up to the MTU are indicated whole", "NM-50")
def sizes(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        limit = rig.declared.largest_frame
        for size in {rig.declared.largest_frame, 60, 61, 63, 64, 65, 576, min(1500, limit), limit - 1}:
            since = len(rig.adapter.received)
            client.indicate([rig.packet(size, 2)])
            _came(rig, [rig.packet(size, 2)], since)


@AREA.case("changing", "no byte of a packet that a client can change is fetched twice", "NM-50")
def changing(bench: Bench) -> None:
    if bench.subject.arch == "arm64":
        raise NotExercised("hostile memory needs single steps, which ARM64 has for debuggers only")
    with bench.start() as rig:
        client = rig.client()
        handle = ChangingWrites(client.handle)
        for count in (1, 3):
            client.traffic.indicate(cast(Handle, handle), rig.packets(count), True)
            handle.write(b"\xff" * 100)
        if not handle.writes:
            raise NotExercised("a client of this driver gives it packets by other requests than writes")
        bench.count("writes of changing memory", handle.writes)


@AREA.case("orders", "held NBLs go back in any order and grouping", "NM-52", "NM-54")
def orders(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        rig.adapter.hold_returns()
        for order in _ORDERS:
            for chained in (True, False):
                for dispatch in (True, False):
                    requests = [client.indicate(rig.packets(6)) for _ in range(3)]
                    bench.count("returned", rig.adapter.return_held(order, chained=chained, dispatch=dispatch))
                    bench.demand(all(each.done for each in requests), "NM-57", "a client's request is open with no NBL of it out")


@AREA.case("threads", "held NBLs go back on several threads at once", "NM-14", "NM-52", concurrent=True)
def threads(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        rig.adapter.hold_returns()
        for _ in range(10):
            client.indicate(rig.packets(12))
            held = rig.adapter.held
            with rig.host.together():
                bench.count("returned", rig.adapter.return_held(held[::-1], threads=4, chained=False))


@AREA.case("early", "NBLs come back on another thread, also before the indicate call returns", "NM-52", concurrent=True)
def early(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        rig.adapter.return_on_threads()
        requests = [client.indicate(rig.packets(8)) for _ in range(40)]
        rig.host.settle()
        bench.demand(all(each.done for each in requests), "NM-57", "a client's request is open with no NBL of it out")


@AREA.case("statuses", "NBLs come back with any status", "NM-52")
def statuses(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        rig.adapter.hold_returns()
        for status in (0, 0xC0000001, 0xC001000C, 0x103):
            client.indicate(rig.packets(3))
            rig.adapter.return_held(status=status)


@AREA.case("low-power", "NBLs that are out stay out and come back while the adapter sleeps", "NM-79")
def low_power(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        rig.adapter.hold_returns()
        for state in (1, 2, 3):
            client.indicate(rig.packets(4))
            rig.adapter.set_power(state, order="nopause")
            rig.adapter.return_held("reverse")
            rig.adapter.set_power(0, order="nopause")


@AREA.case("client-gone", "a client that dies while its packets are out leaves them whole", "NM-39", "NM-57")
def client_gone(bench: Bench) -> None:
    with bench.start() as rig:
        process = rig.host.process()
        client = rig.client(process)
        rig.adapter.hold_returns()
        client.indicate(rig.packets(5))
        kill = started.kill(rig.host, process)
        rig.host.settle()
        rig.adapter.return_held("shuffled")
        kill.wait()


@AREA.case("halt", "a halt waits for what is out", "NM-27", "NM-30")
def halt(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        rig.adapter.hold_returns()
        client.indicate(rig.packets(5))
        halt = rig.adapter.halt(wait=False)
        bench.demand(not halt.done, "NM-30", "Halt returned with NBLs out")
        rig.adapter.return_held("reverse", chained=False)
        halt.wait()
