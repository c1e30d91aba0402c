"""Read an INF: sections of lines, strings put in. Written from Microsoft's description of the syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pyndis.diagnostics import Diagnostic, DriverFailure

_QUOTED = r'"(?:[^"]|"")*"'
_COMMENT = re.compile(rf"({_QUOTED})|;.*")
_VALUE = re.compile(rf"((?:{_QUOTED}|[^,\"])*)(,|$)")
_KEY = re.compile(rf"((?:{_QUOTED}|[^=\",])+)=(.*)")


@dataclass(frozen=True)
class Line:
    """`key = values`, or values without a key, which is then empty. Quotes are off, strings are not put in yet."""

    key: str
    values: tuple[str, ...]
    number: int = field(default=0, compare=False)
    """Where it begins in the file, from 1."""
    text: str = field(default="", compare=False, repr=False)
    """The line as it stands there, without its comment."""


@dataclass(frozen=True)
class Header:
    """A `[section]` line: the name as it is written, and its place."""

    name: str
    number: int


@dataclass(frozen=True)
class Inf:
    """An INF's sections, by their names in lower case. `headers` has one header for each, the first."""

    sections: dict[str, list[Line]] = field(default_factory=dict)
    headers: dict[str, Header] = field(default_factory=dict)
    repeated: list[Header] = field(default_factory=list)
    """Headers of sections that are there already: Windows takes them together."""
    stray: list[Line] = field(default_factory=list)
    """Lines before the first section, which Windows passes over."""
    encoding: str = "ascii"
    """The bytes' encoding, by Python's name: ascii, utf-16, utf-8-sig or cp1252, which stands for every ANSI code page."""

    def lines(self, section: str) -> list[Line]:
        """The lines of a section, none if it is not there."""
        return self.sections.get(section.lower(), [])

    def value(self, section: str, key: str) -> str | None:
        """The text behind a key, with strings put in, or None. The first one counts."""
        for line in self.lines(section):
            if line.key.lower() == key.lower():
                return self.expanded(",".join(line.values))
        return None

    def expanded(self, text: str) -> str:
        """A text with its strings put in; %12% and the like are folders, and stay."""
        return re.sub("%([^%]*)%", self._string, text)

    def _string(self, match: re.Match[str]) -> str:
        name = match[1]
        if not name:
            return "%"
        for line in self.lines("strings"):
            if line.key.lower() == name.lower():
                return ",".join(line.values).replace("%%", "%")
        return match[0]


def read_inf(data: bytes) -> Inf:
    """The sections of an INF in ASCII, ANSI, UTF-8 or UTF-16. Raises DriverFailure (PYN-P12) for what is none."""
    encoding, text = _decoded(data)
    inf = Inf(encoding=encoding)
    current: list[Line] | None = None
    for number, line in _lines(text):
        if header := re.fullmatch(r"\[([^\]]+)\]", line):
            name = header[1].strip()
            if name.lower() in inf.headers:
                inf.repeated.append(Header(name, number))
            inf.headers.setdefault(name.lower(), Header(name, number))
            current = inf.sections.setdefault(name.lower(), [])
        elif current is None:
            inf.stray.append(_line(line, number))
        else:
            current.append(_line(line, number))
    if "version" not in inf.sections:
        raise _no_inf("it has no [Version] section")
    return inf


def _decoded(data: bytes) -> tuple[str, str]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        candidates: tuple[str, ...] = ("utf-16",)
    else:
        candidates = ("ascii", "utf-8-sig", "cp1252")
    for encoding in candidates:
        try:
            return encoding, data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _no_inf("its bytes are text of no kind that Windows reads: ANSI, or UTF-16 with a mark")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    begun, first = "", 0
    for number, raw in enumerate(re.split("\r\n|\r|\n", text), 1):
        line = _COMMENT.sub(lambda match: match[1] or "", raw).strip()
        first = first if begun else number
        begun += line.removesuffix("\\")
        if begun and not _goes_on(line):
            yield first, begun
            begun = ""
    if begun:
        yield first, begun


def _goes_on(line: str) -> bool:
    """Whether the next line belongs to this one: a backslash at the end says so, but not in a section's header."""
    return line.endswith("\\") and not line.startswith("[")


def _line(text: str, number: int) -> Line:
    pair = _KEY.fullmatch(text)
    key, rest = (_unquoted(pair[1]), pair[2]) if pair else ("", text)
    values = []
    for match in _VALUE.finditer(rest):
        values.append(_unquoted(match[1]))
        if not match[2]:
            break
    return Line(key, tuple(values), number, text)


def _unquoted(value: str) -> str:
    """Quotes may be around a part of a value; two of them inside are one that stays."""
    return re.sub(_QUOTED, lambda match: match[0][1:-1].replace('""', '"'), value.strip())


def _no_inf(found: str) -> DriverFailure:
    return DriverFailure(Diagnostic("PYN-P12", f"this is no INF: {found}", help="give the .inf file of a driver package"))
