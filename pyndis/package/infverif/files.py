"""Files: from which medium they come, and to which folder they go."""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.diagnostics import Diagnostic
from pyndis.package.inf_reader import Line
from pyndis.package.infverif.sections import reached, references
from pyndis.package.infverif.strings import is_folder
from pyndis.package.infverif.subject import FACTS, Subject, number

_DEFAULT = "defaultdestdir"


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V40 to PYN-V44."""
    yield from _folders(subject)
    sources = _sources(subject)
    for line, _, destination, name in copied(subject):
        if name.lower() not in sources:
            message = f"{name} is copied, and no [SourceDisksFiles] says where it is in the package"
            yield subject.error("PYN-V40", message, line, f"add {name} = 1 to [SourceDisksFiles]")
        if destination is None:
            message = f"no folder is named for {name}: [DestinationDirs] has neither this section nor DefaultDestDir"
            yield subject.error("PYN-V42", message, line, "add DefaultDestDir = 12 to [DestinationDirs]")
    yield from _disks(subject)


def copied(subject: Subject) -> Iterator[tuple[Line, str, Line | None, str]]:
    """What CopyFiles copies: the line, the section ("" for @FILE), the line that names its folder, and the source file."""
    seen = set()
    for section in sorted(reached(subject)):
        for line in subject.inf.lines(section):
            if line.key.lower() == "copyfiles":
                default = subject.line("DestinationDirs", _DEFAULT)
                yield from ((line, "", default, each[1:]) for each in subject.values(line) if each.startswith("@"))
        for _, directive, name in references(subject, section):
            if directive == "copyfiles" and name.lower() not in seen:
                seen.add(name.lower())
                yield from _listed(subject, name)


def _listed(subject: Subject, section: str) -> Iterator[tuple[Line, str, Line | None, str]]:
    folder = subject.line("DestinationDirs", section) or subject.line("DestinationDirs", _DEFAULT)
    for line in subject.inf.lines(section):
        target, source, *_ = (*subject.values(line), "")
        yield line, section, folder, source or target


def folder(subject: Subject, line: Line) -> int | None:
    """The number of a [DestinationDirs] line's folder, None where it is none."""
    values = subject.values(line)
    return number(values[0]) if values else None


def _folders(subject: Subject) -> Iterator[Diagnostic]:
    for line in subject.inf.lines("DestinationDirs"):
        key = subject.inf.expanded(line.key).lower()
        if (found := folder(subject, line)) is None or not is_folder(found):
            message = f"{','.join(line.values)} is no number of a folder"
            yield subject.error("PYN-V41", message, line, "12 is the drivers' folder, 11 is system32, 13 the driver store")
        if key != _DEFAULT and key not in subject.inf.sections:
            message = f"there is no section [{line.key}] to name a folder for"
            yield subject.warning("PYN-V43", message, line, "take the line out, or mend the name")


def source_sections(subject: Subject) -> list[str]:
    """[SourceDisksFiles] and those of one architecture."""
    return [each for each in subject.inf.sections if each.split(".")[0] == "sourcedisksfiles"]


def _sources(subject: Subject) -> set[str]:
    return {subject.inf.expanded(line.key).lower() for each in source_sections(subject) for line in subject.inf.lines(each)}


def _disks(subject: Subject) -> Iterator[Diagnostic]:
    sections = [each for each in subject.inf.sections if each.split(".")[0] == "sourcedisksnames"]
    known = {number(subject.inf.expanded(line.key)) for each in sections for line in subject.inf.lines(each)}
    for section in source_sections(subject):
        for line in subject.inf.lines(section):
            disk = (*subject.values(line), "")[0]
            if number(disk) is None or number(disk) not in known:
                message = f"the file {line.key} is on the disk {disk or 'of no number'}, which no [SourceDisksNames] has"
                yield subject.error("PYN-V44", message, line, "write the number of one of its lines, or add one")


def is_below_windows(dirid: int) -> bool:
    """Whether the folder lies below Windows' own."""
    return dirid in FACTS["dirids"]["system"]
