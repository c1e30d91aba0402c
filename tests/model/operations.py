"""Random work for a driver, and what came of it: the same on the model and on the .sys, as both have the same words."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.host.packets import LARGEST_BUNDLE, MTU, SMALLEST_READ, bundle, ipv4, ipv6

MOST_HANDLES = 3
STEP = 7.0  # seconds; no multiple of it comes near the 20 after which a send is given up


@dataclass
class Side:
    """An adapter of one kind, how its programs open it, how it begins to pause, how time passes, its classes of packets."""

    adapter: Any
    open: Callable[[], Any]
    begin_pause: Callable[[], Any]
    advance: Callable[[float], None]
    nb: Callable[..., Any]
    nbl: Callable[..., Any]
    handles: list[Any] = field(default_factory=list)
    chains: list[Any] = field(default_factory=list)
    reads: list[Any] = field(default_factory=list)
    writes: list[Any] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    pause: Any = None
    _results: dict[int, object] = field(default_factory=dict)

    def apply(self, seed: int, steps: int) -> None:
        """So many operations; what was to be seen after each goes into `seen`."""
        choice = random.Random(seed)
        self.adapter.hold_returns()
        self.handles.append(self.open())
        for _ in range(steps):
            kind = choice.choices(list(_KINDS), list(_KINDS.values()))[0]
            kind(self, choice)
            self.seen.append(f"{kind.__name__}: {self.outcome()}")

    def outcome(self) -> str:
        """Of all that was asked for so far."""
        reads = self._finished(self.reads, lambda each: (each.status, each.information, hash(each.data)))
        writes = self._finished(self.writes, lambda each: (each.status, each.information))
        sends = self._finished(self.chains, lambda each: each.statuses)
        received = [(each.protocol, hash(each.data)) for each in self.adapter.received]
        pause = self.pause.done if self.pause is not None else None
        return f"{reads} {writes} {sends} {received} {len(self.adapter.held)} {self.adapter.indications} {pause}"

    def _finished(self, asked: list[Any], result: Callable[[Any], object]) -> list[object]:
        """The result of each, None while it is under way. What is finished is not asked again."""
        for each in asked:
            if id(each) not in self._results and each.done:
                self._results[id(each)] = result(each)
        return [self._results.get(id(each)) for each in asked]

    @property
    def running(self) -> bool:
        return self.pause is None


def packet(choice: random.Random) -> bytes:
    """Of a size that matters."""
    size = choice.choice([40, 60, 61, 1400, 9000, 30_000, MTU])
    return choice.choice([ipv4, ipv6])(size, choice.randrange(256))


def send(side: Side, choice: random.Random) -> None:
    """A chain: several packets in an NBL, in several MDLs, too large, lost."""
    nbls = []
    for _ in range(choice.randrange(1, 6)):
        nbs = []
        for _ in range(choice.choice([1, 1, 1, 2, 5, 300])):
            data = packet(choice) if choice.random() < 0.95 else bytes(MTU + 1)
            split = [20, len(data) - 20] if choice.random() < 0.2 else []
            nbs.append(side.nb(data, mdl_split=split, unmappable=bool(split) and choice.random() < 0.2))
        nbls.append(side.nbl(nbs, cancel_id=choice.randrange(1, 4)))
    dispatch = choice.random() < 0.5
    if side.running:
        side.chains.append(side.adapter.send(nbls, dispatch=dispatch))


def flood(side: Side, choice: random.Random) -> None:
    """Many small sends: some have to give way."""
    data = ipv4(20, choice.randrange(256))
    if side.running:
        side.chains.append(side.adapter.send([data] * choice.randrange(300, 700)))


def read(side: Side, choice: random.Random) -> None:
    sizes = [SMALLEST_READ, SMALLEST_READ + 17, 200_000, LARGEST_BUNDLE, SMALLEST_READ - 1]
    side.reads.append(choice.choice(side.handles).read(choice.choice(sizes)))


def write(side: Side, choice: random.Random) -> None:
    """A bundle, now and then with a byte of it spoiled or some missing."""
    data = bytearray(bundle(*(packet(choice) for _ in range(choice.choice([1, 2, 10, 256, 257])))))
    if choice.random() < 0.2:
        data[choice.randrange(min(len(data), 4096))] ^= 1 << choice.randrange(8)
    if choice.random() < 0.1:
        del data[-choice.randrange(1, 40) :]
    side.writes.append(choice.choice(side.handles).write(bytes(data)))


def return_some(side: Side, choice: random.Random) -> None:
    held = side.adapter.held
    chosen = choice.sample(held, choice.randrange(len(held) + 1))
    chained = choice.random() < 0.5
    side.adapter.return_held(chosen, chained=chained)
    if side.pause is not None and side.pause.done:
        side.adapter.restart()
        side.pause = None


def pause(side: Side, choice: random.Random) -> None:
    if side.running:
        side.pause = side.begin_pause()


def cancel_send(side: Side, choice: random.Random) -> None:
    side.adapter.cancel_send(choice.randrange(1, 4))


def cancel_request(side: Side, choice: random.Random) -> None:
    pending = [each for each in side.reads + side.writes if not each.done]
    if pending:
        choice.choice(pending).cancel()


def wait(side: Side, choice: random.Random) -> None:
    side.advance(STEP * choice.randrange(1, 4))


def open_or_close(side: Side, choice: random.Random) -> None:
    if len(side.handles) < MOST_HANDLES and choice.random() < 0.5:
        side.handles.append(side.open())
    elif len(side.handles) > 1:
        side.handles.pop(choice.randrange(len(side.handles))).close()


_KINDS: dict[Callable[[Side, random.Random], None], int] = {
    send: 8, flood: 1, read: 7, write: 6, return_some: 6, pause: 1, cancel_send: 2, cancel_request: 2, wait: 3, open_or_close: 4,
}  # fmt: skip
