"""Pause and restart: with nothing to do, under load, again and again."""

from __future__ import annotations

from pyndis.contract import started
from pyndis.contract.bench import Bench
from pyndis.contract.case import Area
from pyndis.contract.statuses import ndis

AREA = Area("pause", "pause and restart")

PAUSED = ndis("PAUSED")
_ROUNDS = 50


@AREA.case("idle", "pause with nothing in flight and restart succeed, again and again", "NM-24", "NM-26")
def idle(bench: Bench) -> None:
    with bench.start() as rig:
        for reason in range(8):
            bench.demand(
                rig.adapter.pause(reason=1 << reason).status == 0, "NM-26", f"Pause for reason {1 << reason:#x} did not succeed"
            )
            bench.demand(rig.adapter.restart().status == 0, "NM-24", "Restart failed")


@AREA.case("sends-queued", "a pause completes every send that the driver has", "NM-27", "NM-28")
def sends_queued(bench: Bench) -> None:
    with bench.start() as rig:
        chains = [rig.adapter.send(rig.packets(10)) for _ in range(5)]
        rig.adapter.pause()
        for chain in chains:
            bench.demand(chain.done, "NM-27", "a send was still with the driver when its pause was complete")
        rig.sends_end(chains)


@AREA.case("sends-refused", "a paused adapter gives sends back at once, as paused", "NM-27", "NM-29")
def sends_refused(bench: Bench) -> None:
    with bench.start() as rig:
        rig.adapter.pause()
        chain = rig.adapter.send(rig.packets(3))
        bench.demand(chain.done, "NM-29", "a send to a paused adapter was not completed at once")
        rig.sends_end([chain], PAUSED, paragraph="NM-29")
        rig.adapter.restart()
        rig.sends_end([rig.adapter.send(rig.packets(3))])


@AREA.case("under-load", "pause and restart go through while sends come in on other threads", "NM-14", "NM-27", concurrent=True)
def under_load(bench: Bench) -> None:
    with bench.start() as rig:
        chains = []
        for turn in range(_ROUNDS):
            with rig.host.together():
                under_way = [started.send(rig.host, rig.adapter, rig.packets(4), dispatch=turn % 2 == 1) for _ in range(3)]
                pause = rig.adapter.pause(wait=False)
            chains += [chain for chain, _ in under_way]
            bench.demand(pause.status == 0, "NM-26", "Pause did not succeed under load")
            bench.demand(rig.adapter.restart().status == 0, "NM-24", "Restart failed under load")
        bench.count("pauses", _ROUNDS)
        rig.host.settle()
        rig.sends_end(chains)


@AREA.case("receives-out", "a pause is complete when the last indicated NBL is back, and not before", "NM-27", "NM-28")
def receives_out(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        rig.adapter.hold_returns()
        client.indicate(rig.packets(5))
        lent = len(rig.adapter.held)
        pause = rig.adapter.pause(wait=False)
        while len(rig.adapter.held) > 1:
            bench.demand(not pause.done, "NM-28", f"Pause was complete with {len(rig.adapter.held)} of {lent} NBLs out")
            rig.adapter.return_held(rig.adapter.held[-1:])
        rig.adapter.return_held()
        bench.demand(pause.status == 0, "NM-26", "Pause did not succeed")


@AREA.case("indications-refused", "a client that writes while the adapter pauses makes it indicate nothing", "NM-27", "NM-29")
def indications_refused(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        rig.adapter.hold_returns()
        client.indicate(rig.packets(2))
        pause = rig.adapter.pause(wait=False)
        before = len(rig.adapter.received)
        client.indicate(rig.packets(2), wait=False)
        bench.demand(len(rig.adapter.received) == before, "NM-27", "a request that came after Pause was indicated")
        rig.adapter.return_held()
        pause.wait()
        client.indicate(rig.packets(2), wait=False)
        bench.demand(len(rig.adapter.received) == before, "NM-29", "a paused adapter indicated packets")


@AREA.case("traffic-under-load", "pause and restart go through while packets flow both ways", "NM-14", "NM-27", concurrent=True)
def traffic_under_load(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        rig.adapter.return_on_threads()
        chains = []
        for _ in range(_ROUNDS):
            with rig.host.together():
                requests = [client.indicate(rig.packets(3), wait=False) for _ in range(2)]
                chain, _ = started.send(rig.host, rig.adapter, rig.packets(3))
                requests.append(client.take(wait=False))
                pause = rig.adapter.pause(wait=False)
            chains.append(chain)
            bench.count("requests", len(requests))
            bench.demand(pause.status == 0, "NM-26", "Pause did not succeed under load")
            bench.demand(rig.adapter.restart().status == 0, "NM-24", "Restart failed under load")
        bench.count("pauses", _ROUNDS)
        rig.host.settle()
        rig.sends_end(chains)
