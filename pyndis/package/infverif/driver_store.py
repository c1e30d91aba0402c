"""Files in the package and where Windows keeps them: the driver store has the package's own folders and names."""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.diagnostics import Diagnostic
from pyndis.package.inf_reader import Line
from pyndis.package.infverif.files import copied, folder, source_sections
from pyndis.package.infverif.subject import FACTS, Subject

_FACTS = FACTS["dirids"]


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V45 to PYN-V48."""
    for section in source_sections(subject):
        for line in subject.inf.lines(section):
            if subject.inf.expanded(line.key).lower().endswith(".cat"):
                message = f"{line.key} is a catalog, which is no file that the package copies"
                yield subject.error("PYN-V45", message, line, "take the line out: CatalogFile in [Version] names it")
    yield from _moved(subject)
    yield from _twice(subject)


def _moved(subject: Subject) -> Iterator[Diagnostic]:
    """A file that runs from the driver store stays where it is in the package, under its name."""
    places = _places(subject)
    for line, section, destination, name in copied(subject):
        if destination is None or folder(subject, destination) != _FACTS["driver_store"]:
            continue
        values = subject.values(line)
        if section and values[0].lower() != name.lower():
            message = f"{name} is copied as {values[0]} in the driver store, where files keep their names"
            yield subject.error("PYN-V46", message, line, f"name it {values[0]} in the package, or copy it under its name")
        below = _path((*subject.values(destination), "")[1])
        if name.lower() in places and below not in places[name.lower()]:
            found = sorted(places[name.lower()])[0] or "beside the INF"
            message = f"{name} is {found} in the package, and the driver store is to have it {below or 'beside the INF'}"
            yield subject.error("PYN-V46", message, destination, "name the same folder below the INF's in both")


def _places(subject: Subject) -> dict[str, set[str]]:
    """Where each file lies in the package, below the INF: one place for each section that lists it."""
    disks: dict[str, str] = {}
    for section in (each for each in subject.inf.sections if each.split(".")[0] == "sourcedisksnames"):
        for line in subject.inf.lines(section):
            disks[line.key] = _path((*subject.values(line), "", "", "", "")[3])
    found: dict[str, set[str]] = {}
    for section in source_sections(subject):
        for line in subject.inf.lines(section):
            disk, below, *_ = (*subject.values(line), "", "")
            place = "\\".join(filter(None, (disks.get(disk, ""), _path(below))))
            found.setdefault(subject.inf.expanded(line.key).lower(), set()).add(place)
    return found


def _path(text: str) -> str:
    return text.strip().strip("\\.").lower()


def _twice(subject: Subject) -> Iterator[Diagnostic]:
    """What is where on the disk must not depend on which device came first."""
    sources: dict[tuple[tuple[str, ...], str], tuple[str, Line]] = {}
    for line, section, destination, name in copied(subject):
        if destination is None:
            continue
        place = tuple(each.lower() for each in subject.values(destination))
        target = (subject.values(line)[0] if section else name).lower()
        source, first = sources.setdefault((place, target), (name.lower(), line))
        if source != name.lower():
            message = f"{target} is copied from {name} here, and from {source} in line {first.number}"
            yield subject.error("PYN-V47", message, line, "give the two files names of their own")
