"""How long it takes to find a mistake: one scene, schedule after schedule, until a rule is reported broken."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from pyndis.explore import Scenario, replay
from pyndis.host import Violation


@dataclass(frozen=True)
class Found:
    """The seed that shows it, what was reported then, how many schedules were tried, and the time that took."""

    seed: int
    violations: tuple[Violation, ...]
    schedules: int
    seconds: float

    @property
    def rules(self) -> set[str]:
        return {each.rule for each in self.violations}


def run(image: Path, scene: Scenario, seed: int) -> tuple[Violation, ...]:
    """The rules that the driver breaks in the schedule of this seed."""
    return tuple(replay(image, scene, f"seed:{seed}"))


def hunt(image: Path, scene: Scenario, limit: int) -> Found | None:
    """The first of `limit` seeds in whose schedule a rule is broken."""
    start = time.monotonic()
    for seed in range(limit):
        violations = run(image, scene, seed)
        if violations:
            return Found(seed, violations, seed + 1, time.monotonic() - start)
    return None
