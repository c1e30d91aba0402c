"""What a deterministic run chose, and the texts that make a host choose the same again (PROTOCOL.md, section 12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from pyndis.host.wire import Frame


@dataclass(frozen=True)
class Choice:
    """One point at which more than one thread could go on.

    Of `count` threads number `chosen` went on; 0 is the default: the one that ran if `preempts` (it still can, so that any
    other choice is a preemption), else the oldest. `state` is a hash of the happens-before relation up to here. `what` is the
    call or instruction before which this is, `object` what that is about, `taken` and `given` who ran and who went on: known if
    asked for.
    """

    number: int
    count: int
    chosen: int
    preempts: bool
    state: int
    what: str = ""
    object: int = 0
    taken: str = ""
    given: str = ""

    def __str__(self) -> str:
        if self.preempts and not self.chosen:
            then = f"{self.given} goes on"
        else:
            then = f"{self.given} {'preempts' if self.preempts else 'follows'} {self.taken}"
        return f"point {self.number}, before {self.what} ({self.object:#x}): {then}"


@dataclass(frozen=True)
class Record:
    """What `Host.together` did: its choice points, the hash of the whole happens-before relation, whether the given schedule did
    not fit (`diverged`), and how many rules were broken by then."""

    choices: tuple[Choice, ...] = ()
    order: int = 0
    diverged: bool = False
    violations: int = 0

    @property
    def preemptions(self) -> int:
        return sum(each.preempts and each.chosen != 0 for each in self.choices)

    @property
    def switches(self) -> int:
        return sum(each.chosen != 0 for each in self.choices)


def record_of(reply: Frame) -> Record:
    """From the reply to `go`."""
    choices = tuple(_choice(line) for line in reply.lines())
    return Record(choices, reply.number("order"), reply.number("diverged") != 0, reply.number("violations"))


def _choice(line: str) -> Choice:
    number, count, chosen, preempts, state, *names = line.split(" ", 5)
    choice = Choice(int(number), int(count), int(chosen), preempts == "1", int(state, 16))
    if not names:
        return choice
    address, _, rest = names[0].partition(" ")
    what, taken, given = rest.split("|")
    return replace(choice, what=what, object=int(address, 0), taken=taken, given=given)


Points = Literal["sync", "all", "memory"]
"""Where switches can come: at what orders threads; at every call; at every access to memory as well."""


def schedule_text(choices: Iterable[tuple[int, int]], points: Points = "sync") -> str:
    """The text of the schedule that takes these (point, choice) and the default everywhere else."""
    return f"{points}@" + ",".join(f"{point}={choice}" for point, choice in sorted(choices) if choice)
