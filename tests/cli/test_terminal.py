from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyndis.cli import progress, terminal
from pyndis.diagnostics import Diagnostic
from tests.cli.conftest import REPOSITORY


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Terminal:
    """Make stderr a terminal. Not a fixture: pytest puts its own stderr in place when a test begins."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in {"TERM": "xterm", **variables}.items():
        monkeypatch.setenv(name, value)
    return stream


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = on_a_terminal(monkeypatch)
    terminal.report([Diagnostic("PYN-P05", "wrong")])
    assert "\x1b[" in stderr.getvalue()


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colours_gets_none(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    stderr = on_a_terminal(monkeypatch, **{variable: value})
    terminal.report([Diagnostic("PYN-P05", "wrong")])
    assert stderr.getvalue().startswith("error[PYN-P05]: wrong\n")
    assert "\x1b" not in stderr.getvalue()


def test_a_log_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.progress().step("compile it") as said:
        said(1, 2, "a part")
    assert capsys.readouterr().err == "compile it\n"


def test_a_terminal_sees_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = on_a_terminal(monkeypatch)
    with progress.progress().step("compile [it]") as said:
        said(1, 2, "a part")
    assert "done" in stderr.getvalue()
    assert "compile [it]" in stderr.getvalue()


HEAVY = (
    "jinja2",
    "pycparser",
    "cryptography",
    "asn1crypto",
    "rich",
    "pefile",
    "pyndis.signing",
    "pyndis.toolchains",
    "pyndis.frontend",
)


def imported(*arguments: str) -> tuple[str, list[str]]:
    """What a command prints, and which heavy modules it imported."""
    code = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print('imported:', *(name for name in {HEAVY!r} if name in sys.modules)))\n"
        "from pyndis import cli\nfrom pyndis.cli.building import inputs\nfrom pathlib import Path\n"
        "inputs.own_files = lambda: iter([Path(cli.__file__)])\n"
        "cli.main()"
    )
    command = [sys.executable, "-c", code, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    out, _, names = ended.stdout.rpartition("imported:")
    return out, names.split()


def test_a_build_with_nothing_to_do_imports_nothing_heavy(built: Path) -> None:
    out, names = imported("build", "example")
    assert out.startswith("nothing to do")
    assert names == []


def test_help_imports_nothing_heavy() -> None:
    assert imported("--help")[1] == []
