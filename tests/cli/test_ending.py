from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable

import click
import pytest

from pyndis.cli import ending
from pyndis.diagnostics import Diagnostic, DriverFailure, ToolFailure, UsageFailure

SOME = Diagnostic("PYN-P05", "something is wrong", help="mend it")


def raising(error: BaseException) -> Callable[[], object]:
    def command() -> object:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DriverFailure(SOME), 1),
        (UsageFailure(SOME), 2),
        (ToolFailure(SOME), 3),
        (click.UsageError("no"), 2),
        (click.FileError("x"), 2),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), 3),
        (MemoryError(), 3),
        (AssertionError("oops"), 3),
        (RecursionError(), 3),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), 3),
    ],
)
def test_every_end_has_its_exit_code_and_no_traceback(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending.of(raising(error)) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()
    assert "Traceback" not in said.err


def test_a_command_that_ends_well_says_nothing_more(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending.of(lambda: None) == 0
    assert capsys.readouterr().err == ""


def test_a_failure_shows_all_its_diagnostics(capsys: pytest.CaptureFixture[str]) -> None:
    ending.of(raising(DriverFailure(SOME, SOME)))
    said = capsys.readouterr().err
    assert said.count("error[PYN-P05]: something is wrong") == 2
    assert "2 errors; more about it: pyndis explain PYN-P05" in said


def test_a_fault_of_pyndis_says_so_and_how_to_see_more(capsys: pytest.CaptureFixture[str]) -> None:
    ending.of(raising(ZeroDivisionError("division by zero")))
    said = capsys.readouterr().err
    assert said.startswith("This is a fault of pyndis, not of your driver: ZeroDivisionError: division by zero.")
    assert "PYNDIS_TRACEBACK=1" in said
    assert len(said.strip().splitlines()) == 1


def test_the_traceback_is_there_for_who_asks(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYNDIS_TRACEBACK", "1")
    ending.of(raising(ZeroDivisionError()))
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_leaves_is_no_error() -> None:
    command = [sys.executable, "-c", "from pyndis.cli import main; main(['explain'])"]
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as out:
        ended = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_output_that_the_terminal_has_no_letters_for_is_spelled_out() -> None:
    code = "from pyndis.cli import main; main(['build', 'n\\u00f6where'])"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert b"n\\xf6where is not a driver" in ended.stderr
