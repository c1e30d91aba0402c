"""Sections that directives name and the INF does not have, and those that it has and nothing names."""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.diagnostics import Diagnostic
from pyndis.package.inf_reader import Line
from pyndis.package.infverif.strings import is_strings
from pyndis.package.infverif.subject import FACTS, Subject, undecorated

_PLACES = {"second": 1, "third": 2}


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V30 (not there), PYN-V31 (not reached), PYN-V32 (used as two things), PYN-V33 (a line that is no directive)."""
    users: dict[str, str] = {}
    found = reached(subject)
    for section in (each for each in subject.inf.sections if each in found):
        for line, directive, name in references(subject, section):
            if name.lower() not in subject.inf.sections:
                message = f"{line.key} names the section [{name}], which is not there"
                help = f"add [{name}], or write @{name} if it is a file" if directive == "copyfiles" else f"add [{name}]"
                yield subject.error("PYN-V30", message, line, help)
            elif not _goes_with(users.setdefault(name.lower(), directive), directive):
                message = f"[{name}] is used by {line.key} here and by {users[name.lower()]} elsewhere"
                yield subject.warning("PYN-V32", message, line, "give each directive a section of its own")
            elif directive.startswith("addservice"):
                yield from _directives(subject, name)
    for section in subject.install_sections:
        yield from _directives(subject, section)
    for section in subject.inf.sections:
        if section not in found:
            message = f"nothing uses the section [{subject.name(section)}], so that Windows never reads it"
            yield subject.warning("PYN-V31", message, subject.header(section), "take it out, or name it in a directive")


def _goes_with(one: str, other: str) -> bool:
    """Whether two directives may share a section: the same, or one that undoes what the other does."""
    return (
        one == other
        or (one[:3] + other[:3] in ("adddel", "deladd") and one[3:] == other[3:])
        or {one, other} == {"copyfiles", "delfiles"}
    )


def _directives(subject: Subject, section: str) -> Iterator[Diagnostic]:
    for line in subject.inf.lines(section):
        if not line.key:
            message = f"[{subject.name(section)}] takes directives, and this line is none: Windows passes over it"
            help = "write Directive = value; what goes to the registry belongs in a section that AddReg names"
            yield subject.error("PYN-V33", message, line, help)


def references(subject: Subject, section: str) -> Iterator[tuple[Line, str, str]]:
    """Lines of a section that name other sections: the line, the directive in lower case, and the name."""
    for line in subject.inf.lines(section):
        directive = line.key.lower()
        kind = FACTS["directives"].get(directive)
        values = subject.values(line)
        if directive == "addservice":
            yield from ((line, "addservice, event log" if at else directive, each) for at, each in enumerate(values[2:4]) if each)
        elif kind == "list":
            yield from ((line, directive, each) for each in values if each and not each.startswith("@"))
        elif kind and len(values) > (place := _PLACES[kind]) and values[place]:
            yield line, directive, values[place]


def reached(subject: Subject) -> set[str]:
    """The sections that Windows comes to. What a value of a reached section names is taken as reached, whatever names it."""
    sections = subject.inf.sections
    pending = [each for each in sections if _is_root(each)]
    pending += [section.lower() for _, section, _ in subject.decorations]
    found: set[str] = set()
    families = _families(subject)
    while pending:
        section = pending.pop()
        if section in found or section not in sections:
            continue
        found.add(section)
        pending += families.get(undecorated(section), ())
        if not is_strings(section):
            for line in sections[section]:
                for value in subject.values(line):
                    pending += families.get(undecorated(value.lower()), (value.lower(),))
    return found


def _is_root(section: str) -> bool:
    first = undecorated(section).split(".")[0]
    return is_strings(section) or first in FACTS["sections"]["roots"]


def _families(subject: Subject) -> dict[str, tuple[str, ...]]:
    """Sections by the name without decorations and what Windows appends: [a.ntamd64.services] belongs to [a]."""
    found: dict[str, tuple[str, ...]] = {}
    for section in subject.inf.sections:
        name = undecorated(section)
        found[name] = (*found.get(name, ()), section)
        while (parts := name.rpartition("."))[2] in FACTS["sections"]["suffixes"]:
            name = parts[0]
            found[name] = (*found.get(name, ()), section)
    return found
