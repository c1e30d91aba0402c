"""The scenarios as cases: a few times with threads as they come, or once in the order that a seed gives."""

from __future__ import annotations

from functools import partial

from pyndis.contract.bench import Bench
from pyndis.contract.case import Area, Case
from pyndis.contract.scenarios.library import groups, scenario

AREA = Area("scenarios", "things at the same time")
_ROUNDS = 3

_CLAIMS = ("NM-11", "NM-14", "NM-15")


def elements_of(case: Case) -> tuple[str, ...]:
    """The names of the elements of a scenario's case."""
    return tuple(case.name.partition(".")[2].split("+"))


def _claim(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]} at the same time end well"


def _run(names: tuple[str, ...], bench: Bench) -> None:
    what = scenario(bench.subject, names)
    for _ in range(1 if bench.subject.seed is not None else _ROUNDS):
        with bench.host() as host:
            stage = what.prepare(host)
            with host.together():
                for action in what.actions:
                    action(stage)
            what.finish(stage)
        bench.count("runs")


for _names in groups():
    AREA.case("+".join(_names), _claim(_names), *_CLAIMS, concurrent=True)(partial(_run, _names))
