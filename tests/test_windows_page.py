from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGE = (REPOSITORY / "docs" / "windows.md").read_text()
COMPARISON = PAGE.split("## Microsoft's pipeline beside ours")[1]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", COMPARISON)))


@pytest.mark.parametrize(("file", "function"), NAMED)
def test_what_holds_a_step_equal_is_there(file: str, function: str) -> None:
    text = (REPOSITORY / file).read_text()
    assert f"def {function or 'test_'}" in text


def test_every_step_has_three_columns_and_something_that_shows_it() -> None:
    rows = [line for line in COMPARISON.splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 20
    for row in rows:
        cells = [each.strip() for each in row.strip("|").split(" | ")]
        assert len(cells) == 3, row
        assert "`tests/" in cells[2] or "not equal" in cells[2], row


def test_what_a_person_has_to_confirm_is_counted_as_it_is_linked() -> None:
    steps = set(re.findall(r"^(\d+)\. \*\*", PAGE.split("## What a person has to confirm")[1], re.MULTILINE))
    links = re.findall(r"\[([\d, and]+)\]\(#what-a-person", COMPARISON)
    linked = {number for text in links for number in re.findall(r"\d+", text)}
    assert linked <= steps
