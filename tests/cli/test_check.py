from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyndis.cli.compile import Compiled
from pyndis.diagnostics import Diagnostic, Label, Span
from tests.cli.conftest import Run


@pytest.fixture
def faulty(compiled: list[Compiled], driver: Path) -> None:
    span = Span(driver / "example.py", 1, 0, 1, 7)
    compiled[0] = Compiled("", {}, (Diagnostic("PYN-X01", "it leaks", (Label(span, "here"),)), Diagnostic("PYN-X02", "it waits")))


@pytest.mark.usefixtures("compiled")
def test_a_driver_without_errors(pyndis: Run, driver: Path) -> None:
    ended = pyndis("check", "example")
    assert (ended.code, ended.out, ended.err) == (0, "no errors in example\n", "")
    assert not Path("build").exists()


@pytest.mark.usefixtures("faulty")
def test_all_errors_are_shown(pyndis: Run) -> None:
    ended = pyndis("check", "example")
    assert (ended.code, ended.out) == (1, "")
    assert " --> example/example.py:1:1\n" in ended.err
    assert "2 errors" in ended.err


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize("form", ["json", "sarif"])
def test_errors_for_programs_go_to_the_output_alone(pyndis: Run, form: str) -> None:
    ended = pyndis("check", "example", "--format", form)
    assert (ended.code, ended.err) == (1, "")
    found = json.loads(ended.out)
    assert len(found["diagnostics"] if form == "json" else found["runs"][0]["results"]) == 2


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("form", ["json", "sarif"])
def test_no_errors_are_a_report_too(pyndis: Run, driver: Path, form: str) -> None:
    ended = pyndis("check", driver, "--format", form)
    assert ended.code == 0
    assert json.loads(ended.out)


@pytest.mark.usefixtures("compiled")
def test_errors_of_driver_toml_are_reported_in_the_same_forms(pyndis: Run, driver: Path) -> None:
    (driver / "driver.toml").write_text("[driver]\nversion = 1")
    ended = pyndis("check", driver, "--format", "json")
    assert (ended.code, ended.err) == (1, "")
    assert json.loads(ended.out)["diagnostics"][0]["labels"][0]["line"] == 1


@pytest.mark.usefixtures("compiled")
def test_unsafe_blocks_are_listed_with_their_reasons(pyndis: Run, driver: Path) -> None:
    (driver / "more.py").write_text(
        'def f():\n    with unsafe("it must"), lock:\n        pass\n    with other("no"):\n        pass\n'
    )
    ended = pyndis("check", "example", "--unsafe")
    assert ended.out == "example/more.py:2:10: it must\n1 unsafe blocks in example\n"
