from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_build import files


@pytest.fixture
def inf(built: Path) -> Path:
    return built / "amd64" / "Release" / "wintun" / "wintun.inf"


def changed(file: Path, old: bytes, new: bytes) -> None:
    data = file.read_bytes()
    assert old in data
    file.write_bytes(data.replace(old, new))


def test_a_built_inf_has_no_fault(inf: Path, pyndis: Run) -> None:
    ended = pyndis("verify", inf)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith("is an INF without a fault\n")


def test_an_error_of_an_inf_is_shown_in_its_line(inf: Path, pyndis: Run) -> None:
    changed(inf, b"DefaultDestDir = 12", b"DefaultDestDir = 99")
    ended = pyndis("verify", inf)
    assert (ended.code, ended.out) == (1, "")
    assert "error[PYN-V41]: 99 is no number of a folder" in ended.err
    assert "| DefaultDestDir = 99" in ended.err
    assert "1 error; more about it: pyndis explain PYN-V41" in ended.err


def test_a_line_of_an_inf_in_utf16_is_shown(inf: Path, pyndis: Run) -> None:
    changed(inf, b"DefaultDestDir = 12", b"DefaultDestDir = 99")
    inf.write_bytes(inf.read_bytes().decode().encode("utf-16"))
    assert "| DefaultDestDir = 99" in pyndis("verify", inf).err


def test_a_warning_fails_nothing(inf: Path, pyndis: Run) -> None:
    changed(inf, b'"ndis5"', b'"ndis6"')
    ended = pyndis("verify", inf)
    assert ended.code == 0
    assert "warning[PYN-V75]" in ended.err
    assert "1 warning; more about it: pyndis explain PYN-V75" in ended.err
    (found,) = json.loads(pyndis("verify", inf, "--json").out)[str(inf)]
    assert (found["code"], found["severity"]) == ("PYN-V75", "warning")


def test_errors_come_first_where_both_are_counted(inf: Path, pyndis: Run) -> None:
    changed(inf, b'"ndis5"', b'"ndis6"')
    changed(inf, b"StartType      = 3", b"StartType = 9")
    changed(inf, b"PnpLockdown = 1", b"PnpLockdown = 0")
    assert "1 error and 2 warnings; more about it: pyndis explain PYN-V64" in pyndis("verify", inf).err


def test_a_build_refuses_an_inf_that_windows_would(pyndis: Run, built: Path) -> None:
    before = files(built)
    ended = pyndis("build", "example", "--set", "text.provider=Microsoft")
    assert (ended.code, ended.out, ended.is_tidy) == (1, "", True)
    assert "error[PYN-V14]" in ended.err
    assert "amd64/wintun.inf:8" in ended.err
    assert files(built) == before


def test_a_build_goes_on_where_the_inf_only_makes_one_wonder(pyndis: Run, built: Path) -> None:
    ended = pyndis("build", "example", "--set", "setup.upper-range=ndis6")
    assert ended.code == 0
    assert "warning[PYN-V75]" in ended.err
    assert b'"ndis6"' in (built / "amd64" / "Release" / "wintun" / "wintun.inf").read_bytes()


def test_a_package_for_windows_7_is_no_windows_driver(inf: Path, pyndis: Run) -> None:
    ended = pyndis("verify", "--windows-driver", inf)
    assert ended.code == 1
    assert "error[PYN-V84]" in ended.err and "warning[PYN-V87]" in ended.err
