"""Which schedules are to be run: every one with few preemptions, without those that could show nothing new.

A schedule is the list of its choices that differ from the default (go on; when that is impossible, the oldest). Schedules with
fewer preemptions come first. From each run follow those that differ from it at one later point.

The reduction leaves out a branch when the happens-before relation up to its point, together with who runs there, was met
before: the same events in the same order of each thread and of each object lead to the same state, from where all was or will be
tried, with no fewer preemptions left since runs come in their order. That rests on one assumption: what threads share is reached
under locks, by atomic instructions or by calls of the kernel, all of which the host sees. Two ways do without: the exact mode
(`reduce=False`) runs every schedule whose switches lie at these points; `points="memory"` makes every access of the driver to
memory such a point (but for what one instruction does, and what the kernel's calls read and write for it).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from pyndis.host.schedule import Choice, Record

Prefix = tuple[tuple[int, int], ...]  # (point, choice), ascending by point


@dataclass
class Search:
    """The schedules still to run, by preemptions, and what was met so far."""

    preemptions: int
    reduce: bool = True
    schedules: int = 0
    choices: int = 0
    pruned: int = 0
    beyond: int = 0  # branches that the bound forbids
    orders: set[int] = field(default_factory=set)
    _seen: set[int] = field(default_factory=set)
    _queues: list[deque[Prefix]] = field(default_factory=list)
    _running: dict[Prefix, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._queues = [deque() for _ in range(self.preemptions + 1)]
        self._queues[0].append(())

    @property
    def bound(self) -> int:
        """The preemptions up to which all is done; -1 for none."""
        open_ = [cost for cost, queue in enumerate(self._queues) if queue]
        return min([*open_, *self._running.values(), self.preemptions + 1]) - 1

    @property
    def done(self) -> bool:
        return self.bound == self.preemptions

    def take(self) -> Prefix | None:
        """The next schedule to run. None: none can be run before one that is under way ends, or all is done."""
        for cost, queue in enumerate(self._queues):
            if queue:
                prefix = queue.popleft()
                self._running[prefix] = cost
                return prefix
            if cost in self._running.values():
                return None  # what follows from it may be cheaper than what is next
        return None

    def ran(self, prefix: Prefix, record: Record) -> None:
        """What follows from a run."""
        cost = self._running.pop(prefix)
        after = prefix[-1][0] if prefix else -1
        self.schedules += 1
        self.choices += len(record.choices)
        self.orders.add(record.order)
        self._branch(prefix, cost, [each for each in record.choices if each.number > after])

    def _branch(self, prefix: Prefix, cost: int, choices: Sequence[Choice]) -> None:
        for choice in choices:
            if self.reduce and choice.state in self._seen:
                self.pruned += 1
                return  # all that follows from here is, or will be, run from where it was met first
            self._seen.add(choice.state)
            next_cost = cost + choice.preempts
            if next_cost > self.preemptions:
                self.beyond += choice.count - 1
                continue
            self._queues[next_cost].extend((*prefix, (choice.number, other)) for other in range(1, choice.count))
