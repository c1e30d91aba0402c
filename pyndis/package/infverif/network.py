"""What Windows' network setup reads of an adapter (class Net): what it is, and to what it binds."""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.diagnostics import Diagnostic
from pyndis.package.inf_reader import Line
from pyndis.package.infverif.registry import written
from pyndis.package.infverif.services import added
from pyndis.package.infverif.subject import FACTS, Subject, number

_FACTS = FACTS["network"]
_LAST = {"*IfType": "last_if_type", "*MediaType": "last_medium", "*PhysicalMediaType": "last_physical_medium"}


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V70 to PYN-V76, PYN-V78 and PYN-V79."""
    if subject.setup_class != _FACTS["class"].lower() or not subject.install_sections:
        return
    for install in subject.install_sections:
        if not any(line.key.lower() == "needs" for line in subject.inf.lines(install)):
            yield from _keywords(subject, install)
            yield from _characteristics(subject, install)
    yield from _bindings(subject)
    yield from _service(subject)


def _keywords(subject: Subject, install: str) -> Iterator[Diagnostic]:
    for key, last in _LAST.items():
        line = subject.line(install, key)
        if line is None:
            message = f"[{subject.name(install)}] has no {key}, which Windows wants of every adapter"
            yield subject.error("PYN-V70", message, subject.header(install), f"add {key} = …, as the driver gives it to NDIS")
        elif (found := number(",".join(subject.values(line)))) is None or not 0 <= found <= _FACTS[last]:
            message = f"{key} is {','.join(line.values)}; Windows has 0 to {_FACTS[last]}"
            yield subject.error("PYN-V71", message, line, "write the number that the driver gives to NDIS")


def _characteristics(subject: Subject, install: str) -> Iterator[Diagnostic]:
    line = subject.line(install, "Characteristics")
    if line is None:
        message = f"[{subject.name(install)}] has no Characteristics"
        yield subject.error(
            "PYN-V72", message, subject.header(install), "add Characteristics = 0x1 for an adapter without hardware"
        )
        return
    bits = number(",".join(subject.values(line)))
    kinds = [each for each in ("virtual", "software_enumerated", "physical") if bits is not None and bits & _FACTS[each]]
    if bits is None or bits & ~_FACTS["characteristics"] or len(kinds) != 1 or bits & _FACTS["no_service"]:
        message = f"Characteristics {','.join(line.values)} is no adapter's: exactly one of 0x1, 0x2 and 0x4, and no 0x10"
        yield subject.error("PYN-V72", message, line, "an adapter without hardware has 0x1, NCF_VIRTUAL")
    elif bits & _FACTS["filters"]:
        message = f"Characteristics {','.join(line.values)} is a filter's, and class Net is for adapters"
        yield subject.error("PYN-V72", message, line, f"write {bits & ~_FACTS['filters']:#x}, or use class NetService")
    elif kinds == ["physical"]:
        yield from _bus(subject, install, line)


def _bus(subject: Subject, install: str, line: Line) -> Iterator[Diagnostic]:
    bus = subject.line(install, "BusType")
    if bus is None:
        message = f"[{subject.name(install)}] is of a physical adapter and has no BusType"
        yield subject.error("PYN-V73", message, line, "add BusType = 5 for PCI, 15 for one on USB")
    elif (found := number(",".join(subject.values(bus)))) is None or not 0 <= found <= _FACTS["last_bus"]:
        message = f"BusType is {','.join(bus.values)}; Windows has 0 to {_FACTS['last_bus']}"
        yield subject.error("PYN-V79", message, bus, "write 5 for PCI, 15 for one on USB")
    for lower, data in _written_to(subject, r"ndi\interfaces", "lowerrange"):
        if "nolower" in ",".join(data).lower():
            message = "a physical adapter has no medium at its lower edge"
            yield subject.warning("PYN-V78", message, lower, 'write LowerRange "ethernet", or what its medium is')


def _written_to(subject: Subject, key: str, name: str) -> Iterator[tuple[Line, list[str]]]:
    for line, (_, found, value, _, *data) in _full(subject):
        if (found.lower(), value.lower()) == (key, name):
            yield line, data


def _bindings(subject: Subject) -> Iterator[Diagnostic]:
    texts = {(key.lower(), name.lower()): (line, data) for line, (_, key, name, _, *data) in _full(subject)}
    for end, known in (("UpperRange", "upper"), ("LowerRange", "lower")):
        if (r"ndi\interfaces", end.lower()) not in texts:
            message = rf"no AddReg writes Ndi\Interfaces, {end}: Windows binds nothing to the adapter"
            yield subject.error("PYN-V74", message, subject.header("Manufacturer"), rf'add HKR,Ndi\Interfaces,{end},0,"…"')
            continue
        line, data = texts[r"ndi\interfaces", end.lower()]
        for each in ",".join(data).split(","):
            if each.strip().lower() not in _FACTS[known]:
                message = f"{each.strip()} is no {end} of Windows' own components: only a component of yours can bind to it"
                yield subject.warning(
                    "PYN-V75", message, line, "ndis5 and nolower are a virtual adapter's, ethernet an Ethernet card's"
                )


def _full(subject: Subject) -> Iterator[tuple[Line, tuple[str, ...]]]:
    return ((line, (*values, "", "", "", "")[: max(len(values), 4)]) for line, values in written(subject))


def _service(subject: Subject) -> Iterator[Diagnostic]:
    services = {
        name.lower() for _, name, flags, _ in added(subject) if (number(flags or "0") or 0) & FACTS["service"]["associated"]
    }
    for line, (_, key, name, _, *data) in _full(subject):
        if (key.lower(), name.lower()) == ("ndi", "service"):
            if (said := ",".join(data)).lower() not in services and services:
                message = rf"Ndi\Service is {said}, and the device's service is {', '.join(sorted(services))}"
                yield subject.error("PYN-V76", message, line, "write the name that AddService has")
            return
    message = r"no AddReg writes Ndi, Service: NDIS does not know the adapter's driver"
    yield subject.error("PYN-V76", message, subject.header("Manufacturer"), 'add HKR,Ndi,Service,0,"NAME"')
