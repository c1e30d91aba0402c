"""The things that happen: how each is made possible, and how it is started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyndis.contract import started
from pyndis.contract.oid_table import number_of
from pyndis.contract.scenarios.stage import CANCEL_ID, Stage

_LENT = 3  # NBLs that are out before the scenario begins
_DEEPEST = 3  # D3


@dataclass(frozen=True)
class Element:
    """`arrange` is called while all is at rest, `start` among the others: it only starts something. Elements are arranged in
    the order of `turn`."""

    name: str
    arrange: Callable[[Stage], None]
    start: Callable[[Stage], None]
    turn: int = 0


def _nothing(stage: Stage) -> None:
    """The running adapter is enough."""


def _connect(stage: Stage) -> None:
    stage.rig.traffic  # noqa: B018 (raises NotExercised)
    stage.open()


def _write(stage: Stage) -> None:
    stage.requests.append(stage.client.indicate(stage.rig.packets(2), wait=False))


def _lend(stage: Stage) -> None:
    stage.rig.adapter.hold_returns()
    stage.requests.append(stage.client.indicate(stage.rig.packets(_LENT)))
    stage.lent = stage.rig.adapter.held


def _return(stage: Stage) -> None:
    stage.begin(started.give_back(stage.host, stage.rig.adapter, stage.take_lent()))


def _read(stage: Stage) -> None:
    stage.requests.append(stage.client.take(wait=False))


def _wait_for_packets(stage: Stage) -> None:
    stage.waiting = stage.client.take()
    stage.requests.append(stage.waiting)


def _cancel(stage: Stage) -> None:
    assert stage.waiting is not None
    stage.begin(started.cancel(stage.host, stage.waiting))


def _send(stage: Stage) -> None:
    stage.send()


def _queue(stage: Stage) -> None:
    if stage.bench.subject.traffic is not None:
        stage.open()  # a driver may refuse what is sent while nobody listens
    stage.send()


def _cancel_send(stage: Stage) -> None:
    stage.begin(started.cancel_send(stage.host, stage.rig.adapter, CANCEL_ID))


def _open(stage: Stage) -> None:
    stage.open()


def _close(stage: Stage) -> None:
    stage.begin(started.close(stage.host, stage.open()))


def _kill(stage: Stage) -> None:
    stage.begin(started.kill(stage.host, stage.process))


def _oid(stage: Stage) -> None:
    stage.begin(stage.rig.adapter.oid(query=number_of("GEN_STATISTICS"), wait=False))


def _pause(stage: Stage) -> None:
    stage.pauses.append(stage.rig.adapter.pause(wait=False))
    stage.begin(stage.pauses[-1])


def _pausing(stage: Stage) -> None:
    _pause(stage)  # it pends where NBLs are out
    stage.host.settle()


def _restart(stage: Stage) -> None:
    stage.begin(stage.rig.adapter.restart(wait=False))


def _sleep(stage: Stage) -> None:
    stage.begin(stage.rig.adapter.set_power(_DEEPEST, wait=False))


def _remove(stage: Stage) -> None:
    stage.begin(stage.rig.adapter.surprise_remove(wait=False))


def _ask_for_removal(stage: Stage) -> None:
    stage.begin(started.pnp(stage.host, stage.rig.adapter, "query_remove"))


def _halt(stage: Stage) -> None:
    stage.begin(stage.rig.adapter.halt(wait=False))


ELEMENTS = {
    each.name: each
    for each in (
        Element("write", _connect, _write),
        Element("return", _lend, _return),
        Element("read", _connect, _read),
        Element("send", _nothing, _send),
        Element("cancel", _wait_for_packets, _cancel),
        Element("close", _open, _close),
        Element("oid", _nothing, _oid),
        Element("pause", _nothing, _pause),
        Element("restart", _pausing, _restart, turn=1),
        Element("power", _nothing, _sleep),
        Element("removal", _nothing, _remove),
        Element("halt", _nothing, _halt),
        Element("cancel-send", _queue, _cancel_send),
        Element("kill", _open, _kill),
        Element("query-removal", _nothing, _ask_for_removal),
    )
}
