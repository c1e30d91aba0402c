"""Processes that run schedules, one host each at a time."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any

from pyndis.diagnostics import Diagnostic, DriverFailure, Failure, ToolFailure, UsageFailure
from pyndis.explore.outcome import Outcome, run
from pyndis.explore.scenario import Scenario

_BATCH = 4  # schedules that a worker has at a time, so that it need not wait for the next


class Workers:
    """A context manager. Schedules are texts; what comes back is an Outcome or what running it raised."""

    def __init__(self, count: int, image: Path, scenario: Scenario, options: Mapping[str, Any]) -> None:
        fork = multiprocessing.get_context("fork")  # a scenario may be made of functions that cannot be sent
        self._given: dict[Connection, int] = {}
        self._processes = []
        for _ in range(count):
            ours, theirs = fork.Pipe()
            process = fork.Process(target=_work, args=(theirs, ours, image, scenario, options), daemon=True)
            process.start()
            theirs.close()
            self._given[ours] = 0
            self._processes.append(process)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for connection in self._given:
            connection.close()
        for process in self._processes:
            process.join(timeout=5)
            if process.is_alive():
                process.terminate()
                process.join()

    @property
    def free(self) -> bool:
        """Whether one can take a schedule."""
        return min(self._given.values()) < _BATCH

    @property
    def busy(self) -> bool:
        return any(self._given.values())

    def give(self, key: object, schedule: str) -> None:
        """`key` comes back with the outcome."""
        connection = min(self._given, key=lambda each: self._given[each])
        connection.send((key, schedule))
        self._given[connection] += 1

    def take(self, seconds: float) -> list[tuple[Any, Outcome]]:
        """What is done, after at most so long. Raises what a schedule raised."""
        results = []
        for connection in wait(list(self._given), timeout=max(seconds, 0)):
            assert isinstance(connection, Connection)
            key, outcome = connection.recv()
            self._given[connection] -= 1
            if isinstance(outcome, _Raised):
                raise outcome.again()
            results.append((key, outcome))
        return results


@dataclass(frozen=True)
class _Raised:
    """An exception on its way from a worker: exceptions do not survive that as they are."""

    exit_code: int
    diagnostics: tuple[Diagnostic, ...]
    text: str = ""

    def again(self) -> Exception:
        if not self.diagnostics:
            return RuntimeError(self.text)
        kind = {1: DriverFailure, 2: UsageFailure}.get(self.exit_code, ToolFailure)
        return kind(*self.diagnostics)


def _work(connection: Connection, other: Connection, image: Path, scenario: Scenario, options: Mapping[str, Any]) -> None:
    other.close()
    with suppress(EOFError, ConnectionError, KeyboardInterrupt):
        while True:
            key, schedule = connection.recv()
            outcome: Outcome | _Raised
            try:
                outcome = run(image, scenario, schedule, options)
            except Failure as error:
                outcome = _Raised(error.exit_code, error.diagnostics)
            except Exception:
                outcome = _Raised(0, (), f"schedule {schedule}: {traceback.format_exc()}")
            connection.send((key, outcome))
