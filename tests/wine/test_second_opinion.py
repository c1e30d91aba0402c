"""The same operations in the host and in Wine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wine import on_host, on_wine
from tests.wine.comparing import asked, rows
from tests.wine.prefix import Prefix
from tests.wine.scenarios import SCENARIOS

DOCUMENT = Path(__file__).parents[2] / "docs" / "second-opinions.md"

names = pytest.mark.parametrize("name", SCENARIOS)


@names
def test_host_observes_what_the_specification_says(name: str, wintun_sys: Path) -> None:
    operations = SCENARIOS[name]()
    wanted = [each.expected for each in asked(operations)]
    observed = on_host.play(wintun_sys, operations)
    assert rows(operations, observed, wanted) == rows(operations, wanted, wanted)


@pytest.mark.slow
@names
def test_wine_observes_what_the_specification_says(name: str, prefix: Prefix) -> None:
    operations = SCENARIOS[name]()
    wanted = [each.wanted_in_wine for each in asked(operations)]
    observed = on_wine.play(prefix, operations)
    assert rows(operations, observed, wanted) == rows(operations, wanted, wanted)


def test_every_difference_is_explained() -> None:
    named = {each.difference for make in SCENARIOS.values() for each in make() if each.difference}
    text = DOCUMENT.read_text()
    assert {name for name in named if f"### {name.capitalize()}\n" not in text} == set()
