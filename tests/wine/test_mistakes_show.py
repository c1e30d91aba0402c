"""A judge must be able to say no: drivers with a planted mistake fail in Wine where the sound one passes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutants.images import image, mutants
from tests.wine import on_wine
from tests.wine.comparing import asked
from tests.wine.operations import Observation
from tests.wine.prefix import Prefix
from tests.wine.scenarios import SCENARIOS

# by the mistake: a scenario, and the first of its observations that differs
SHOWN_BY = {
    "write-completes-before-the-last-return": ("a_write_ends_with_its_last_return", "pending w"),
    "pause-completes-too-early": ("a_pause_waits_for_what_is_lent", "changing pause"),
}


@pytest.fixture
def changeable(prefix: Prefix, wintun_sys: Path) -> Iterator[Prefix]:
    yield prefix
    prefix.use(wintun_sys)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN_BY)
def test_a_planted_mistake_is_seen_in_wine(name: str, changeable: Prefix) -> None:
    scenario, first_difference = SHOWN_BY[name]
    changeable.use(image(next(each for each in mutants() if each.name == name)))
    operations = SCENARIOS[scenario]()
    observed: list[Observation] = on_wine.play(changeable, operations)
    pairs = zip(asked(operations), observed, strict=True)
    differing = [f"{each.word} {each.name}" for each, found in pairs if type(found) is not type(each.expected)]
    assert differing[0] == first_difference
