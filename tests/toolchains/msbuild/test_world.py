from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pyndis.diagnostics import ToolFailure
from pyndis.toolchains.msbuild.wdk import ROOTS_KEY, ROOTS_VALUE
from pyndis.toolchains.msbuild.world import Done, Machine


def test_variables_have_one_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WdkContentRoot", "K")
    assert Machine().environment["WDKCONTENTROOT"] == "K"


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "file").touch()
    machine = Machine()
    assert machine.folders(str(tmp_path)) == ["a", "b"]
    assert machine.folders(str(tmp_path / "gone")) == []
    assert machine.is_file(str(tmp_path / "file"))
    assert not machine.is_file(str(tmp_path / "a"))


@pytest.mark.skipif(sys.platform == "win32", reason="there it has one")
def test_a_system_without_a_registry_has_nothing_in_it() -> None:
    assert Machine().registry(ROOTS_KEY, ROOTS_VALUE, 64) is None


def test_a_program_runs_with_what_is_added_and_each_line_is_told(tmp_path: Path) -> None:
    program = "import os, sys; print(os.environ['MADE'], flush=True); print(os.getcwd(), file=sys.stderr); sys.exit(3)"
    told: list[str] = []
    done = Machine().run([sys.executable, "-c", program], str(tmp_path), {"MADE": "here"}, told.append)
    assert done == Done(3, f"here\n{tmp_path}")
    assert told == ["here", str(tmp_path)]


def test_a_variable_is_replaced_whatever_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Made", "before")
    program = "import os; print(sorted(value for name, value in os.environ.items() if name.upper() == 'MADE'))"
    assert Machine().run([sys.executable, "-c", program], None, {"MADE": "now"}, lambda line: None).output == "['now']"


def test_a_line_in_another_code_page_does_not_stop_it() -> None:
    program = r"import sys; sys.stdout.buffer.write(b'a\xfcb\r\n\xc3\xbc\r\n')"
    first, second = Machine().run([sys.executable, "-c", program], None, {}, lambda line: None).output.split("\n")
    assert (first[0], first[-1], second) == ("a", "b", "ü")


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ToolFailure) as caught:
        Machine().run([str(tmp_path / "MSBuild.exe")], None, {}, lambda line: None)
    assert caught.value.diagnostics[0].code == "PYN-T29"
