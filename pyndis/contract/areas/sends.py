"""Who owns a send: every NBL comes back once, with a legal status, whatever happens to the adapter meanwhile."""

from __future__ import annotations

from pyndis.contract import started
from pyndis.contract.bench import Bench
from pyndis.contract.case import Area
from pyndis.contract.statuses import SEND_STATUSES, SUCCESS

AREA = Area("sends", "who owns a send")

_NOT_SENT = SEND_STATUSES - {SUCCESS}  # LOW_POWER_STATE, unless there is another reason as well


@AREA.case("one", "a send comes back once, with a legal status, in good time", "NM-40", "NM-42", "NM-43")
def one(bench: Bench) -> None:
    with bench.start() as rig:
        for dispatch in (False, True):
            rig.sends_end([rig.adapter.send([rig.packet()], dispatch=dispatch)])


@AREA.case("open", "with a client that never reads, sends still come back in good time", "NM-40", "NM-47")
def open_device(bench: Bench) -> None:
    with bench.start() as rig:
        rig.handles()
        rig.sends_end([rig.adapter.send(rig.packets(20)) for _ in range(20)])


@AREA.case("flood", "ten thousand packets that nobody reads all come back", "NM-40", "NM-47")
def flood(bench: Bench) -> None:
    with bench.start() as rig:
        if bench.subject.traffic is not None:
            rig.client()
        chains = [rig.adapter.send(rig.packets(100), dispatch=turn % 2 == 1) for turn in range(100)]
        bench.count("sends", 10_000)
        rig.sends_end(chains)


@AREA.case("threads", "sends from several threads at once all come back", "NM-14", "NM-40", concurrent=True)
def threads(bench: Bench) -> None:
    with bench.start() as rig:
        if bench.subject.traffic is not None:
            rig.client()
        with rig.host.together():
            under_way = [started.send(rig.host, rig.adapter, rig.packets(10), dispatch=turn % 3 == 0) for turn in range(64)]
        for _, operation in under_way:
            operation.wait()
        rig.sends_end([chain for chain, _ in under_way])


@AREA.case("halt", "a halt gives back every send that the driver has", "NM-27", "NM-30")
def halt(bench: Bench) -> None:
    with bench.start() as rig:
        if bench.subject.traffic is not None:
            rig.client()
        chains = [rig.adapter.send(rig.packets(10)) for _ in range(5)]
        rig.adapter.halt()
        rig.sends_end(chains)


@AREA.case("low-power", "going to sleep gives sends back, and a sleeping adapter takes none", "NM-78")
def low_power(bench: Bench) -> None:
    with bench.start() as rig:
        for state in (1, 2, 3):
            before = rig.adapter.send(rig.packets(5))
            rig.adapter.set_power(state, order="nopause")
            bench.demand(before.done, "NM-78", f"a send was still with the driver when its adapter was in D{state}")
            asleep = rig.adapter.send(rig.packets(5))
            bench.demand(asleep.done, "NM-78", f"a send to an adapter in D{state} was not completed at once")
            rig.sends_end([before])
            rig.sends_end([asleep], *_NOT_SENT, paragraph="NM-78")
            rig.adapter.set_power(0, order="nopause")
        rig.sends_end([rig.adapter.send(rig.packets(5))])


@AREA.case("taken", "a client gets what was sent, in order and byte for byte", "NM-44", "NM-45")
def taken(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        sent = rig.packets(32)
        chain = rig.adapter.send(sent)
        got: list[bytes] = []
        while len(got) < len(sent):
            request = client.take()
            if not request.done:
                request.cancel()
            if not (more := client.taken(request)):
                break
            got += more
        bench.demand(got == sent, "NM-44", f"{len(sent)} packets were sent and {len(got)} taken, not the same in the same order")
        rig.sends_end([chain])


@AREA.case("waiting-client", "a client that waits gets a packet as soon as it is sent", "NM-40")
def waiting_client(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        request = client.take()
        if request.done:
            return
        packet = rig.packet(mark=1)
        rig.sends_end([rig.adapter.send([packet])])
        bench.demand(client.taken(request) == [packet], "NM-44", "a client that waited did not get the packet that was sent")
