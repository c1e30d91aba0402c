"""The scenarios: every pair of the twelve common elements, each with itself too, and the dangerous triples."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import combinations_with_replacement

from pyndis.contract.bench import Subject
from pyndis.contract.scenarios.elements import ELEMENTS
from pyndis.contract.scenarios.stage import Stage
from pyndis.explore import Scenario
from pyndis.host import Host

COMMON = ("write", "return", "read", "send", "cancel", "close", "oid", "pause", "restart", "power", "removal", "halt")

# Three that meet in what they share: the flow that a pause waits for, a request that several want to end, an adapter that goes
# while clients and stack hold parts of it.
TRIPLES = (
    ("write", "return", "pause"),
    ("write", "return", "halt"),
    ("write", "close", "halt"),
    ("write", "pause", "restart"),
    ("return", "close", "halt"),
    ("return", "pause", "power"),
    ("return", "kill", "halt"),
    ("read", "send", "pause"),
    ("read", "send", "cancel"),
    ("read", "send", "close"),
    ("read", "close", "halt"),
    ("read", "cancel", "close"),
    ("send", "cancel-send", "pause"),
    ("send", "cancel-send", "halt"),
    ("send", "power", "removal"),
    ("send", "pause", "restart"),
    ("cancel", "kill", "halt"),
    ("query-removal", "write", "return"),
)


def groups() -> Iterator[tuple[str, ...]]:
    """The names of the elements of each scenario."""
    yield from combinations_with_replacement(COMMON, 2)
    yield from TRIPLES


def scenario(subject: Subject, names: tuple[str, ...]) -> Scenario:
    """These elements at the same time, on one adapter."""
    return Scenario(
        name="+".join(names),
        prepare=partial(_prepare, subject, names),
        actions=tuple(partial(_start, name) for name in names),
        finish=_finish,
    )


def _prepare(subject: Subject, names: tuple[str, ...], host: Host) -> Stage:
    stage = Stage(subject, host, names.count("return"))
    for element in sorted((ELEMENTS[name] for name in set(names)), key=lambda each: (each.turn, each.name)):
        element.arrange(stage)
    return stage


def _start(name: str, stage: Stage) -> None:
    ELEMENTS[name].start(stage)


def _finish(stage: Stage) -> None:
    stage.finish()
