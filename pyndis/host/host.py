"""The Windows kernel for one driver image, on Linux."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

from pyndis.diagnostics import Diagnostic, DriverFailure, UsageFailure
from pyndis.host import runner
from pyndis.host.adapter import Adapter
from pyndis.host.atomics import breakpoints
from pyndis.host.counted import Counted
from pyndis.host.errors import CommandRefused, DriverFault, InitializeFailed
from pyndis.host.handle import Handle
from pyndis.host.hold import Hold
from pyndis.host.process import Process
from pyndis.host.reports import RuleBroken, Violation
from pyndis.host.schedule import Record
from pyndis.host.session import SETTLE_TIMEOUT, Session, must_settle, rest_of
from pyndis.host.wire import Frame, Value

TICKS_PER_SECOND = 10_000_000
_PATIENCE = {"virtual": 1.0, "real": 30.0}  # seconds of silence after which a command is called stuck

_USUAL = {"os": "win10", "cpus": 2, "guard": True, "clock": "virtual", "verifier": True}

Windows = Literal["win7", "win8", "win81", "win10"]


@dataclass(frozen=True)
class Calls:
    """How often the driver called an export, and how often that failed."""

    calls: int
    failed: int


@dataclass(frozen=True)
class Export:
    """A function that the host's kernel has: its IRQL limits, whether fail_call can make it fail, and which rule is broken by a
    call at another IRQL."""

    name: str
    lowest_irql: int
    highest_irql: int
    can_fail: bool
    irql_rule: str


class Host:
    """Loads an image and plays the kernel to it.

    A context manager: leaving the block ends clients, adapters and driver in good order, and raises RuleBroken for every
    broken rule that was not expected.

    Raises DriverFailure: PYN-H01 the file is no image for this kernel, PYN-H02 an import that this kernel does not have.
    """

    def __init__(
        self,
        image: Path | str,
        *,
        cpus: int = 2,
        seed: int | None = None,
        schedule: str | None = None,
        verifier: bool = True,
        os: Windows = "win10",
        ndis: tuple[int, int] | None = None,
        guard: bool = True,
        special_pool: Literal["overrun", "underrun"] = "overrun",
        clock: Literal["virtual", "real"] = "virtual",
        auto_advance: bool = True,
        faults: Mapping[str, int] | None = None,
        stack_limit: int | None = None,
        measure_stack: bool = False,
        allow: Iterable[str] = (),
    ) -> None:
        """`os` and `ndis` are the versions to play (ndis: the system's own if not given).

        `seed` and `schedule` make threads take turns, the same in every run with the same calls: by chance, or as the text of a
        schedule says (from `pyndis.explore`; `sync@` without choices switches only where a thread waits or ends).
        `special_pool` is the side on which a block of less than a page lies against its guard page; `verifier=False`,
        `guard=False` (no guard pages around pool blocks) and `clock="real"` are
        for speed; `auto_advance=False`: a driver that sleeps does so until `advance`; `faults`: which call of
        an export fails from DriverEntry on (the export `""`: any that allocates); `stack_limit` in bytes; `allow` names rules
        whose breaches are not reported.
        """
        self.image = Path(image)
        self.seed = seed
        self.schedule = f"seed:{seed}" if seed is not None else schedule
        self.record = Record()
        self.driver_status: int | None = None
        self.counted: Counted | None = None
        """Set it to a Counted before the block: what the driver did until its end is added to it."""
        self.adapters: list[Adapter] = []
        self._faults = dict(faults or {})
        self._expected: list[str] = []
        self._processes: list[Process] = []
        self._clock = clock
        self._session: Session | None = None
        self._final: tuple[list[Violation], list[Violation]] = ([], [])
        self._options: dict[str, Value] = {"os": os, "cpus": cpus, "guard": guard, "clock": clock, "verifier": verifier}
        if ndis is not None:
            self._options["ndis"] = f"{ndis[0]}.{ndis[1]:02}"
        if not auto_advance:
            self._options["auto_advance"] = False
        if measure_stack:
            self._options["measure_stack"] = True
        if special_pool != "overrun":
            self._options["special_pool"] = special_pool
        if stack_limit is not None:
            self._options["stack_limit"] = stack_limit
        if self.schedule is not None:
            self._options["schedule"] = self.schedule
        if allowed := ",".join(allow):
            self._options["allow"] = allowed

    # -- Start and end ----------------------------------------------------------------------------------------------

    def __enter__(self) -> Host:
        if not self.image.is_file():
            raise UsageFailure(Diagnostic("PYN-H00", f"there is no image {self.image}", help="build the driver first"))
        self._session = Session(
            runner.command(self.image), self.image.resolve(), self.seed, self.schedule, _PATIENCE[self._clock]
        )
        self._session.replay = self._replay()
        try:
            self._configure(self._session)
            self._session.call("load", path=str(self.image.resolve()), name=self.image.name)
            if self._session.scheduled:
                self._set_breakpoints(self._session)
            for name, n in self._faults.items():
                self.fail_call(name, n) if name else self.fail_allocation(n)
            self.driver_status = self._session.call("entry").number("status")
        except BaseException:
            self._close()
            raise
        return self

    def _replay(self) -> str:
        """What makes this host again, if its schedule is deterministic."""
        if self.schedule is None:
            return ""
        turns = {"seed": self.seed} if self.seed is not None else {"schedule": self.schedule}
        options = {name: value for name, value in self._options.items() if name != "schedule" and value != _USUAL.get(name)}
        given = [f"{name}={value!r}" for name, value in (turns | options).items()]
        return f"Host({', '.join([repr(self.image.name), *given])})"

    def _configure(self, session: Session) -> None:
        try:
            session.call("configure", **self._options)
        except CommandRefused as error:
            if self.schedule is None:
                raise
            raise UsageFailure(
                Diagnostic(
                    "PYN-H13",
                    f"{self.schedule!r} is no schedule: {error.diagnostics[0].message}",
                    help="give a text that an exploration printed, or seed:N, and leave the clock virtual",
                )
            ) from None
        session.scheduled = self.schedule is not None

    @property
    def _every_access(self) -> bool:
        return (self.schedule or "").startswith("memory@")

    def _set_breakpoints(self, session: Session) -> None:
        points = breakpoints(self.image.resolve(), self.image.stat().st_mtime_ns, self._every_access)
        lines = "\n".join(str(each) for each in points)
        if lines:
            session.call("breakpoints", lines.encode())

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if error is None:
                self._wind_up()
        except DriverFault as fault:
            if fault.fault is None:
                raise  # else it is among the violations, which are judged below
        finally:
            self._close()
        unexpected = tuple(each for each in self.violations if each.rule not in self._expected)
        if error is not None:
            for each in unexpected:
                error.add_note(each.report())
            return
        missing = tuple(rule for rule in self._expected if rule not in {each.rule for each in self.violations})
        if unexpected or missing:
            raise RuleBroken(unexpected, missing)

    def _close(self) -> None:
        if self._session is not None:
            if self.counted is not None:
                self.counted.take(self._session)
            session, self._session = self._session, None
            self._final = (session.violations, session.notes)
            session.close()

    def _wind_up(self) -> None:
        """What a system does when it goes down in good order."""
        state = self._state().text("driver")
        if state != "started":
            return
        for adapter in self.adapters:
            if not adapter.halted:
                adapter.return_inline()
                adapter.return_held()
        for process in self._processes:
            if process.alive:
                process.kill()
        for adapter in self.adapters:
            if not adapter.halted:
                adapter.halt()
        if not any(adapter.shut_down for adapter in self.adapters):
            self.unload()  # a system that shuts down unloads nothing

    @property
    def session(self) -> Session:
        """The open session. Raises UsageFailure (PYN-H03) outside the `with` block."""
        if self._session is None:
            raise UsageFailure(Diagnostic("PYN-H03", "the host does not run", help="use it as `with Host(image) as host:`"))
        return self._session

    @property
    def alive(self) -> bool:
        """Whether the native half runs and the driver has not crashed."""
        session = self.session
        return session.channel.alive and not any(each.kind for each in session.violations)

    def _state(self) -> Frame:
        return self.session.call("state")

    def unload(self) -> None:
        """Unload the driver, when all is at rest; then the host looks for what it left behind."""
        self.settle()
        self.session.call("unload")

    # -- Rules --------------------------------------------------------------------------------------------------------

    def expect(self, rule: str) -> None:
        """The driver is meant to break this rule (a crash is called `Fault`): the block fails if it does not."""
        self._expected.append(rule)

    def broken(self, rule: str, message: str) -> None:
        """Report a rule that whoever drives the host has seen broken; it counts like those that the host sees."""
        self.session.violations.append(Violation(rule, message, seed=self.seed))

    @property
    def expected(self) -> tuple[str, ...]:
        """The rules announced with `expect`."""
        return tuple(self._expected)

    @property
    def violations(self) -> list[Violation]:
        """The rules broken so far, once all is at rest; crashes among them, as `Fault`."""
        if self._session is None:
            return list(self._final[0])
        self._session.settle()
        return list(self._session.violations)

    @property
    def notes(self) -> list[Violation]:
        """What is no violation but worth a look."""
        if self._session is None:
            return list(self._final[1])
        self._session.settle()
        return list(self._session.notes)

    @property
    def debug(self) -> list[str]:
        """What the driver printed with DbgPrint and DbgPrintEx."""
        self.session.settle()
        return list(self.session.debug)

    # -- Time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Seconds since the start, by the driver's clock."""
        return self._state().number("now") / TICKS_PER_SECOND

    @property
    def blocks(self) -> int:
        """How many pieces of memory, of all kinds, the driver has now."""
        self.settle()
        return self._state().number("blocks")

    def advance(self, seconds: float) -> None:
        """Let virtual time go on: what falls due fires, in order."""
        must_settle(rest_of(self.session.call("advance", ticks=round(seconds * TICKS_PER_SECOND), timeout=SETTLE_TIMEOUT)))

    def settle(self) -> None:
        """Let everything run that can run without time passing. Raises DriverFailure (PYN-H09) if that does not end."""
        self.session.settle()

    # -- Adapters and clients ----------------------------------------------------------------------------------------

    def add_adapter(
        self,
        luid_index: int = 1,
        *,
        configuration: Mapping[str, str | int] | None = None,
        restart: bool = True,
        bind: bool = True,
        check: bool = True,
    ) -> Adapter:
        """Initialize and restart an adapter. `configuration` is its registry parameters; `restart=False` leaves it paused;
        `bind=False` leaves out what protocols set when they bind (packet filter, lookahead).

        Raises InitializeFailed, unless `check=False`: then `adapter.attributes["status"]` tells, and a failed adapter counts
        as halted.
        """
        if self.driver_status:
            raise DriverFailure(
                Diagnostic("PYN-H05", f"DriverEntry failed with {self.driver_status:#010x}: no adapter can be added")
            )
        adapter = Adapter(self.session, luid_index)
        lines = "\n".join(f"{name}={value}" for name, value in (configuration or {}).items())
        reply = self.session.call("add-adapter", lines.encode(), adapter=adapter.id, luid=luid_index, restart=restart, bind=bind)
        adapter.attributes = dict(reply.keys)
        adapter.halted = reply.number("status") != 0
        self.adapters.append(adapter)
        if check:
            _check_initialized(reply)
        return adapter

    def process(self, user: str = "SYSTEM", bits: int = 64) -> Process:
        """A client process of this user (`SYSTEM`, `Administrator`, `User`)."""
        process = Process(self.session, user, bits)
        self._processes.append(process)
        return process

    def open(self, path: str) -> Handle:
        """Open a device in a process of its own that runs as SYSTEM. Raises as Process.open."""
        return self.process().open(path)

    # -- Schedules ---------------------------------------------------------------------------------------------------

    @contextmanager
    def together(self, *, names: bool = False) -> Iterator[None]:
        """What is called in the block is only started, in this order, and goes on when the block ends, all at the same time;
        then until all is at rest. Results are to be looked at after the block.

        In a deterministic schedule the choices made are in `record`; with `names` they tell what they were between.
        """
        self.session.together_begin()
        try:
            yield
        except BaseException:
            self.session.together_drop()
            raise
        self.session.together_end(names, self._keep_record)

    def _keep_record(self, record: Record) -> None:
        self.record = record

    # -- Faults -------------------------------------------------------------------------------------------------------

    def fail_allocation(self, n: int, count: int = 1) -> None:
        """From now, the n-th call that allocates fails, and the count - 1 after it. 0: no more."""
        self.session.call("fail-allocation", nth=n, count=count)

    def fail_call(self, name: str, n: int, count: int = 1) -> None:
        """The same for the calls of one export. Raises CommandRefused for one that cannot fail."""
        self.session.call("fail", name=name, nth=n, count=count)

    def hold_call(self, name: str, n: int = 1) -> Hold:
        """Stop the thread that makes the n-th call of this export from now, until the Hold is released.

        What calls the driver then needs `wait=False`, or it ends as Stuck.
        """
        return Hold(self.session, name, n)

    def calls(self, reset: bool = False) -> dict[str, Calls]:
        """How often the driver called each export, once all is at rest."""
        self.settle()
        lines = self.session.call("calls", reset=reset).lines()
        made = {name: Calls(int(calls), int(failed)) for name, calls, failed in (line.split() for line in lines)}
        if reset and self.counted is not None:
            self.counted.calls.update({name: each.calls for name, each in made.items()})
        return made

    def stack_use(self) -> dict[str, int]:
        """By entry point of the driver, the most bytes of stack that it used: as seen when it called the kernel, and with
        `measure_stack` also by functions that call nothing (those that go less than 512 bytes deeper may be missed)."""
        self.settle()
        return {name: int(most) for name, most, _ in (line.split() for line in self.session.call("stack-use").lines())}

    def exports(self) -> list[Export]:
        """All functions that an image can import here."""
        return [_export(*line.split()) for line in self.session.call("exports").lines()]


def _export(name: str, lowest: str, highest: str, can_fail: str, rule: str) -> Export:
    return Export(name, int(lowest), int(highest), can_fail == "1", rule)


def _check_initialized(reply: Frame) -> None:
    if reply.number("status"):
        raise InitializeFailed("MiniportInitializeEx", reply.number("status"))
    if reply.number("restart_status"):
        raise InitializeFailed("MiniportRestart", reply.number("restart_status"))
