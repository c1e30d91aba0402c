"""What `pyndis verify --windows-driver` asks beyond the rules for every package."""

from __future__ import annotations

import pytest

from tests.package.infverif.conftest import Judge
from tests.package.infverif.test_codes import ISOLATED

STORE = (
    *ISOLATED,
    (r"= %12%\wintun.sys", r"= %13%\wintun.sys"),
    (r"%11%\IoLogMsg.dll;%12%\wintun.sys", r"%%SystemRoot%%\System32\IoLogMsg.dll"),
)


def test_a_package_in_the_driver_store_is_one_of_a_windows_driver(judge: Judge) -> None:
    assert judge(*STORE, windows_driver=True) == []


def test_a_package_for_windows_7_is_none(judge: Judge) -> None:
    found = [(each.code, each.severity) for each in judge(windows_driver=True)]
    assert found == [("PYN-V84", "error"), ("PYN-V87", "warning")]
    assert judge() == []


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("PYN-V18", "PnpLockdown = 1", "PnpLockdown = 0"),
        ("PYN-V81", "HKR,,TypesSupported", "HKLM,Software,TypesSupported"),
        ("PYN-V85", "LoadOrderGroup = NDIS", "LoadOrderGroup = NDIS\nAddReg = EventLog.Registry"),
        ("PYN-V86", "HKR,,TypesSupported,0x00010001,7", 'HKR,,UpperFilters,0x00010000,"a"'),
    ],
)
def test_what_a_windows_driver_must_not_do_is_an_error(judge: Judge, code: str, old: str, new: str) -> None:
    found = judge(*STORE, (old, new), windows_driver=True)
    assert {(each.code, each.severity) for each in found} == {(code, "error")}


def test_values_below_parameters_are_the_services_own(judge: Judge) -> None:
    below = ("LoadOrderGroup = NDIS", "LoadOrderGroup = NDIS\nAddReg = Own\n[Own]\nHKR,Parameters,Level,0x00010001,1")
    assert judge(*STORE, below, windows_driver=True) == []


def test_a_folder_that_was_withdrawn_is_an_error(judge: Judge) -> None:
    found = judge(*STORE, ("DefaultDestDir = 13", "DefaultDestDir = 17"), windows_driver=True)
    assert [(each.code, each.severity) for each in found] == [("PYN-V84", "error"), ("PYN-V88", "error")]
