"""Include and Needs: what a section takes over from sections of its own INF or of Windows' INFs."""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.diagnostics import Diagnostic
from pyndis.package.inf_reader import Line
from pyndis.package.infverif.sections import reached
from pyndis.package.infverif.subject import FACTS, Subject, undecorated


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V34 (of another kind), PYN-V35 (of no INF that is named)."""
    for section in sorted(reached(subject)):
        lines = subject.inf.lines(section)
        includes = any(line.key.lower() == "include" for line in lines)
        for line in lines:
            if line.key.lower() == "needs":
                for name in filter(None, subject.values(line)):
                    yield from _needed(subject, section, line, name, includes)


def _needed(subject: Subject, section: str, line: Line, name: str, includes: bool) -> Iterator[Diagnostic]:
    ours, theirs = suffix(section), suffix(name.lower())
    if ours != theirs:
        message = f"[{subject.name(section)}] needs [{name}], which is {_kind(theirs)} and not {_kind(ours)}"
        wanted = f"{name.rpartition('.')[0] if theirs else name}{'.' + ours.capitalize() if ours else ''}"
        yield subject.error("PYN-V34", message, line, f"need [{wanted}], and the other one in a section of its kind")
    elif not includes and not _is_here(subject, name.lower()):
        message = f"[{name}] is needed, which neither this INF has nor one that the same section includes"
        yield subject.error("PYN-V35", message, line, "add Include = NAME.inf to this very section")


def suffix(section: str) -> str:
    """What a section's name (lower case) ends in, of what Windows appends to that of an install section; "" for that itself."""
    last = undecorated(section).rpartition(".")[2]
    return last if last in FACTS["sections"]["suffixes"] and "." in section else ""


def _kind(suffix: str) -> str:
    return f"one of .{suffix.capitalize()}" if suffix else "an install section"


def _is_here(subject: Subject, name: str) -> bool:
    return name in subject.inf.sections or any(undecorated(each) == undecorated(name) for each in subject.inf.sections)
