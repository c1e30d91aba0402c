"""Services: one for each device, started as a driver is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pyndis.diagnostics import Diagnostic
from pyndis.package.inf_reader import Line
from pyndis.package.infverif.files import copied
from pyndis.package.infverif.subject import FACTS, Subject, number, undecorated

_FACTS = FACTS["service"]
_NUMBERS = {"ServiceType": "types", "StartType": "starts", "ErrorControl": "error_controls"}


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V60 to PYN-V69."""
    yield from _each_device_has_one(subject)
    for line, _, flags, section in added(subject):
        if (bits := number(flags or "0")) is None:
            yield subject.error(
                "PYN-V61", f"{flags} is no number of service flags", line, "write 0x00000002 for the device's driver"
            )
        elif bits & ~_FACTS["flags"]:
            message = f"{flags} has flags that Windows does not document"
            yield subject.warning("PYN-V61", message, line, "write 0x00000002 for the device's driver")
        if section and section.lower() in subject.inf.sections:
            yield from _service(subject, section)
            yield from _disabled(subject, line, bits or 0, section)
        yield from _event_log(subject, line)
    yield from _one_driver(subject)


def _disabled(subject: Subject, line: Line, bits: int, section: str) -> Iterator[Diagnostic]:
    start = subject.line(section, "StartType")
    if bits & _FACTS["associated"] and start and number(",".join(subject.values(start))) == _FACTS["disabled"]:
        message = f"the device's driver is a service that never starts: StartType 4 in line {start.number}"
        yield subject.warning("PYN-V67", message, line, "write StartType = 3, so that Windows starts it for its device")


def _event_log(subject: Subject, line: Line) -> Iterator[Diagnostic]:
    log = (*subject.values(line), "", "", "", "", "")[4]
    if log and log.lower() not in _FACTS["event_logs"]:
        message = f"{log} is no event log for drivers"
        yield subject.error("PYN-V69", message, line, "write System, Application or Security, or leave it out: System")


def _one_driver(subject: Subject) -> Iterator[Diagnostic]:
    for install in subject.install_sections:
        for section in _service_sections(subject, (install,)):
            lines = [line for line in subject.inf.lines(section) if _is_associated(subject, line)]
            names = {subject.values(line)[0].lower() for line in lines}
            if len(names) > 1:
                message = f"[{subject.name(section)}] has two services that are the device's driver: {', '.join(sorted(names))}"
                yield subject.error("PYN-V66", message, lines[1], "give the flag 2 to one of them")


def added(subject: Subject) -> Iterator[tuple[Line, str, str, str]]:
    """AddService lines of the install sections: the line, the service, its flags, and its section."""
    for section in _service_sections(subject, subject.install_sections):
        for line in subject.inf.lines(section):
            if line.key.lower() == "addservice":
                name, flags, service, *_ = (*subject.values(line), "", "", "")
                yield line, name, flags, service


def _service_sections(subject: Subject, installs: tuple[str, ...]) -> list[str]:
    names = {f"{undecorated(each)}.services" for each in installs}
    return [each for each in subject.inf.sections if undecorated(each) in names]


def _each_device_has_one(subject: Subject) -> Iterator[Diagnostic]:
    for install in subject.install_sections:
        if install.startswith("defaultinstall") or subject.setup_class in (
            "extension",
            "softwarecomponent",
            "netservice",
            "nettrans",
            "netclient",
        ):
            continue
        lines = [line for each in _service_sections(subject, (install,)) for line in subject.inf.lines(each)]
        directives = {line.key.lower() for line in lines}
        if not directives & {"addservice", "needs"}:
            message = f"[{subject.name(install)}] adds no service, so that the device has no driver"
            yield subject.error(
                "PYN-V60", message, subject.header(install), f"add [{subject.name(install)}.Services] with AddService = …"
            )
        elif not _is_included(subject, install, directives) and not any(_is_associated(subject, line) for line in lines):
            message = f"no AddService of [{subject.name(install)}] is the device's driver (flag 2, SPSVCINST_ASSOCSERVICE)"
            yield subject.error("PYN-V62", message, subject.header(install), "write AddService = NAME,0x00000002,SECTION")


def _is_included(subject: Subject, install: str, directives: set[str]) -> bool:
    """Whether another INF may bring the driver: the section, or that of its services, needs one of another."""
    return "needs" in directives or any(line.key.lower() == "needs" for line in subject.inf.lines(install))


def _is_associated(subject: Subject, line: Line) -> bool:
    flags = (*subject.values(line), "", "")[1]
    return line.key.lower() == "addservice" and bool((number(flags or "0") or 0) & _FACTS["associated"])


def _service(subject: Subject, section: str) -> Iterator[Diagnostic]:
    for key, allowed in _NUMBERS.items():
        line = subject.line(section, key)
        if line is None:
            yield subject.error(
                "PYN-V63", f"[{subject.name(section)}] has no {key}", subject.header(section), f"add {key} = … to it"
            )
        elif number(found := ",".join(subject.values(line))) not in _FACTS[allowed]:
            message = f"{key} is {found}, which is none that Windows knows"
            yield subject.error("PYN-V64", message, line, f"write one of {', '.join(map(str, _FACTS[allowed]))}")
    yield from _binary(subject, section)


def _binary(subject: Subject, section: str) -> Iterator[Diagnostic]:
    line = subject.line(section, "ServiceBinary")
    if line is None:
        yield subject.error(
            "PYN-V63",
            f"[{subject.name(section)}] has no ServiceBinary",
            subject.header(section),
            r"add ServiceBinary = %12%\NAME.sys",
        )
        return
    path = ",".join(subject.values(line)).strip('"')
    if not re.match(r"%-?\d+%\\", path):
        message = f"ServiceBinary {path} is no path below the number of a folder"
        yield subject.error("PYN-V68", message, line, r"write %12%\NAME.sys, or %13%\NAME.sys for one in the driver store")
    name = path.rpartition("\\")[2].split(" ")[0].lower()
    included = any(each.key.lower() == "include" for install in subject.install_sections for each in subject.inf.lines(install))
    files = {_target(each) for each, _, _, _ in copied(subject)} | {source.lower() for _, _, _, source in copied(subject)}
    if name not in files and not included:
        message = f"the service runs {path}, which this INF does not copy"
        yield subject.warning("PYN-V65", message, line, f"name {name} in a section of CopyFiles, or the file that is there")


def _target(line: Line) -> str:
    return line.values[0].lower() if line.values else ""
