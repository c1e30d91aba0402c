"""What is explored, and what came of it, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyndis.host.host import Host
from pyndis.host.reports import Violation


@dataclass(frozen=True)
class Scenario:
    """A few things that happen to a driver at the same time.

    `prepare` brings host and driver to the state before, at rest, and returns what the other functions are given. Each of
    `actions` only starts something; all are issued in one `Host.together()`, in whose block nothing waits. `finish` gives back
    what is held, closes and halts: it must end in every interleaving. Each schedule has a host of its own, so all of them are
    functions of what they are given, and the same calls every time; a scenario that several processes share is made of
    functions of modules.
    """

    name: str
    prepare: Callable[[Host], Any]
    actions: tuple[Callable[[Any], None], ...]
    finish: Callable[[Any], None]


@dataclass(frozen=True)
class Failure:
    """One way to break a rule: `schedule` is the smallest text found that brings it about (`Host(schedule=…)`, `replay`);
    `preemptions` and `switches` are those of it; `found_after` counts the schedules run until it was first seen."""

    violations: tuple[Violation, ...]
    schedule: str
    preemptions: int
    switches: int
    found_after: int


@dataclass(frozen=True)
class Coverage:
    """What an exploration did.

    `bound` is the highest number of preemptions up to which every interleaving was run or shown to be like one that was (-1:
    not even 0); `complete` tells whether that is the bound asked for. `schedules` were run to the end; `choices` is how many
    choice points they met; `classes` counts the different happens-before relations seen, `pruned` the branches left out
    because they would have led to one of these again. `seconds` is real time.
    """

    scenario: str
    schedules: int
    choices: int
    classes: int
    pruned: int
    bound: int
    complete: bool
    seconds: float
    failures: tuple[Failure, ...] = field(default=())

    @property
    def rate(self) -> float:
        """Schedules per second, over all workers."""
        return self.schedules / self.seconds if self.seconds else 0.0
