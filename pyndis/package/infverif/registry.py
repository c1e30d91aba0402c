"""What AddReg writes to the registry."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pyndis.diagnostics import Diagnostic
from pyndis.package.inf_reader import Line
from pyndis.package.infverif.sections import reached, references
from pyndis.package.infverif.subject import FACTS, Subject, number

_FACTS = FACTS["registry"]
_TYPES = [_FACTS[each] for each in ("no_type", "binary", "multi_text", "expanded_text", "number", "wide_number", "nothing")]
_SERVICES = re.compile(r"system\\currentcontrolset\\services(\\|$)", re.IGNORECASE)


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V50 to PYN-V55."""
    for line, values in written(subject):
        root, key, _, flags, *data = (*values, "", "", "", "")[: max(len(values), 4)]
        if root.upper() not in _FACTS["roots"]:
            yield subject.error(
                "PYN-V50", f"{root or 'nothing'} is no root of the registry", line, "HKR is the device's or service's own key"
            )
        if root.upper() == "HKLM" and _SERVICES.match(key):
            message = "a service's key is written by its full path"
            yield subject.error("PYN-V51", message, line, "write HKR in a section that the service's section names by AddReg")
        yield from _typed(subject, line, flags, data)


def written(subject: Subject) -> Iterator[tuple[Line, tuple[str, ...]]]:
    """Lines of the sections that AddReg names, with strings put in; each once."""
    seen = set()
    for section in sorted(reached(subject)):
        for _, directive, name in references(subject, section):
            if directive == "addreg" and name.lower() not in seen:
                seen.add(name.lower())
                yield from ((line, subject.values(line)) for line in subject.inf.lines(name))


def written_by(subject: Subject, section: str) -> Iterator[tuple[Line, tuple[str, ...]]]:
    """The same of what one section's AddReg names; at least root, key, name and flags, empty where they are not there."""
    for _, directive, name in references(subject, section):
        if directive == "addreg":
            for line in subject.inf.lines(name):
                values = subject.values(line)
                yield line, (*values, "", "", "", "")[: max(len(values), 4)]


def _typed(subject: Subject, line: Line, flags: str, data: list[str]) -> Iterator[Diagnostic]:
    if "%" in flags:
        return  # PYN-V05 says it: there is no such string
    bits = number(flags) if flags else 0
    if bits is None or bits & _FACTS["type_mask"] not in _TYPES or bits & ~(_FACTS["type_mask"] | _FACTS["modifiers"]):
        message = f"{flags} is no type of a registry value"
        yield subject.error(
            "PYN-V52", message, line, "0x00000000 is a text, 0x00020000 one with %variables%, 0x00010001 a number"
        )
        return
    kind = bits & _FACTS["type_mask"]
    if bits & _FACTS["append"] and kind != _FACTS["multi_text"]:
        message = "a text is appended to a value that is no list of texts"
        yield subject.error("PYN-V54", message, line, "write 0x00010008, or leave the flag 8 out")
    if kind == _FACTS["number"] and data:
        yield from _number(subject, line, data)
    elif kind == _FACTS["binary"] and not all(re.fullmatch("(0x)?[0-9a-fA-F]{1,2}", each) for each in data):
        message = "binary data is bytes in hexadecimal, 00 to FF, with commas between them"
        yield subject.error("PYN-V55", message, line, "for example 0x00000001,de,ad; 0x00010001 is a number")


def _number(subject: Subject, line: Line, data: list[str]) -> Iterator[Diagnostic]:
    """A REG_DWORD is one number, or its four bytes in hexadecimal."""
    if len(data) == 4 and all(re.fullmatch("[0-9a-fA-F]{1,2}", each) for each in data):
        return
    value = number(data[0])
    if len(data) > 1 or value is None or not -(1 << 31) <= value < 1 << 32:
        yield subject.error("PYN-V53", f"{','.join(data)!r} is no number of 32 bits", line, "write one, decimal or as 0x…")
