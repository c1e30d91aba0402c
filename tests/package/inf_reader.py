"""A small reader of INF files, written from Microsoft's description of their syntax, to judge ours."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """`key = values`, or only values."""

    key: str
    values: tuple[str, ...]


class Inf:
    def __init__(self, data: bytes) -> None:
        text = data.decode("utf-16") if data[:2] == b"\xff\xfe" else data.decode("ascii")
        assert "\n" not in text.replace("\r\n", ""), "a line does not end in CRLF"
        self.sections: dict[str, list[Line]] = {}
        current: list[Line] | None = None
        for raw in text.split("\r\n"):
            line = _without_comment(raw).strip()
            if header := re.fullmatch(r"\[(.+)\]", line):
                assert header[1].lower() not in self.sections, f"[{header[1]}] stands twice"
                current = self.sections.setdefault(header[1].lower(), [])
            elif line:
                assert current is not None, f"{line} is before the first section"
                current.append(_line(line))
        self.strings = {line.key.lower(): line.values[0] for line in self.sections["strings"]}

    def lines(self, section: str) -> list[Line]:
        return self.sections[section.lower()]

    def value(self, section: str, key: str) -> str:
        (line,) = [line for line in self.lines(section) if line.key.lower() == key.lower()]
        return self.expand(",".join(line.values))

    def expand(self, text: str) -> str:
        """Put the strings in; %12% and the like are folders, and stay."""

        def replaced(match: re.Match[str]) -> str:
            name = match[1]
            return "%" if not name else match[0] if name.isdigit() else self.strings[name.lower()]

        return re.sub("%([^%]*)%", replaced, text)


def _without_comment(line: str) -> str:
    return re.sub(r"""("(?:[^"]|"")*")|;.*""", lambda match: match[1] or "", line)


def _line(line: str) -> Line:
    key, equals, rest = line.partition("=") if not line.lower().startswith("hkr") else ("", "", line)
    if not equals:
        key, rest = "", line
    return Line(
        key.strip(), tuple(map(_unquoted, re.findall(r"""\s*((?:"(?:[^"]|"")*"|[^,"])*)(?:,|$)""", rest)[: _count(rest)]))
    )


def _count(values: str) -> int:
    return re.sub('"(?:[^"]|"")*"', "", values).count(",") + 1


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1].replace('""', '"') if value.startswith('"') else value
