"""Programs that must not compile: each has the whole report that its author gets, in a golden file of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import pyndis
from pyndis import checks
from pyndis.ddi.facts import facts
from pyndis.diagnostics import DriverFailure
from pyndis.diagnostics.render import render_all
from pyndis.frontend.driver import lower_driver
from tests.rejected.base import write_driver

PROGRAMS = Path(__file__).parent / "programs"
LIBRARY = Path(pyndis.__file__).resolve().parent.parent
ARCHES = ("amd64", "x86", "arm64")


def _programs() -> list[Path]:
    areas = [each for each in PROGRAMS.glob("[!.]*") if each.is_dir()]
    return sorted(each for area in areas for each in area.iterdir() if each.suffix in (".py", ""))


def _report(program: Path, folder: Path) -> str:
    driver = write_driver(program, folder / program.stem)
    try:
        found = checks.check(lower_driver(driver, facts(), {})[0], arches=ARCHES, facts=facts())
    except DriverFailure as failure:
        found = list(failure.diagnostics)
    return render_all(found, root=driver).replace(f"{LIBRARY}/", "") + "\n"


@pytest.mark.parametrize("program", _programs(), ids=lambda each: f"{each.parent.name}/{each.stem}")
def test_a_program_is_refused_with_this_report(program: Path, tmp_path: Path, golden: Callable[[str, bytes], None]) -> None:
    report = _report(program, tmp_path)
    assert report.startswith("error[PYN-"), "the program compiles"
    golden(f"{program.parent.name}/{program.stem}.txt", report.encode())
