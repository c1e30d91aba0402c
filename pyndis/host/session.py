"""What a Host and all that belongs to it share: the channel, the identifiers, the events, and the rule for waiting."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pyndis.diagnostics import Diagnostic, DriverFailure, UsageFailure
from pyndis.host.channel import Channel, Pending
from pyndis.host.errors import DriverFault, Stuck
from pyndis.host.reports import Violation, violation_of
from pyndis.host.schedule import Record, record_of
from pyndis.host.symbols import Symbols, symbols_of
from pyndis.host.wire import Frame, Keys, Value

# What toolchain/runtime and other compilers' runtimes call the functions that copy and compare memory.
COPIERS = ("memcpy", "memmove", "memcmp", "copy_upwards", "copy_downwards", "rep_copy")
_LOOK = 0.25  # seconds between two looks at a command that does not end
_TURNS_TIMEOUT = 120  # seconds of real time after which a deterministic host must have said something
SETTLE_TIMEOUT = 60  # seconds of real time in which a driver must come to rest, on a machine that may have much else to do


class Listener(Protocol):
    """Whatever events name: an adapter, a handle, a request, a command."""

    def on_event(self, event: Frame) -> None:
        """On the reader's thread: only take note of it."""


@dataclass(frozen=True)
class Rest:
    """After a `settle`: whether all came to rest, the virtual time (100 ns), and which threads still wait in the driver."""

    settled: bool
    now: int
    waiting: tuple[str, ...]


