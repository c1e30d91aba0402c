"""The suite on a driver that was built elsewhere, from its binary alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyndis.contract import cases
from tests.contract.conftest import Try
from tests.host.foreign import official_wintun

# An Initialize that fails after its first allocation frees memory that holds a resource which it has not deleted.
BROKEN = {"faults.initialize": {"FreedWhileActive"}}


@pytest.fixture(scope="module")
def image() -> Path:
    return official_wintun()


@pytest.mark.slow
@pytest.mark.parametrize("case", [each.name for each in cases() if each.area != "receives"])
def test_what_is_tried_without_a_client_finds_what_is_known_and_no_more(tried: Try, image: Path, case: str) -> None:
    outcome = tried(image, case, client=False)
    assert {each.rule for each in outcome.findings} == BROKEN.get(case, set())
