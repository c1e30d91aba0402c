"""Universal and isolated packages: what a package may no longer do to the rest of Windows.

These are Windows 10's rules. A package for Windows 7 cannot follow all of them, so they warn; where every target of the
INF is a Windows that has the driver store's folder (13), they are errors.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.diagnostics import Diagnostic
from pyndis.package.inf_reader import Line
from pyndis.package.infverif.files import copied, folder, is_below_windows
from pyndis.package.infverif.registry import written
from pyndis.package.infverif.sections import reached
from pyndis.package.infverif.strings import is_folder
from pyndis.package.infverif.subject import FACTS, Subject, number, undecorated

_FACTS = FACTS["isolation"]


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V80 to PYN-V84."""
    yield from _legacy(subject)
    yield from _registry(subject)
    yield from _files(subject)


def _found(subject: Subject, code: str, message: str, line: Line | int, help: str) -> Diagnostic:
    say = subject.error if subject.is_strict else subject.warning
    return say(code, message, line, help)


def _legacy(subject: Subject) -> Iterator[Diagnostic]:
    for section in sorted(reached(subject)):
        if undecorated(section).rpartition(".")[2] in _FACTS["legacy_suffixes"]:
            message = f"[{subject.name(section)}] is of a kind that Windows 10 no longer has in packages"
            yield _found(subject, "PYN-V80", message, subject.header(section), "take it out; a device can do without it")
        undoes = section.startswith("defaultuninstall")  # what it deletes, the package brought
        for line in subject.inf.lines(section) if not undoes else ():
            if line.key.lower() in _FACTS["legacy_directives"] and line.values:
                message = f"{line.key} changes what is not of this package"
                yield _found(subject, "PYN-V80", message, line, "take it out: Windows removes what a package brought")


def _registry(subject: Subject) -> Iterator[Diagnostic]:
    for line, values in written(subject):
        root, _, name, flags = (*values, "", "", "", "")[:4]
        bits = number(flags or "0") or 0
        if name.lower() == "coinstallers32":
            yield _found(subject, "PYN-V82", "a co-installer is registered", line, "do its work in a service or a component")
        elif root.upper() in _FACTS["foreign_roots"]:
            message = f"{root} is written, beyond the device's own key"
            yield _found(subject, "PYN-V81", message, line, "write below HKR")
        elif bits & FACTS["registry"]["append"]:
            message = "a text is appended to a list that others share"
            yield _found(subject, "PYN-V83", message, line, "write a value of the package's own")


def _files(subject: Subject) -> Iterator[Diagnostic]:
    for _, _, destination, name in copied(subject):
        dirid = folder(subject, destination) if destination else None
        if destination is None or dirid is None or not is_folder(dirid):
            continue
        if subject.windows_driver and dirid != FACTS["dirids"]["driver_store"]:
            message = f"{name} is copied to folder {dirid}, and a Windows Driver runs from the driver store"
            yield subject.error("PYN-V84", message, destination, "write 13")
        elif subject.is_isolated and dirid != FACTS["dirids"]["driver_store"]:
            message = f"{name} is copied to folder {dirid}, though every Windows of this INF runs it from the driver store"
            yield subject.warning("PYN-V84", message, destination, "write 13")
        elif not is_below_windows(dirid):
            message = f"{name} is copied to folder {dirid}, which is not below Windows' own"
            yield subject.warning("PYN-V84", message, destination, "12 is the drivers' folder, 11 is system32")
