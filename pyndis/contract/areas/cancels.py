"""Cancelling sends by their id, and clients' requests."""

from __future__ import annotations

from pyndis.contract import started
from pyndis.contract.bench import Bench
from pyndis.contract.case import Area
from pyndis.contract.statuses import CANCELLED, name_of
from pyndis.host import Nb, Nbl

AREA = Area("cancels", "cancelling")

_ID, _OTHER = 0x1234, 0x4321


@AREA.case("hit", "cancelled sends come back by the end of the call, others are left alone", "NM-49")
def hit(bench: Bench) -> None:
    for dispatch in (False, True):
        with bench.start() as rig:
            if bench.subject.traffic is not None:
                rig.client()
            others = [rig.adapter.send(rig.packets(3), cancel_id=_OTHER)]
            wanted = [rig.adapter.send(rig.packets(5), cancel_id=_ID) for _ in range(3)]
            queued = not any(chain.done for chain in others)
            rig.adapter.cancel_send(_ID, dispatch)
            bench.demand(
                all(chain.done for chain in wanted), "NM-49", "a cancelled send was still with the driver after CancelSend"
            )
            if queued:
                left = not any(chain.done for chain in others)
                bench.demand(left, "NM-49", "cancelling one id completed sends of another")
            rig.sends_end([*wanted, *others])


@AREA.case("mixed", "one chain with several ids loses only those that are cancelled", "NM-49")
def mixed(bench: Bench) -> None:
    with bench.start() as rig:
        if bench.subject.traffic is not None:
            rig.client()
        chain = rig.adapter.send([Nbl([Nb(rig.packet())], cancel_id=_ID if index % 2 else _OTHER) for index in range(10)])
        if chain.done:
            return
        rig.adapter.cancel_send(_ID)
        for index, status in enumerate(chain.statuses):
            bench.demand(
                (status is not None) == bool(index % 2), "NM-49", f"NBL {index} of a chain with two ids: {name_of(status)}"
            )
        rig.sends_end([chain])


@AREA.case("miss", "an id that nothing has cancels nothing", "NM-49")
def miss(bench: Bench) -> None:
    with bench.start() as rig:
        for id in (0, 1, _OTHER, 2**32 - 1):
            rig.adapter.cancel_send(id)
        chain = rig.adapter.send(rig.packets(2), cancel_id=_ID)
        before = chain.done
        rig.adapter.cancel_send(_OTHER)
        bench.demand(chain.done == before, "NM-49", "cancelling an id that nothing has completed a send")
        rig.sends_end([chain])


@AREA.case("race", "cancelling races with sending, pausing and closing", "NM-14", "NM-49", concurrent=True)
def race(bench: Bench) -> None:
    with bench.start() as rig:
        if bench.subject.traffic is not None:
            rig.client()
        chains = []
        for turn in range(40):
            with rig.host.together():
                chain, sent = started.send(rig.host, rig.adapter, rig.packets(4), cancel_id=_ID)
                under_way = [sent, started.cancel_send(rig.host, rig.adapter, _ID)]
                if turn % 4 == 3:
                    under_way.append(rig.adapter.pause(wait=False))
            chains.append(chain)
            for operation in under_way:
                operation.wait()
            if turn % 4 == 3:
                rig.adapter.restart()
        rig.sends_end(chains)


@AREA.case("oid", "cancelling an OID request that is not there does nothing", "NM-65")
def oid(bench: Bench) -> None:
    with bench.start() as rig:
        for id in (0, 1, 7, 2**31):
            rig.adapter.cancel_oid(id)


@AREA.case("take", "a client's waiting request is cancelled at once", "NM-15")
def take(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        requests = [client.take() for _ in range(5)]
        for request in [requests[2], requests[0], requests[4], requests[1], requests[3]]:
            if request.done:
                continue
            request.cancel()
            if bench.demand(request.done, "IrpCancel", "a waiting request did not end when it was cancelled"):
                bench.demand(
                    request.status == CANCELLED, "IrpCancel", f"a cancelled request ended with {name_of(request.status)}"
                )


@AREA.case("take-race", "cancelling a client's requests races with the packets that they wait for", "NM-14", concurrent=True)
def take_race(bench: Bench) -> None:
    with bench.start() as rig:
        client = rig.client()
        chains = []
        for _ in range(40):
            with rig.host.together():
                requests = [client.take(wait=False) for _ in range(3)]
                chain, _ = started.send(rig.host, rig.adapter, rig.packets(2))
                started.cancel_io(rig.host, client.handle)
            chains.append(chain)
            for request in requests:
                if not request.done:
                    request.cancel()
                bench.demand(request.done, "IrpCancel", "a request did not end when it was cancelled")
        rig.sends_end(chains)
