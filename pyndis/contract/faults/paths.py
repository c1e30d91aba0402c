"""The paths whose calls are made to fail, one after the other, as cases of an area."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyndis.contract.bench import Bench, Client, Rig
from pyndis.contract.case import Area
from pyndis.contract.faults.sweep import Path, sweep_entry, sweep_initialize, sweep_path
from pyndis.contract.oid_table import MANDATORY_QUERIES, MANDATORY_SETS
from pyndis.contract.statuses import NOT_ACCEPTED, PENDING, SUCCESS, name_of
from pyndis.host import Handle, Nb, Nbl, OpenRefused, Request

Walk = Callable[[Rig, Any], None]

AREA = Area("faults", "every call that can fail, fails")

_CLAIM = "each call that can fail on the path fails once; the driver says so, halts and unloads clean"
_PARAGRAPHS = ("NM-96", "NM-16", "NM-30", "NM-32")


@AREA.case("entry", f"DriverEntry: {_CLAIM}", "NM-01", *_PARAGRAPHS)
def entry(bench: Bench) -> None:
    sweep_entry(bench)


@AREA.case("initialize", f"Initialize: {_CLAIM}", *_PARAGRAPHS)
def initialize(bench: Bench) -> None:
    sweep_initialize(bench)


def _nothing(rig: Rig) -> None:
    """No preparation."""


def _client(rig: Rig) -> Client:
    return rig.client()


def _path(name: str, prepare: Callable[[Rig], Any] = _nothing) -> Callable[[Walk], Walk]:
    """Makes a walk a case."""

    def add(walk: Walk) -> Walk:
        path = Path(name, prepare, walk)
        AREA.case(name, f"{name}: {_CLAIM}", *_PARAGRAPHS)(lambda bench: sweep_path(bench, path))
        return walk

    return add


@_path("send")
def sends(rig: Rig, ready: None) -> None:
    split = Nb(rig.packet(200), [3, 60, 70], 0)
    chains = [rig.adapter.send(rig.packets(3)), rig.adapter.send([Nbl([split, Nb(rig.packet())])], dispatch=True)]
    rig.sends_end(chains)


@_path("pause")
def pause_restart(rig: Rig, ready: None) -> None:
    rig.adapter.send(rig.packets(3))
    rig.demand(rig.adapter.pause().status == SUCCESS, "NM-26", "Pause failed; it cannot")
    if rig.adapter.restart().status != SUCCESS:
        rig.demand(rig.adapter.link.life == "paused", "NM-10", "an adapter whose Restart failed is not paused")


@_path("oids")
def oids(rig: Rig, ready: None) -> None:
    for known in MANDATORY_QUERIES:
        status = rig.adapter.oid(query=known.number).status
        rig.demand(status != PENDING, "NM-58", f"{known.name} ended as pending")
    for known in MANDATORY_SETS:
        rig.adapter.oid(set=known.number, data=known.value or bytes(4))


@_path("power")
def power(rig: Rig, ready: None) -> None:
    for state in (3, 0):
        status = rig.adapter.set_power(state).status
        rig.demand(status in (SUCCESS, NOT_ACCEPTED), "NM-68", f"going to D{state} ended with {name_of(status)}")


@_path("open")
def opens(rig: Rig, ready: None) -> None:
    for path in rig.devices():
        try:
            rig.host.open(path).close()
        except OpenRefused as refused:
            rig.demand(refused.status not in (SUCCESS, PENDING), "NM-91", f"an open failed with {name_of(refused.status)}")


@_path("write", _client)
def indications(rig: Rig, client: Client) -> None:
    rig.adapter.hold_returns()
    requests = [client.indicate(rig.packets(count)) for count in (1, 5)]
    rig.adapter.return_held("reverse")
    for request in requests:
        _judge(rig, request)


@_path("read", _client)
def takes(rig: Rig, client: Client) -> None:
    waiting = client.take()
    chains = [rig.adapter.send(rig.packets(4))]
    later = client.take()
    for request in (waiting, later):
        if not request.done:
            request.cancel()
        _judge(rig, request)
    rig.sends_end(chains)


@_path("garbage", lambda rig: rig.handles())
def garbage(rig: Rig, handles: list[Handle]) -> None:
    for handle in handles:
        requests = [handle.write(b"\xff" * 100), handle.read(4096), handle.ioctl(0x220000, b"abcd", 16)]
        handle.cancel_io()
        handle.close()
        for request in requests:
            _judge(rig, request)


def _judge(rig: Rig, request: Request) -> None:
    if rig.demand(request.done, "CompleteRequest", f"{request} does not end after a call had failed"):
        rig.demand(request.status != PENDING, "CompleteRequestStatusCheck", f"{request} ended as pending")
