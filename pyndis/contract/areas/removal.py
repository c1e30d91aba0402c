"""Removal: asked for, cancelled, by surprise; shutdown; halt with everything in flight."""

from __future__ import annotations

from pyndis.contract import started
from pyndis.contract.bench import Bench, Rig
from pyndis.contract.case import Area
from pyndis.contract.started import close_all, end

AREA = Area("removal", "removal, shutdown and halt")

_ACTIONS = (0, 1, 2, 3, 6)  # NdisHaltDevice…: Disabled, InstanceDeInitialized, PoweredDown, SurpriseRemoved, Stopped


def _busy(rig: Rig) -> None:
    """Give the adapter everything to do that is known to be possible: sends, packets out, requests that wait, open handles."""
    rig.adapter.hold_returns()
    if rig.bench.subject.traffic is not None:
        client = rig.client()
        for _ in range(3):
            client.take()
        rig.adapter.send(rig.packets(5), cancel_id=1)
        for _ in range(3):
            client.indicate(rig.packets(4))
        client.take()
    elif rig.adapter.attributes.get("devices"):
        rig.handles()
    rig.adapter.send(rig.packets(10), cancel_id=2)


@AREA.case("halt-busy", "halt with everything in flight ends, whatever its reason", "NM-27", "NM-30")
def halt_busy(bench: Bench) -> None:
    for action in _ACTIONS:
        with bench.start() as rig:
            _busy(rig)
            halt = rig.adapter.halt(action, wait=False)
            rig.host.settle()
            rig.adapter.return_held("reverse")
            halt.wait()


@AREA.case("surprise", "an adapter that is gone by surprise is paused and halted", "NM-66", "NM-81", "NM-82")
def surprise(bench: Bench) -> None:
    for busy in (False, True):
        with bench.start() as rig:
            if busy:
                _busy(rig)
            removal = rig.adapter.surprise_remove(wait=False)
            rig.host.settle()
            rig.adapter.return_held("shuffled", chained=False)
            removal.wait()


@AREA.case("surprise-paused", "an adapter that is gone by surprise while paused is halted", "NM-82")
def surprise_paused(bench: Bench) -> None:
    with bench.start() as rig:
        rig.adapter.pause()
        rig.adapter.surprise_remove()


@AREA.case("after-surprise", "between the news and the halt, sends come back", "NM-66")
def after_surprise(bench: Bench) -> None:
    with bench.start() as rig:
        rig.adapter.pnp("surprise_removed")
        chain = rig.adapter.send(rig.packets(4))
        bench.demand(chain.done, "NM-66", "a send to an adapter that is gone was not completed at once")
        rig.sends_end([chain])


@AREA.case("next", "a new adapter lives while clients still hold the old one's device", "NM-82")
def next_adapter(bench: Bench) -> None:
    with bench.start() as rig:
        handles = rig.handles()
        rig.adapter.surprise_remove()
        again = bench.rig(rig.host)
        again.sends_end([again.adapter.send(again.packets(2))])
        close_all(rig.host, handles)


@AREA.case("query", "a removal that is asked for and cancelled leaves the adapter at work", "NM-81")
def query(bench: Bench) -> None:
    with bench.start() as rig:
        for _ in range(3):
            rig.adapter.pnp("query_remove")
            rig.adapter.pnp("remove_cancelled")
        rig.sends_end([rig.adapter.send(rig.packets(2))])


@AREA.case("query-open", "a removal that is asked for with clients at work, cancelled or not, ends well", "NM-81", "NM-82")
def query_open(bench: Bench) -> None:
    for event in ("remove_cancelled", "remove_complete"):
        with bench.start() as rig:
            _busy(rig)
            started.pnp(rig.host, rig.adapter, "query_remove")
            rig.host.settle()
            rig.adapter.return_held()
            rig.host.settle()
            started.pnp(rig.host, rig.adapter, event)
            rig.host.settle()


@AREA.case("power-profile", "a change of the power profile changes nothing else", "NM-81")
def power_profile(bench: Bench) -> None:
    with bench.start() as rig:
        rig.adapter.pnp("power_profile")
        rig.sends_end([rig.adapter.send(rig.packets(2))])


@AREA.case("shutdown", "shutdown and bug check do next to nothing, at rest and at work", "NM-31", "NM-13")
def shutdown(bench: Bench) -> None:
    for bugcheck in (False, True):
        for busy in (False, True):
            with bench.start() as rig:
                if busy:
                    _busy(rig)
                rig.adapter.shutdown(bugcheck)


@AREA.case("halt-race", "halt, close and the death of a client happen at once", "NM-14", "NM-15", "NM-30", concurrent=True)
def halt_race(bench: Bench) -> None:
    for _ in range(10):
        with bench.start() as rig:
            killed = rig.host.process()
            rig.handles(killed)
            closed = rig.handles()
            with rig.host.together():
                under_way = [started.send(rig.host, rig.adapter, rig.packets(4))[1], rig.adapter.halt(wait=False)]
                under_way += [started.kill(rig.host, killed), *(started.close(rig.host, each) for each in closed)]
            end(*under_way)
