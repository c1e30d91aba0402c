"""[Version]: what the package is, from whom, since when, and which catalog vouches for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from pyndis.diagnostics import Diagnostic
from pyndis.package.infverif.subject import FACTS, Subject

SIGNATURES = ("$windows nt$", "$chicago$")  # the second is Windows 95's, which later ones still take
_DATE_AND_VERSION = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:\s*,\s*([0-9.]+))?")
_GUID = re.compile(r"\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}", re.IGNORECASE)
FUTURE = "PYN-V16"
_LONGEST_CLASS = 31  # MAX_CLASS_NAME_LEN of Windows' setup functions, less the end
_WANTED = ("Signature", "Class", "ClassGuid", "Provider", "DriverVer")


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V10 to PYN-V19."""
    yield from _wanted(subject)
    yield from _signature(subject)
    yield from _class(subject)
    yield from _provider(subject)
    yield from _driver_version(subject)
    yield from _catalog(subject)
    yield from _lockdown(subject)


def _wanted(subject: Subject) -> Iterator[Diagnostic]:
    for key in _WANTED:
        if not subject.inf.value("Version", key):
            yield subject.error("PYN-V10", f"[Version] has no {key}", subject.header("Version"), f"add {key} = … to it")


def _signature(subject: Subject) -> Iterator[Diagnostic]:
    line = subject.line("Version", "Signature")
    if line and (found := subject.inf.expanded(",".join(line.values))) and found.lower() not in SIGNATURES:
        yield subject.error("PYN-V11", f"Signature is {found}, which is no driver's", line, 'write Signature = "$Windows NT$"')


def _class(subject: Subject) -> Iterator[Diagnostic]:
    line = subject.line("Version", "ClassGuid")
    guid = subject.inf.value("Version", "ClassGuid") or ""
    if not line or not guid:
        return
    if not _GUID.fullmatch(guid):
        yield subject.error("PYN-V12", f"ClassGuid {guid} is no GUID in braces", line, "Net's is " + FACTS["classes"]["Net"])
        return
    name = subject.inf.value("Version", "Class") or ""
    if len(name) > _LONGEST_CLASS:
        message = f"the class's name has {len(name)} characters; Windows takes {_LONGEST_CLASS}"
        yield subject.error("PYN-V19", message, subject.line("Version", "Class") or line, "give the class a shorter name")
    known = {each.lower(): (each, of) for each, of in FACTS["classes"].items()}
    owner = next((each for each, of in FACTS["classes"].items() if of.lower() == guid.lower()), name)
    wanted = known.get(name.lower(), (name, guid))[1]
    if name and (wanted.lower() != guid.lower() or owner.lower() != name.lower()):
        message = f"Class {name} and ClassGuid {guid} are not of the same class"
        yield subject.error(
            "PYN-V13", message, line, f"the GUID of {name} is {wanted}" if wanted != guid else f"the GUID is {owner}'s"
        )


def _provider(subject: Subject) -> Iterator[Diagnostic]:
    line = subject.line("Version", "Provider")
    if line and (subject.inf.value("Version", "Provider") or "").strip().lower() in ("microsoft", "microsoft corporation"):
        yield subject.error(
            "PYN-V14", "the provider is Microsoft, which is for Windows' own drivers", line, "name who makes the driver"
        )


def _driver_version(subject: Subject) -> Iterator[Diagnostic]:
    line = subject.line("Version", "DriverVer")
    text = subject.inf.value("Version", "DriverVer") or ""
    if not line or not text:
        return
    match = _DATE_AND_VERSION.fullmatch(text.strip())
    day = _day(match) if match else None
    if not match or not day or not _is_version(match[4]):
        message = f"DriverVer is {text}; wanted: mm/dd/yyyy,w.x.y.z with four numbers of at most 65535"
        yield subject.error("PYN-V15", message, line, "for example DriverVer = 04/21/2024,1.0.0.0")
    elif day > subject.today + timedelta(days=1):  # somewhere it is tomorrow already
        message = f"DriverVer is of {day.isoformat()}, which is in the future"
        yield subject.error(FUTURE, message, line, "write the day on which this version was made")


def _day(match: re.Match[str]) -> date | None:
    try:
        return date(int(match[3]), int(match[1]), int(match[2]))
    except ValueError:
        return None


def _is_version(text: str | None) -> bool:
    parts = text.split(".") if text else []
    return text is None or (1 <= len(parts) <= 4 and all(part.isdigit() and int(part) <= 0xFFFF for part in parts))


def _catalog(subject: Subject) -> Iterator[Diagnostic]:
    lines = [each for each in subject.inf.lines("Version") if re.fullmatch(r"catalogfile(\..*)?", each.key.lower())]
    if not lines:
        message = "[Version] names no CatalogFile, so that the package cannot be signed"
        yield subject.error("PYN-V17", message, subject.header("Version"), "add CatalogFile = NAME.cat")
    for line in lines:
        name = subject.inf.expanded(",".join(line.values))
        if not re.fullmatch(r"[^\\/:*?\"<>|]+\.cat", name, re.IGNORECASE):
            yield subject.error(
                "PYN-V17", f"CatalogFile {name!r} is no name of a catalog", line, "write a bare name that ends in .cat"
            )


def _lockdown(subject: Subject) -> Iterator[Diagnostic]:
    if subject.inf.value("Version", "PnpLockdown") != "1":
        message = "[Version] does not say PnpLockdown = 1: programs may change the driver's files behind Windows' back"
        say = subject.error if subject.windows_driver else subject.warning
        yield say("PYN-V18", message, subject.header("Version"), "add PnpLockdown = 1")
