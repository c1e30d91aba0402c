"""Power: every state and back, in both orders of pause and power, at rest and at work."""

from __future__ import annotations

from typing import Literal

from pyndis.contract import started
from pyndis.contract.bench import Bench
from pyndis.contract.case import Area
from pyndis.contract.oid_table import number_of
from pyndis.contract.statuses import NOT_ACCEPTED, SUCCESS, name_of

AREA = Area("power", "power")

_ORDERS: tuple[Literal["pause", "nopause"], ...] = ("pause", "nopause")
_ROUNDS = 20


@AREA.case("states", "every power state is reached and left, in both orders of pause and power", "NM-78", "NM-79")
def states(bench: Bench) -> None:
    with bench.start() as rig:
        for order in _ORDERS:
            for state in (1, 2, 3):
                for to in (state, 0):
                    status = rig.adapter.set_power(to, order=order).status
                    legal = status in (SUCCESS, NOT_ACCEPTED) if to else status == SUCCESS
                    bench.demand(legal, "NM-68", f"going to D{to} ended with {name_of(status)}")
            rig.sends_end([rig.adapter.send(rig.packets(3))])


@AREA.case("query", "a query whether it may sleep succeeds and changes nothing", "NM-77")
def query(bench: Bench) -> None:
    with bench.start() as rig:
        for state in (2, 3, 4):
            answer = rig.adapter.oid(query=number_of("PNP_QUERY_POWER"), data=state.to_bytes(4, "little"), length=4)
            bench.demand(answer.status == SUCCESS, "NM-77", f"OID_PNP_QUERY_POWER ended with {name_of(answer.status)}")
        bench.demand(rig.adapter.link.power == 0, "NM-77", "a query changed the power state")
        rig.sends_end([rig.adapter.send(rig.packets(3))])


@AREA.case("halted", "a sleep that halts the adapter, and a wake that initializes it, leave nothing", "NM-80")
def halted(bench: Bench) -> None:
    powered_down = 2  # NdisHaltDevicePoweredDown
    with bench.host() as host:
        for _ in range(5):
            rig = bench.rig(host)
            rig.sends_end([rig.adapter.send(rig.packets(2))])
            rig.adapter.halt(powered_down)


@AREA.case("asleep", "an adapter that sleeps pauses, is removed and halts like any other", "NM-78", "NM-82")
def asleep(bench: Bench) -> None:
    with bench.start() as rig:
        rig.adapter.set_power(3)
        rig.adapter.halt()
    with bench.start() as rig:
        rig.adapter.set_power(3)
        rig.adapter.surprise_remove()


@AREA.case("under-load", "power goes down and up while sends come in on other threads", "NM-14", "NM-78", concurrent=True)
def under_load(bench: Bench) -> None:
    with bench.start() as rig:
        chains = []
        for turn in range(_ROUNDS):
            with rig.host.together():
                under_way = [started.send(rig.host, rig.adapter, rig.packets(3)) for _ in range(3)]
                down = rig.adapter.set_power(1 + turn % 3, order=_ORDERS[turn % 2], wait=False)
            chains += [chain for chain, _ in under_way]
            bench.demand(down.status in (SUCCESS, NOT_ACCEPTED), "NM-68", f"going to sleep under load: {name_of(down.status)}")
            bench.demand(rig.adapter.set_power(0, order=_ORDERS[turn % 2]).status == SUCCESS, "NM-68", "waking up failed")
        rig.host.settle()
        rig.sends_end(chains)


@AREA.case("clients", "clients' requests live through sleep", "NM-78", "NM-15")
def clients(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        for order in _ORDERS:
            waiting = client.take()
            rig.adapter.set_power(3, order=order)
            client.indicate(rig.packets(2), wait=False)
            rig.adapter.set_power(0, order=order)
            chain = rig.adapter.send([rig.packet(mark=3)])
            rig.sends_end([chain])
            if not waiting.done:
                waiting.cancel()
