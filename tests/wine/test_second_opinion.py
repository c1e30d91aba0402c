"""The same operations in the host and in Wine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.wine import on_host, on_wine
from tests.wine.operations import Observation, Operation, Outcome
from tests.wine.prefix import Prefix
from tests.wine.scenarios import SCENARIOS

DOCUMENT = Path(__file__).parents[2] / "docs" / "second-opinions.md"

names = pytest.mark.parametrize("name", SCENARIOS)


def _observing(operations: Sequence[Operation]) -> list[Operation]:
    return [each for each in operations if each.observes]


def _looked_at(observed: Observation, wanted: Observation) -> Observation:
    """Without the data of a request where nobody cares for it."""
    if isinstance(observed, Outcome) and isinstance(wanted, Outcome) and wanted.data is None:
        return replace(observed, data=None)
    return observed


def _rows(operations: Sequence[Operation], values: Sequence[Observation]) -> list[str]:
    return [
        f"{number} {each.word} {each.name}: {value}" for number, (each, value) in enumerate(zip(operations, values, strict=True))
    ]


@names
def test_host_observes_what_the_specification_says(name: str, wintun_sys: Path) -> None:
    operations = SCENARIOS[name]()
    asked = _observing(operations)
    wanted = [each.expected for each in asked]
    observed = on_host.play(wintun_sys, operations)
    assert _rows(asked, list(map(_looked_at, observed, wanted))) == _rows(asked, wanted)


@pytest.mark.slow
@names
def test_wine_observes_what_the_specification_says(name: str, prefix: Prefix) -> None:
    operations = SCENARIOS[name]()
    asked = _observing(operations)
    wanted = [each.wanted_in_wine for each in asked]
    observed = on_wine.play(prefix, operations)
    assert _rows(asked, list(map(_looked_at, observed, wanted))) == _rows(asked, wanted)


def test_every_difference_is_explained() -> None:
    named = {each.difference for make in SCENARIOS.values() for each in make() if each.difference}
    text = DOCUMENT.read_text()
    assert {name for name in named if f"### {name.capitalize()}\n" not in text} == set()
