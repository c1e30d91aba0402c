"""One schedule of a scenario, run in a host of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyndis.explore.progress import stuck_violation
from pyndis.explore.scenario import Scenario
from pyndis.host import runner
from pyndis.host.atomics import breakpoints
from pyndis.host.errors import DriverFault, Stuck
from pyndis.host.host import Host
from pyndis.host.reports import RuleBroken, Violation
from pyndis.host.schedule import Record

ASSERTION = "ScenarioAssertion"


@dataclass(frozen=True)
class Outcome:
    """What was chosen, and which rules were broken, in the order in which they were."""

    record: Record
    violations: tuple[Violation, ...]


def made_ready(image: Path) -> None:
    """What every host of this image needs is made once, before there are several. Raises as Host does."""
    runner.command(image)
    breakpoints(image.resolve(), image.stat().st_mtime_ns)


def run(image: Path, scenario: Scenario, schedule: str, options: Mapping[str, Any], *, names: bool = False) -> Outcome:
    """`options` are Host's. What the scenario announces with `expect` is no failure; an AssertionError of it is one.

    Raises what the scenario raises otherwise.
    """
    host = Host(image, schedule=schedule, **options)
    more: tuple[Violation, ...] = ()
    try:
        with host:
            _play(host, scenario, names)
    except (RuleBroken, DriverFault):
        pass  # among the host's violations
    except Stuck as error:
        more = (stuck_violation(error, schedule),)
    except AssertionError as error:
        more = (Violation(ASSERTION, str(error) or "an assertion of the scenario failed", schedule=schedule),)
    broken = tuple(each for each in host.violations if each.rule not in host.expected)
    return Outcome(host.record, broken + (() if broken else more))


def _play(host: Host, scenario: Scenario, names: bool) -> None:
    state = scenario.prepare(host)
    with host.together(names=names):
        for action in scenario.actions:
            action(state)
    scenario.finish(state)
