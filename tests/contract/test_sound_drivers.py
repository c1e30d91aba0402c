from __future__ import annotations

from pathlib import Path

import pytest

from pyndis.contract import cases
from tests.contract.conftest import Try

NAMES = [each.name for each in cases()]
NEED_TRAFFIC = {each for each in NAMES if each.startswith("receives.")}
NEED_TRAFFIC |= {"faults.write", "faults.read", "sends.taken", "cancels.take"}


@pytest.mark.parametrize("case", NAMES)
def test_wintun_keeps_the_contract(tried: Try, wintun_sys: Path, case: str) -> None:
    outcome = tried(wintun_sys, case)
    assert (outcome.verdict, outcome.findings) == ("passed", ())


@pytest.mark.parametrize("case", NAMES)
def test_a_driver_written_in_c_keeps_the_contract(tried: Try, tun_image: Path, case: str) -> None:
    outcome = tried(tun_image, case)
    assert (outcome.verdict, outcome.findings) == ("passed", ())


@pytest.mark.parametrize("case", NAMES)
def test_without_a_client_nothing_fails_and_what_needs_one_is_not_called_passed(tried: Try, wintun_sys: Path, case: str) -> None:
    outcome = tried(wintun_sys, case, client=False)
    assert outcome.findings == ()
    assert outcome.verdict == "not exercised" or case not in NEED_TRAFFIC
    assert ("traffic file" in outcome.reason) == (outcome.verdict == "not exercised")


def test_faults_are_tried_on_every_path(tried: Try, wintun_sys: Path) -> None:
    figures = {name: dict(tried(wintun_sys, name).figures).get("faults", 0) for name in NAMES if name.startswith("faults.")}
    least = {"faults.entry": 2, "faults.initialize": 20, "faults.write": 10, "faults.read": 4, "faults.open": 2}
    assert {name: figures[name] >= count for name, count in least.items()} == dict.fromkeys(least, True)
