"""Exploring a scenario: every schedule up to a number of preemptions, then some by chance; and running one schedule again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pyndis.explore.minimise import minimise
from pyndis.explore.outcome import Outcome, made_ready, run
from pyndis.explore.scenario import Coverage, Failure, Scenario
from pyndis.explore.search import Prefix, Search
from pyndis.explore.workers import Workers
from pyndis.host.reports import Violation
from pyndis.host.schedule import Points, schedule_text

_LOOK = 0.2  # seconds between two looks at the clock
_MINIMISE_RUNS = 40

Progress = Callable[[Coverage], None]


def explore(
    image: Path,
    scenario: Scenario,
    *,
    preemptions: int = 2,
    seconds: float,
    reduce: bool = True,
    points: Points = "sync",
    workers: int = 2,
    all_failures: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Coverage:
    """Run the schedules of a scenario with at most so many preemptions, for at most `seconds`.

    `reduce=False` is the exact mode (see pyndis.explore.search); `points` says where switches come
    (`memory`: at each access of an x64 driver to memory, so that nothing is assumed of how it protects what threads share).
    It ends at the first failure, made small, unless `all_failures`; then one is given for each rule.
    `options` are Host's. Raises what the scenario raises, assertions aside.
    """
    made_ready(image)
    exploration = _Exploration(image, scenario, Search(preemptions, reduce), points, seconds, options)
    with Workers(workers, image, scenario, options) as crew:
        exploration.work(crew, all_failures, progress)
    return exploration.coverage()


def sample(
    image: Path, scenario: Scenario, seeds: Iterable[int], *, seconds: float, workers: int = 2, **options: Any
) -> Coverage:
    """Run schedules by chance, one for each seed, until one fails or time is over. The failure's schedule is its seed."""
    made_ready(image)
    exploration = _Exploration(image, scenario, Search(0), "all", seconds, options)
    left = iter(seeds)
    with Workers(workers, image, scenario, options) as crew:
        exploration.draw(crew, left)
    return exploration.coverage()


def replay(image: Path, scenario: Scenario, schedule: str, **options: Any) -> list[Violation]:
    """Run one schedule by its text; the rules that were broken."""
    return list(run(image, scenario, schedule, options).violations)


class _Exploration:
    def __init__(
        self, image: Path, scenario: Scenario, search: Search, points: Points, seconds: float, options: dict[str, Any]
    ) -> None:
        self._image = image
        self._scenario = scenario
        self._search = search
        self._points = points
        self._options = options
        self._start = time.monotonic()
        self._end = self._start + seconds
        self._failures: list[Failure] = []
        self._known: set[str] = set()
        self._complete = False

    def work(self, crew: Workers, all_failures: bool, progress: Progress | None) -> None:
        """The bounded search."""
        look = self._start + 1
        while self._left > 0 and not self._search.done:
            while crew.free and (prefix := self._search.take()) is not None:
                crew.give(prefix, self._text(prefix))
            for prefix, outcome in crew.take(min(self._left, _LOOK)):
                self._search.ran(prefix, outcome.record)
                self._judge(prefix, outcome)
            if self._failures and not all_failures:
                return
            if progress is not None and time.monotonic() > look:
                look = time.monotonic() + 1
                progress(self.coverage())
        self._complete = self._search.done

    def draw(self, crew: Workers, seeds: Iterable[int]) -> None:
        """Schedules by chance."""
        queue = iter(seeds)
        seed = next(queue, None)
        while self._left > 0 and not self._failures and (seed is not None or crew.busy):
            while crew.free and seed is not None:
                crew.give(seed, f"seed:{seed}")
                seed = next(queue, None)
            for key, outcome in crew.take(min(self._left, _LOOK)):
                self._search.schedules += 1
                self._search.choices += len(outcome.record.choices)
                self._search.orders.add(outcome.record.order)
                if outcome.violations:
                    self._keep(outcome, f"seed:{key}", self._search.schedules)
        self._complete = seed is None and not crew.busy

    @property
    def _left(self) -> float:
        return self._end - time.monotonic()

    def _text(self, prefix: Prefix) -> str:
        return schedule_text(prefix, self._points)

    def _judge(self, prefix: Prefix, outcome: Outcome) -> None:
        rules = frozenset(each.rule for each in outcome.violations) - self._known
        if not rules:
            return
        after = self._search.schedules
        small, again = minimise(prefix, rules, self._run, _MINIMISE_RUNS if self._left > 0 else 0)
        self._keep(again, self._text(small), after)

    def _run(self, prefix: Prefix) -> Outcome:
        return run(self._image, self._scenario, self._text(prefix), self._options)

    def _keep(self, outcome: Outcome, schedule: str, after: int) -> None:
        record = outcome.record
        self._known |= {each.rule for each in outcome.violations}
        self._failures.append(Failure(outcome.violations, schedule, record.preemptions, record.switches, after))

    def coverage(self) -> Coverage:
        search = self._search
        return Coverage(
            self._scenario.name,
            search.schedules,
            search.choices,
            len(search.orders),
            search.pruned,
            search.bound,
            self._complete,
            time.monotonic() - self._start,
            tuple(self._failures),
        )
