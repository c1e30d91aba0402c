"""Where a key of a TOML text stands, so that what is wrong with its value can be shown in place.

`tomllib` gives values without places; this finds them again, for the plain layout that `driver.toml` has: one key a
line below `[table]` headers. What it cannot find it places at the table's header, else at the first line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pyndis.diagnostics import Span

_NAME = r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'"""
_HEADER = re.compile(rf"\s*\[\s*((?:{_NAME})(?:\s*\.\s*(?:{_NAME}))*)\s*\]")
_PAIR = re.compile(rf"\s*((?:{_NAME})(?:\s*\.\s*(?:{_NAME}))*)\s*=\s*")
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|\[[^\]#]*\]?|[^#\n]*[^#\s]')

Key = tuple[str, ...]


@dataclass(frozen=True)
class TomlSource:
    """The text of one file, and where its keys are."""

    file: Path
    keys: dict[Key, Span]
    values: dict[Key, Span]

    @classmethod
    def scan(cls, file: Path, text: str) -> TomlSource:
        """Find the keys and values of a text that `tomllib` accepts."""
        keys: dict[Key, Span] = {}
        values: dict[Key, Span] = {}
        table: Key = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.match(line):
                table = _parts(header[1])
                keys[table] = _span(file, number, line, *header.span(1))
            elif pair := _PAIR.match(line):
                key = (*table, *_parts(pair[1]))
                keys[key] = _span(file, number, line, *pair.span(1))
                value = _VALUE.match(line, pair.end())
                values[key] = _span(file, number, line, *value.span()) if value else keys[key]
        return cls(file, keys, values)

    def key(self, key: Key) -> Span:
        """The place of a key's name, else of the table that holds it, else of the file."""
        for length in range(len(key), 0, -1):
            if key[:length] in self.keys:
                return self.keys[key[:length]]
        return Span(self.file, 1)

    def value(self, key: Key) -> Span:
        """The place of a key's value, else of what is next to it."""
        return self.values.get(key) or self.key(key)


def _parts(dotted: str) -> Key:
    return tuple(part.strip("\"'") for part in re.findall(_NAME, dotted))


def _span(file: Path, number: int, line: str, start: int, end: int) -> Span:
    # Columns count bytes, as in `ast`.
    first, last = (len(line[:index].encode()) for index in (start, end))
    return Span(file, number, first, number, last)
