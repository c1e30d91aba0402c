from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis.diagnostics import Diagnostic, Label, Span
from pyndis.diagnostics.render import coloured, render, render_all

SOURCE = 'first = 1\n\tsecond = "ü", three\nwide = "漢字", here\nlast = [1,\n        2]\n'

Golden = Callable[[str, bytes], None]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "example.py"
    file.write_bytes(SOURCE.encode())
    return file


def place(file: Path, text: str) -> Span:
    """Where a text stands in a file."""
    data = file.read_bytes()
    at = data.index(text.encode())
    line, column = data[:at].count(b"\n"), at - (data.rfind(b"\n", 0, at) + 1)
    return Span(file, line + 1, column, line + 1, column + len(text.encode()))


def marked(report: str) -> str:
    """The cells above the carets."""
    lines = report.splitlines()
    (number,) = [index for index, line in enumerate(lines) if "^" in line]
    start, end = lines[number].index("^"), lines[number].rindex("^") + 1
    return lines[number - 1][start:end]


def test_whole_reports(source: Path, golden: Golden) -> None:
    other = source.with_name("other.py")
    other.write_text("x = 1\n")
    main = Label(place(source, "three"), "consumed here")
    reports = [
        Diagnostic("PYN-X01", "one place", (main,), help="do this"),
        Diagnostic("PYN-X02", "two places", (main, Label(place(source, "first"), "made here")), notes=("why", "two\nlines")),
        Diagnostic("PYN-X03", "lines apart", (Label(place(source, "last"), "b"), Label(place(source, "first"), "a"))),
        Diagnostic("PYN-X04", "two files", (main, Label(Span(other, 1, 0, 1, 1), "elsewhere"))),
        Diagnostic("PYN-X05", "no place", help="first\nsecond"),
        Diagnostic("PYN-X06", "two on one line", (main, Label(place(source, "second")))),
        Diagnostic("PYN-X07", "several lines", (Label(Span(source, 4, 7, 5, 10), "this"),)),
        Diagnostic("PYN-X08", "a file that is gone", (Label(Span(source.with_name("gone.py"), 3, 1)),)),
        Diagnostic("PYN-X09", "a line that is not there", (Label(Span(source, 99, 1)),)),
    ]
    golden("reports.txt", (render_all(reports, root=source.parent) + "\n").encode())


@pytest.mark.parametrize("text", ["first", "second", "three", "here"])
def test_carets_stand_below_what_they_mark(source: Path, text: str) -> None:
    report = render(Diagnostic("PYN-X01", "m", (Label(place(source, text)),)), root=source.parent)
    if text != "here":
        assert marked(report) == text
    else:  # two wide characters before it take two cells more
        assert marked(report.replace("漢字", "漢_字_")) == text


def test_columns_are_told_in_characters(source: Path) -> None:
    report = render(Diagnostic("PYN-X01", "m", (Label(place(source, "three")),)), root=source.parent)
    assert "example.py:2:16" in report


def test_nothing_in_source_or_message_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    file = tmp_path / "evil.py"
    file.write_text("a = '\x1b[2J\u202e'\n")
    report = render(Diagnostic("PYN-X01", "\x1b]0;x\x07", (Label(Span(file, 1, 0, 1, 1), "\x9b31m"),), notes=("\r",), help="\b"))
    assert all(each.isprintable() or each == "\n" for each in report)


def test_colours_change_nothing_but_colours(source: Path) -> None:
    diagnostic = Diagnostic("PYN-X01", "m", (Label(place(source, "three"), "t"),), notes=("n",), help="h")
    bare = re.sub("\x1b\\[[0-9;]*m", "", render(diagnostic, coloured))
    assert bare == render(diagnostic)
    assert bare != render(diagnostic, coloured)


def test_a_file_below_the_working_folder_is_named_from_it(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnostic = Diagnostic("PYN-X01", "m", (Label(Span(source, 1)),))
    monkeypatch.chdir(source.parent)
    assert "--> example.py:1:1" in render(diagnostic)
    monkeypatch.chdir("/")
    assert "example.py:1:1" in render(diagnostic, root=Path("/nowhere"))
    assert f"--> {source}" in render(diagnostic, root=Path("/nowhere"))
