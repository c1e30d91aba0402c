from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

WRONG = [
    ["nosuch"],
    ["build"],
    ["build", "nowhere"],
    ["build", "example", "--nosuch"],
    ["build", "example", "--arch", "mips"],
    ["build", "example", "--arch", ""],
    ["build", "example", "--arch", "x86"],
    ["build", "example", "--config", "release"],
    ["build", "example", "--toolchain", "wdk"],
    ["build", "example", "--target", "sdv"],
    ["build", "example", "--set", "receive"],
    ["build", "example", "--set", "=x"],
    ["build", "example", "--set", "recieve=x"],
    ["build", "example", "--brand", "a b"],
    ["build", "example", "--sign", "nothing.pfx"],
    ["build", "example", "--sign", "example/driver.toml"],
    ["build", "example", "--out", "example/driver.toml"],
    ["build", "example", "--emit", "asm"],
    ["build", "example", "--timestamp", "ftp://x"],
    ["check"],
    ["check", "nowhere"],
    ["check", "example", "--format", "xml"],
    ["sign"],
    ["sign", "nothing.sys"],
    ["sign", "example"],
    ["sign", "example/driver.toml", "--sign", "none"],
    ["verify"],
    ["verify", "nothing.sys"],
    ["verify", "example/driver.toml", "--trust", "example/driver.toml"],
    ["inspect"],
    ["inspect", "nothing.sys"],
    ["explain", "PYN-Z99"],
]


@pytest.mark.usefixtures("driver", "compiled")
@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage_ends_with_2_and_a_word_about_it(pyndis: Run, arguments: list[str]) -> None:
    ended = pyndis(*arguments)
    assert (ended.code, ended.out, ended.is_tidy) == (2, "", True)
    assert len(ended.err) > 20
    assert not Path("build").exists()


@pytest.mark.usefixtures("driver")
def test_what_is_not_there_yet_is_refused_with_what_is(pyndis: Run) -> None:
    assert "'nmake' is not one of 'auto', 'zig'" in pyndis("build", "example", "--toolchain", "nmake").err


@pytest.mark.usefixtures("driver")
def test_an_epoch_that_is_no_number_is_wrong_usage(pyndis: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    ended = pyndis("build", "example")
    assert (ended.code, "PYN-P11" in ended.err) == (2, True)


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["build", "--help"], ["verify", "-h"], ["--version"]])
def test_help_is_no_error(pyndis: Run, arguments: list[str]) -> None:
    ended = pyndis(*arguments)
    assert (ended.code, ended.err) == (0, "")
    assert "pyndis" in ended.out


def test_every_command_is_listed_and_has_help(pyndis: Run) -> None:
    from pyndis.cli import COMMANDS

    listed = pyndis("--help").out
    for name in COMMANDS:
        assert f"  {name} " in listed
        assert pyndis(name, "--help").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there it runs")
@pytest.mark.usefixtures("driver")
def test_msbuild_is_for_windows(pyndis: Run) -> None:
    ended = pyndis("build", "example", "--toolchain", "msbuild")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith(f"error[PYN-T20]: --toolchain msbuild runs on Windows alone, and this is {sys.platform}\n")
    assert "--toolchain zig" in ended.err


@pytest.mark.usefixtures("driver")
def test_msbuild_verifies_by_its_own_rules(pyndis: Run) -> None:
    ended = pyndis("build", "example", "--toolchain", "msbuild", "--target", "SDV", "--rules", "DoubleCompletion")
    assert (ended.code, "error[PYN-T28]: --rules and --explore" in ended.err) == (2, True)
