"""Lines that Windows' reader of INFs takes in another way than they look, or not at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from pyndis.diagnostics import Diagnostic
from pyndis.package.infverif.subject import Subject

_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_LONGEST = 255  # a section's name: LINE_LEN of Windows' setup functions
# Sections where one key stands once. Elsewhere directives repeat, and each counts.
_ONCE = ("version", "strings", "destinationdirs")


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V01 to PYN-V04, PYN-V06 and PYN-V08."""
    yield from _encoding(subject)
    yield from _lines(subject)
    yield from _twice(subject)
    yield from _names(subject)
    for header in subject.inf.repeated:
        message = f"[{header.name}] stands here once more; Windows takes both together, and InfVerif refuses it"
        yield subject.warning("PYN-V08", message, header.number, "write one section of that name", "once more here")
    if subject.inf.stray:
        message = "there are lines before the first section, which Windows passes over"
        yield subject.warning("PYN-V06", message, subject.inf.stray[0], "begin each with ; or take them out")


def _encoding(subject: Subject) -> Iterator[Diagnostic]:
    if subject.inf.encoding == "utf-8-sig":
        message = "the INF is UTF-8 beyond ASCII; Windows reads ANSI, or UTF-16 with a mark"
        lines = (line for lines in subject.inf.sections.values() for line in lines if not line.text.isascii())
        if (first := min(lines, key=lambda line: line.number, default=None)) is not None:
            yield subject.error("PYN-V01", message, first, "save the file as UTF-16LE with its mark")


def _lines(subject: Subject) -> Iterator[Diagnostic]:
    for lines in subject.inf.sections.values():
        for line in lines:
            bare = _QUOTED.sub("", line.text)
            if '"' in bare:
                yield subject.error("PYN-V02", "a quote is opened and not closed in its line", line, 'put the closing " there')
            elif bare.startswith("["):
                yield subject.error(
                    "PYN-V02", "a section's header has no closing bracket", line, "write [Name] alone in its line"
                )


def _twice(subject: Subject) -> Iterator[Diagnostic]:
    for section in _ONCE:
        seen = Counter[str]()
        for line in subject.inf.lines(section):
            key = line.key.lower()
            seen[key] += 1
            if key and seen[key] == 2:
                message = f"[{subject.name(section)}] has the key {line.key} more than once; Windows takes the first"
                yield subject.warning("PYN-V03", message, line, "keep one of the lines", "once more here")


def _names(subject: Subject) -> Iterator[Diagnostic]:
    for header in subject.inf.headers.values():
        if len(header.name) > _LONGEST:
            message = f"the name of a section has {len(header.name)} characters; Windows takes {_LONGEST}"
            yield subject.error("PYN-V04", message, header.number, "give it a shorter name")
