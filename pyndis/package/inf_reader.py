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


@dataclass(frozen=True)
class Inf:
    """An INF's sections, by their names in lower case."""

    sections: dict[str, list[Line]] = field(default_factory=dict)

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
    """The sections of an INF in ASCII, UTF-8 or UTF-16. Raises DriverFailure (PYN-P12) for what is none."""
    inf = Inf()
    current: list[Line] | None = None
    for number, line in _lines(data):
        if header := re.fullmatch(r"\[([^\]]+)\]", line):
            current = inf.sections.setdefault(header[1].strip().lower(), [])
        elif current is None:
            raise _no_inf(f"line {number} is outside of any section")
        else:
            current.append(_line(line))
    if "version" not in inf.sections:
        raise _no_inf("it has no [Version] section")
    return inf


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    try:
        text = data.decode("utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_inf("its bytes are neither ASCII nor UTF-8, nor UTF-16 with a mark") from error
    for number, raw in enumerate(text.splitlines(), 1):
        if line := _COMMENT.sub(lambda match: match[1] or "", raw).strip():
            yield number, line


def _line(text: str) -> Line:
    pair = _KEY.fullmatch(text)
    key, rest = (_unquoted(pair[1]), pair[2]) if pair else ("", text)
    values = []
    for match in _VALUE.finditer(rest):
        values.append(_unquoted(match[1]))
        if not match[2]:
            break
    return Line(key, tuple(values))


def _unquoted(value: str) -> str:
    value = value.strip()
    quoted = len(value) > 1 and value.startswith('"') and value.endswith('"')
    return value[1:-1].replace('""', '"') if quoted else value


def _no_inf(found: str) -> DriverFailure:
    return DriverFailure(Diagnostic("PYN-P12", f"this is no INF: {found}", help="give the .inf file of a driver package"))
