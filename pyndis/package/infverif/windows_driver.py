"""What Microsoft asks of a "Windows Driver" and a package that runs on Windows 7 cannot do: judged where somebody asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pyndis.diagnostics import Diagnostic
from pyndis.package.infverif.files import copied, folder
from pyndis.package.infverif.registry import written, written_by
from pyndis.package.infverif.services import added
from pyndis.package.infverif.subject import FACTS, Subject

_FOLDER = re.compile(r"(?<!%)%-?\d+%")
_FILTERS = ("upperfilters", "lowerfilters")


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V85 to PYN-V88. What else a Windows Driver must not do warns in any INF (PYN-V18, PYN-V80 to PYN-V84), and is an error
    here."""
    if not subject.windows_driver:
        return
    yield from _service_keys(subject)
    yield from _values(subject)
    yield from _folders(subject)


def _service_keys(subject: Subject) -> Iterator[Diagnostic]:
    sections = {section.lower() for _, _, _, section in added(subject) if section}
    for section in sorted(sections):
        for line, (root, key, *_) in written_by(subject, section):
            if root.upper() == "HKR" and not re.match(r"parameters(\\|$)", key, re.IGNORECASE):
                message = f"a value is written to the service's key{', ' + key if key else ''}, and not below Parameters"
                yield subject.error("PYN-V85", message, line, r"write it below HKR,Parameters")


def _values(subject: Subject) -> Iterator[Diagnostic]:
    for line, values in written(subject):
        name = (*values, "", "", "")[2].lower()
        if name in _FILTERS:
            message = f"a filter driver is added by the value {name}"
            yield subject.error("PYN-V86", message, line, "add it in a section [Install.Filters] with AddFilter")
        elif any(_FOLDER.search(each) for each in line.values[4:]):
            message = "a path with the number of a folder is written to the registry, where it stays as it was on one machine"
            yield subject.warning("PYN-V87", message, line, "write %%SystemRoot%% and the rest of the path")


def _folders(subject: Subject) -> Iterator[Diagnostic]:
    for _, _, destination, name in copied(subject):
        dirid = folder(subject, destination) if destination else None
        if destination and dirid in FACTS["dirids"]["withdrawn"]:
            message = f"{name} is copied to folder {dirid}, which Windows 11 24H2 no longer lets packages name"
            yield subject.error("PYN-V88", message, destination, "write 13")
