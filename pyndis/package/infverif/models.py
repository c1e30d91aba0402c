"""From the manufacturers to the install sections: for which architectures, and which devices."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pyndis.diagnostics import Diagnostic
from pyndis.package.infverif.subject import FACTS, Subject, build_of, undecorated
from pyndis.package.rules import ARCHITECTURES

_NAMES = "|".join(FACTS["architectures"]["names"])
_VERSION = r"(\.\d*){0,5}"
_DECORATION = re.compile(rf"NT({_NAMES})?{_VERSION}", re.IGNORECASE)
_PLACEHOLDER = "$arch$"
_LONGEST_ID = 200
_FIRST_BUILD = 14310  # the first Windows that reads it


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V20 to PYN-V28."""
    if not subject.inf.lines("Manufacturer"):
        if not subject.install_sections:
            message = "the INF installs nothing: it has neither [Manufacturer] nor [DefaultInstall]"
            yield subject.error("PYN-V20", message, 1, "add [Manufacturer] with a line %Name% = Models,NTamd64")
        return
    yield from _defaults(subject)
    yield from _decorations(subject)
    yield from _architecture(subject)
    yield from _models(subject)


def _defaults(subject: Subject) -> Iterator[Diagnostic]:
    for section in subject.inf.sections:
        if undecorated(section) == "defaultinstall":
            message = f"the INF has [Manufacturer] and [{subject.name(section)}], of which Windows takes one"
            help = "take one of them out: models are for devices, the other for packages without one"
            yield subject.error("PYN-V27", message, subject.header(section), help)


def _decorations(subject: Subject) -> Iterator[Diagnostic]:
    for line, section, decoration in subject.decorations:
        if _PLACEHOLDER in decoration.lower():
            message = f"{decoration} is still there: the architecture has not been put in"
            yield subject.error("PYN-V21", message, line, "build the package, or run Stampinf over the file")
        elif decoration and not _DECORATION.fullmatch(decoration):
            message = f"{decoration} is no target of an INF"
            yield subject.error(
                "PYN-V22", message, line, "write NTx86, NTamd64 or NTarm64, with the Windows version after it if any"
            )
        elif 0 < (build := build_of(decoration)) < _FIRST_BUILD:
            message = f"{decoration} names the build {build}, and Windows goes by builds from {_FIRST_BUILD} on"
            yield subject.error("PYN-V28", message, line, "leave the build out, or name that of version 1607 or a later one")
        elif section.lower() not in subject.inf.sections:
            message = f"there is no section [{section}] with the models for this target"
            yield subject.error("PYN-V23", message, line, f"add [{section}], or take the target out")
        elif decoration.lower() in ("", "nt") and subject.inf.lines(section):
            message = f"the models of [{section}] are for no named architecture, so that only x86 installs them"
            yield subject.warning("PYN-V24", message, line, "name the architectures: %Name% = Models,NTamd64")


def _architecture(subject: Subject) -> Iterator[Diagnostic]:
    if not subject.arch:
        return
    wanted = ARCHITECTURES[subject.arch]
    found = sorted({decoration.split(".")[0] for _, _, decoration in subject.decorations})
    if [each.lower() for each in found] != [wanted.lower()]:
        message = f"the package is for {subject.arch}, and the INF has models for {', '.join(each or 'x86' for each in found)}"
        yield subject.error("PYN-V25", message, subject.header("Manufacturer"), f"decorate the models with {wanted} alone")


def _models(subject: Subject) -> Iterator[Diagnostic]:
    for model in subject.models:
        if not model.line.key or not model.install or not model.hardware_ids:
            message = "a model is no line of description, install section and device ids"
            yield subject.error("PYN-V26", message, model.line, r"write %Description% = Install,Root\Id")
            continue
        for each in model.hardware_ids:
            if len(each) > _LONGEST_ID or re.search(r"[,\s]", each) or not each.isascii():
                message = f"{each!r} is no device id: at most {_LONGEST_ID} characters of ASCII, and no space or comma"
                yield subject.error("PYN-V26", message, model.line, "for example ExampleTun")
        if not subject.installs(model):
            message = f"there is no section [{model.install}] to install this device"
            yield subject.error("PYN-V23", message, model.line, f"add [{model.install}]")