class Session:
    """One native process and what is known of it."""

    def __init__(self, command: Sequence[str], image: Path, seed: int | None, schedule: str | None, patience: float) -> None:
        self.image = image
        self.seed = seed
        self.schedule = schedule or ""
        self.violations: list[Violation] = []
        self.notes: list[Violation] = []
        self.debug: list[str] = []
        self._symbols: dict[str, Symbols] = {}
        self._listeners: dict[tuple[str, int], Listener] = {}
        self._ids = itertools.count(1)
        self._patience = patience
        self._sent = 0
        self._copiers_told = False
        self._sent_lock = threading.Lock()
        self.closed = False
        self.scheduled = False  # threads take turns: when the host says that it waits, it waits for us
        self._together: list[Pending] | None = None
        self.replay = ""  # how to make the host that does the same again
        self.channel = Channel(command, self._on_event)

    def new_id(self) -> int:
        """An identifier for something the client names."""
        return next(self._ids)

    def listen(self, kind: str, id: int, listener: Listener) -> None:
        """Events about this object go to the listener."""
        self._listeners[kind, id] = listener

    def start(
        self,
        word: str,
        keys: Keys,
        payload: bytes = b"",
        descriptors: Sequence[int] = (),
        announce: Callable[[int], None] | None = None,
    ) -> Pending:
        """Send a command and do not wait for it. `announce` gets its number before any event about it can come."""
        with self._sent_lock:
            self._sent += 1
        pending = self.channel.send(word, keys, payload, descriptors, announce)
        if self._together is not None:
            self._together.append(pending)
        return pending

    def call(self, word: str, payload: bytes = b"", /, **keys: Value) -> Frame:
        """Send a command and wait for its reply. Raises as pyndis.host.errors says, and Stuck if no reply can come.

        Keys that are Python words take a trailing underscore.
        """
        return self.finish(self.start(word, {key.rstrip("_"): value for key, value in keys.items()}, payload))

    def finish(self, pending: Pending) -> Frame:
        """The reply to a command. When all is at rest and nobody gives the host anything to do, it will not come: Stuck."""
        if self._together is not None:
            return Frame(pending.id, "ok")  # it is only started now
        if self.scheduled:
            return self._finish_in_turns(pending)
        quiet = 0.0
        sent = self._sent
        while not pending.wait(_LOOK):
            rest = self.rest()
            quiet = quiet + _LOOK if rest.settled and self._sent == sent else 0.0
            sent = self._sent
            if quiet >= self._patience and not pending.done:
                raise Stuck(pending.word, rest.waiting)
        try:
            return pending.result()
        except DriverFault as error:
            raise self._with_report(error) from None

    def _finish_in_turns(self, pending: Pending) -> Frame:
        if not pending.wait(_TURNS_TIMEOUT):
            rest = self.rest()
            if not pending.done:
                raise Stuck(pending.word, rest.waiting)
        try:
            return pending.result()
        except DriverFault as error:
            raise self._with_report(error) from None

    # -- Several commands at once -----------------------------------------------------------------------------------

    def together_begin(self) -> None:
        """From now on commands are only started, and nothing waits."""
        if self.scheduled:
            self.call("together")
        self._together = []

    def together_drop(self) -> None:
        """Something went wrong while they were started: they go on by themselves."""
        self._together = None

    def together_end(self, names: bool, keep: Callable[[Record], None]) -> None:
        """Let all go that was started, until all is at rest; `keep` gets what was chosen. Raises DriverFault if the driver
        crashes."""
        started, self._together = self._together or [], None
        if self.scheduled:
            keep(record_of(self.call("go", names=names)))
        else:
            self.settle()
        for pending in started:
            if pending.done:
                self._crashed(pending)

    def _crashed(self, pending: Pending) -> None:
        try:
            pending.result()
        except DriverFault as error:
            raise self._with_report(error) from None
        except (DriverFailure, UsageFailure):
            return  # refused, as things went: whoever asked for it sees that where it wants the result

    def _with_report(self, error: DriverFault) -> DriverFault:
        fault = next((each for each in reversed(self.violations) if each.kind), None)
        return DriverFault(error.diagnostics[0].message, fault) if fault else error

    def rest(self) -> Rest:
        """Let everything run that can, then say what waits."""
        if self._together is not None:
            return Rest(True, 0, ())
        pending = self.channel.send("settle", {"timeout": SETTLE_TIMEOUT})
        pending.wait(2 * SETTLE_TIMEOUT)
        if not pending.done:
            return Rest(False, 0, ())
        return rest_of(pending.result())

    def settle(self) -> None:
        """Wait until nothing can go on by itself. Raises DriverFailure (PYN-H09) if the driver does not come to rest."""
        if not self.closed:
            must_settle(self.rest())

    def symbols(self, image: str) -> Symbols:
        """Of the driver's image; other images (the host's own) have none."""
        if image not in self._symbols:
            ours = image.lower() == self.image.name.lower()
            self._symbols[image] = symbols_of(self.image) if ours else Symbols({})
        return self._symbols[image]

    def watch_fetches(self) -> None:
        """Before the first hostile memory: tell the host which functions of the image only copy or compare for others."""
        if not self._copiers_told:
            self._copiers_told = True
            ranges = self.symbols(self.image.name).ranges_of(COPIERS)
            self.call("copiers", "".join(f"{begin} {end}\n" for begin, end in ranges).encode())

    def _on_event(self, event: Frame) -> None:
        match event.word:
            case "violation" | "fault":
                self.violations.append(self._violation(event))
            case "note":
                self.notes.append(self._violation(event))
            case "debug":
                self.debug.append(event.payload.decode("utf-8", "replace"))
            case "request-done":
                self._pass_on("request", event)
            case "closed":
                self._pass_on("handle", event)
            case "sent" | "received" | "status" | "returned":
                self._pass_on("adapter", event)

    def _violation(self, event: Frame) -> Violation:
        return violation_of(event, self.symbols, self.seed, self.schedule, replay=self.replay)

    def _pass_on(self, kind: str, event: Frame) -> None:
        listener = self._listeners.get((kind, event.number(kind)))
        if listener is not None:
            listener.on_event(event)

    def close(self) -> None:
        """End the native process."""
        self.closed = True
        self.channel.close()


def rest_of(reply: Frame) -> Rest:
    """Of the reply to `settle` or `advance`."""
    return Rest(reply.number("settled") != 0, reply.number("now"), tuple(reply.lines()))


def must_settle(rest: Rest) -> None:
    """Raises DriverFailure (PYN-H09) if the driver did not come to rest."""
    if not rest.settled:
        raise DriverFailure(
            Diagnostic(
                "PYN-H09",
                f"the driver does not come to rest within {SETTLE_TIMEOUT} seconds",
                notes=rest.waiting,
                help="look for a work item that queues itself, or a loop that waits for another thread",
            )
        )
