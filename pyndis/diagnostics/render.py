"""A diagnostic as text for people: the source line, a mark under each place, notes, and the mend."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pyndis.diagnostics import Diagnostic, Label, Span

Paint = Callable[[str, str], str]
"""Colours a text for one of the roles "error", "warning", "place", "frame", "other", "help"."""

TAB = "    "


def plain(text: str, role: str) -> str:
    """No colours."""
    return text


_SGR = {"error": "1;31", "warning": "1;33", "place": "1;31", "frame": "34", "other": "36", "help": "1;32", "message": "1"}


def coloured(text: str, role: str) -> str:
    """Colours of an ANSI terminal."""
    return f"\x1b[{_SGR[role]}m{text}\x1b[0m" if text else text


def render(diagnostic: Diagnostic, paint: Paint = plain, root: Path | None = None) -> str:
    """One diagnostic, without a newline at its end. Files below `root` (the working folder) are named from it."""
    head = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity) + paint(
        f": {printable(diagnostic.message)}", "message"
    )
    lines = [head]
    gutter = max((len(str(label.span.line)) for label in diagnostic.labels), default=0)
    for index, (file, labels) in enumerate(_by_file(diagnostic.labels)):
        lines += _place(file, labels, gutter, diagnostic.labels[0], paint, root or Path.cwd(), first=index == 0)
    indent = " " * (gutter + 1)
    lines += [f"{indent}{paint('=', 'frame')} note: {_hanging(note, gutter + 9)}" for note in diagnostic.notes]
    if diagnostic.help:
        lines.append(f"{indent}{paint('=', 'frame')} {paint('help', 'help')}: {_hanging(diagnostic.help, gutter + 9)}")
    return "\n".join(lines)


def render_all(diagnostics: Iterable[Diagnostic], paint: Paint = plain, root: Path | None = None) -> str:
    """Diagnostics with an empty line between them."""
    return "\n\n".join(render(each, paint, root) for each in diagnostics)


def printable(text: str) -> str:
    """Text that cannot move a terminal's cursor or hide in it: control and format characters become what Python calls them."""
    return "".join(each if each.isprintable() or each == "\n" else _named(each) for each in text)


def _named(character: str) -> str:
    return TAB if character == "\t" else character.encode("unicode_escape").decode()


def _hanging(text: str, indent: int) -> str:
    return printable(text).replace("\n", "\n" + " " * indent)


def _by_file(labels: tuple[Label, ...]) -> list[tuple[Path, list[Label]]]:
    """Labels by file: the place's file first, then as they come."""
    order: dict[Path, int] = {}
    for label in labels:
        order.setdefault(label.span.file, len(order))
    ordered = sorted(labels, key=lambda label: (order[label.span.file], label.span.line, label.span.column))
    return [(file, list(group)) for file, group in groupby(ordered, lambda label: label.span.file)]


def _place(file: Path, labels: list[Label], gutter: int, main: Label, paint: Paint, root: Path, first: bool) -> list[str]:
    leading = main if main in labels else labels[0]
    edge = " " * (gutter + 1) + paint("|", "frame")
    arrow = paint("-->" if first else ":::", "frame")
    source = _source(file)
    at = _columns(source, leading.span)
    lines = [f"{' ' * gutter}{arrow} {printable(short(file, root))}:{leading.span.line}:{at.start + 1}", edge]
    last = 0
    for number, group in groupby(labels, lambda label: label.span.line):
        if number > len(source):
            continue
        if last and number > last + 1:
            lines.append(paint("...", "frame"))
        last = number
        shown = source[number - 1]
        lines.append(f"{paint(str(number).rjust(gutter), 'frame')} {paint('|', 'frame')} {printable(shown)}".rstrip())
        lines += [f"{edge} {mark}" for mark in _marks(shown, list(group), source, main, paint)]
    if last == 0:
        lines.pop()
    return lines


def _marks(shown: str, labels: list[Label], source: list[str], main: Label, paint: Paint) -> list[str]:
    return [_mark(shown, label, source, label is main, paint) for label in labels]


def _mark(shown: str, label: Label, source: list[str], is_main: bool, paint: Paint) -> str:
    at = _columns(source, label.span)
    before = _width(shown[: at.start])
    length = max(_width(shown[at.start : at.end]), 1)
    role = "place" if is_main else "other"
    return " " * before + paint(("^" if is_main else "-") * length + f" {printable(label.text)}".rstrip(), role)


def _source(file: Path) -> list[str]:
    """The lines of a file, none if it cannot be read."""
    try:
        data = file.read_bytes()
    except OSError:
        return []
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"  # INFs may be UTF-16
    return data.decode(encoding, errors="replace").splitlines()


@dataclass(frozen=True)
class Columns:
    """A stretch of one line in characters; `Span` counts bytes."""

    start: int
    end: int


def _columns(source: list[str], span: Span) -> Columns:
    """The part of the span that is in its first line."""
    line = source[span.line - 1].encode() if 0 < span.line <= len(source) else b""
    several = span.end_line > span.line
    end = len(line) if several else max(span.end_column, span.column)
    characters = [len(line[:column].decode("utf-8", "ignore")) for column in (span.column, end)]
    return Columns(characters[0], characters[1])


def _width(text: str) -> int:
    """Cells that the text takes on a terminal."""
    wide = sum(1 for each in text if unicodedata.east_asian_width(each) in "WF")
    combining = sum(1 for each in text if unicodedata.combining(each))
    return len(printable(text)) + wide - combining


def short(file: Path, root: Path) -> str:
    """The file's path, from `root` where it is below it."""
    absolute = file if file.is_absolute() else Path.cwd() / file
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else file.as_posix()
