"""An INF that was rendered for a driver says what the driver's `driver.toml` says."""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.diagnostics import Diagnostic
from pyndis.package.infverif.registry import written
from pyndis.package.infverif.services import added
from pyndis.package.infverif.subject import Subject, number
from pyndis.package.manifest import Manifest


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V90: a value that differs. Nothing where the INF is held against no driver."""
    if (manifest := subject.manifest) is None:
        return
    for what, line, found, wanted in _compared(subject, manifest):
        if found.lower() != wanted.lower():
            message = f"{what} is {found or 'not there'}, and driver.toml says {wanted}"
            yield subject.error("PYN-V90", message, line, "write what driver.toml has, or mend it there")


def _compared(subject: Subject, manifest: Manifest) -> Iterator[tuple[str, int, str, str]]:
    yield from _version(subject, manifest)
    yield from _install(subject, manifest)
    yield from _bindings(subject, manifest)
    for line, name, _, _ in added(subject):
        yield "the service", line.number, name, manifest.driver.service
    for model in subject.models:
        yield "the device id", model.line.number, ",".join(model.hardware_ids), manifest.driver.hardware_id


def _version(subject: Subject, manifest: Manifest) -> Iterator[tuple[str, int, str, str]]:
    wanted = {
        "Class": manifest.setup.class_name,
        "ClassGuid": manifest.setup.class_guid,
        "Provider": manifest.text.provider,
        "CatalogFile": f"{manifest.name}.cat",
    }
    for key, value in wanted.items():
        yield key, _place(subject, "Version", key), subject.inf.value("Version", key) or "", value
    version = (subject.inf.value("Version", "DriverVer") or "").partition(",")[2].strip()
    yield "DriverVer's version", _place(subject, "Version", "DriverVer"), version, manifest.version_text


def _install(subject: Subject, manifest: Manifest) -> Iterator[tuple[str, int, str, str]]:
    setup = manifest.setup
    wanted = {
        "Characteristics": setup.characteristics,
        "*IfType": setup.if_type,
        "*MediaType": setup.media_type,
        "*PhysicalMediaType": setup.physical_media_type,
        "EnableDhcp": int(setup.enable_dhcp),
    }
    for install in subject.install_sections:
        for key, value in wanted.items():
            found = number(subject.inf.value(install, key) or "")
            yield key, _place(subject, install, key), "" if found is None else str(found), str(value)


def _bindings(subject: Subject, manifest: Manifest) -> Iterator[tuple[str, int, str, str]]:
    wanted = {
        ("ndi", "service"): manifest.driver.service,
        (r"ndi\interfaces", "upperrange"): manifest.setup.upper_range,
        (r"ndi\interfaces", "lowerrange"): manifest.setup.lower_range,
    }
    for line, values in written(subject):
        _, key, name, _, *data = (*values, "", "", "", "")[: max(len(values), 4)]
        if (value := wanted.get((key.lower(), name.lower()))) is not None:
            yield rf"{key}\{name}", line.number, ",".join(data), value


def _place(subject: Subject, section: str, key: str) -> int:
    line = subject.line(section, key)
    return line.number if line else subject.header(section)
