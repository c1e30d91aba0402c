from __future__ import annotations

import pytest

from tests.drivers.wintun.spec_map import COMMAND, PAGE, later, marked, numbers, page


@pytest.mark.parametrize("number", numbers())
def test_a_test_proves_the_number(number: str) -> None:
    assert number == "W-93" or any(number in each.numbers and not each.excused for each in marked())


def test_only_known_numbers_are_claimed() -> None:
    assert {number for each in marked() for number in each.numbers} <= set(numbers())


def test_only_the_project_is_held_elsewhere() -> None:
    assert set(later()) == {"W-93", "W-94"}
    assert all(reason.startswith("tests/package/project: ") for reason in later().values())


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--regenerate-golden"):
        PAGE.write_text(page(), "utf-8")
    assert PAGE.read_text("utf-8") == page(), f"run {COMMAND}"
