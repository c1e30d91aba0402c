from __future__ import annotations

from pathlib import Path

import pytest

from pyndis.cli.compile import Compiled, compile_driver
from pyndis.package.manifest import Manifest
from tests.cli.conftest import REPOSITORY, Run

WINTUN = REPOSITORY / "drivers" / "wintun"


@pytest.fixture(scope="module", params=["pend", "copy"])
def wintun(request: pytest.FixtureRequest) -> Compiled:
    return compile_driver(WINTUN, Manifest.load(WINTUN, [("receive", request.param)]), "Release")


def test_wintun_keeps_every_rule(wintun: Compiled) -> None:
    assert wintun.diagnostics == ()


def test_every_form_of_wintun_can_be_shown(wintun: Compiled) -> None:
    assert "program wintun\n" in wintun.emitted["ir"]
    assert "ClassDef(" in wintun.emitted["ast"]
    assert wintun.c_source.count("\n") > 500


def test_c_names_no_folder_of_this_machine(wintun: Compiled) -> None:
    assert str(REPOSITORY) not in wintun.c_source
    assert str(Path.home()) not in wintun.c_source


def test_errors_of_the_drivers_python_reach_the_user(pyndis: Run, driver: Path) -> None:
    (driver / "example.py").write_text("import os\nx = [i for i in range(3)]\n" + (driver / "example.py").read_text())
    ended = pyndis("check", driver)
    assert (ended.code, ended.is_tidy) == (1, True)
    assert "error[PYN-S08]" in ended.err
    assert "example/example.py:1:1" in ended.err


def test_python_that_does_not_parse_is_shown_in_its_place(pyndis: Run, driver: Path) -> None:
    (driver / "example.py").write_text("def f(:\n")
    ended = pyndis("build", driver)
    assert (ended.code, ended.is_tidy) == (1, True)
    assert "error[PYN-S05]" in ended.err
