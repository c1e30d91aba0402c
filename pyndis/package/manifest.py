"""`driver.toml`: the one source of a driver's identity.

A `Manifest` is what the file says after `--set` and `--brand`; every other stage takes names, versions and options from it.
The classes below are the schema: a field's annotation is its rule, a default makes a key optional.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from pyndis.diagnostics import Diagnostic, DriverFailure, Label, Span, UsageFailure
from pyndis.package import rules
from pyndis.package.consistency import contradictions
from pyndis.package.fields import Reader
from pyndis.package.overrides import apply_overrides
from pyndis.package.rules import SystemVersion, Version
from pyndis.package.toml_source import TomlSource

FILE_NAME = "driver.toml"


@dataclass(frozen=True)
class Driver:
    """What identifies the driver to Windows."""

    file: Annotated[str, rules.FILE_NAME]
    """Base name of the image, the INF and the catalog."""
    service: Annotated[str, rules.SERVICE_NAME]
    device: Annotated[str, rules.DEVICE_NAME]
    """Base name of the device objects; the adapter's number follows it."""
    hardware_id: Annotated[str, rules.HARDWARE_ID]
    version: Annotated[Version, rules.VERSION]
    pool_tag: Annotated[str, rules.POOL_TAG]
    architectures: Annotated[tuple[str, ...], rules.ARCHITECTURE_LIST]


@dataclass(frozen=True)
class Texts:
    """What people read: in the device list, in the image's properties."""

    provider: Annotated[str, rules.TEXT]
    manufacturer: Annotated[str, rules.TEXT]
    device: Annotated[str, rules.TEXT]
    """Description of the device in the INF."""
    description: Annotated[str, rules.TEXT]
    """Description of the image file in its version resource, and of the service."""
    product: Annotated[str, rules.TEXT]
    copyright: Annotated[str, rules.TEXT]


@dataclass(frozen=True)
class Setup:
    """What the INF tells Windows' network setup (spec wintun.md, W-90; ndis-miniport.md, NM-93 and NM-94)."""

    class_name: Annotated[str, rules.CLASS_NAME] = "Net"
    class_guid: Annotated[str, rules.GUID] = "{4D36E972-E325-11CE-BFC1-08002BE10318}"
    interface_guid: Annotated[str, rules.GUID] = "{CAC88484-7515-4C03-82E6-71A87ABAC361}"
    """Class of the device interface that NDIS registers for an adapter."""
    characteristics: Annotated[int, rules.CHARACTERISTICS] = 0x1
    if_type: Annotated[int, rules.NUMBER16] = 53
    media_type: Annotated[int, rules.NUMBER16] = 19
    physical_media_type: Annotated[int, rules.NUMBER16] = 0
    enable_dhcp: Annotated[bool, rules.BOOLEAN] = False
    upper_range: Annotated[str, rules.BINDINGS] = "ndis5"
    lower_range: Annotated[str, rules.BINDINGS] = "nolower"


@dataclass(frozen=True)
class Ndis:
    """The NDIS versions that the driver registers with, the oldest first."""

    versions: Annotated[tuple[SystemVersion, ...], rules.NDIS_VERSIONS] = ((6, 20), (6, 30))


@dataclass(frozen=True)
class Windows:
    """The oldest Windows per architecture, by its kernel's version (6.1 is Windows 7)."""

    amd64: Annotated[SystemVersion, rules.SYSTEM_VERSION] = (6, 1)
    x86: Annotated[SystemVersion, rules.SYSTEM_VERSION] = (6, 1)
    arm64: Annotated[SystemVersion, rules.SYSTEM_VERSION] = (10, 0)

    def oldest(self, arch: str) -> SystemVersion:
        """The version that images of this architecture claim to run on."""
        version: SystemVersion = getattr(self, arch)
        return version


@dataclass(frozen=True)
class Package:
    """How the driver package is made."""

    catalogs: Annotated[str, rules.CATALOGS] = rules.SINGLE
    """"dual": beside the package for every system claimed, one for Windows 8 and later (docs/decisions/catalog-version.md)."""


@dataclass(frozen=True)
class Test:
    """What `pyndis test` needs to know about the driver."""

    traffic: Annotated[str, rules.PYTHON_FILE] = ""
    """How a client makes traffic (pyndis.contract.traffic); empty: nobody says."""


@dataclass(frozen=True)
class Manifest:
    """A checked `driver.toml`. `options` are the choices that the driver's Python reads with `option()`."""

    folder: Path
    driver: Driver
    text: Texts
    setup: Setup = Setup()
    ndis: Ndis = Ndis()
    windows: Windows = Windows()
    package: Package = Package()
    test: Test = Test()
    options: Mapping[str, str] = field(default_factory=dict)
    source: TomlSource | None = field(default=None, compare=False, repr=False)

    @classmethod
    def load(cls, folder: Path, overrides: Sequence[tuple[str, str]] = (), brand: str | None = None) -> Manifest:
        """Read `folder/driver.toml`, put `overrides` over it and rename it to `brand`.

        Raises UsageFailure when the folder or an override is wrong, DriverFailure with every error of the file.
        """
        file = _manifest_file(folder)
        text, document = _parse(file)
        source = TomlSource.scan(file, text)
        reader = Reader(source, document)
        apply_overrides(document, overrides, reader, cls)
        manifest = cls(folder=file.parent, source=source, **reader.read(cls))
        if errors := tuple(contradictions(manifest)):
            raise DriverFailure(*errors)
        return rebrand(manifest, brand) if brand else manifest

    @property
    def name(self) -> str:
        """Base name of every generated file."""
        return self.driver.file

    @property
    def version_text(self) -> str:
        """The version as w.x.y.z."""
        return ".".join(map(str, self.driver.version))


def rebrand(manifest: Manifest, brand: str) -> Manifest:
    """The same driver under another service, file, device and hardware id (W-91).

    The brand's own case goes to the hardware id; files and service are lower case and devices upper case, as Wintun's are.
    """
    try:
        rules.DEVICE_NAME.convert(brand)
    except rules.Unfit:
        message = f"--brand {brand!r} makes no names; wanted: {rules.DEVICE_NAME.wanted}"
        raise UsageFailure(Diagnostic("PYN-P08", message, help="for example --brand ExampleTun")) from None
    names = replace(manifest.driver, hardware_id=brand, file=brand.lower(), service=brand.lower(), device=brand.upper())
    return replace(manifest, driver=names)


def _manifest_file(folder: Path) -> Path:
    file = folder if folder.name == FILE_NAME else folder / FILE_NAME
    if file.is_file():
        return file
    help = f"name the folder that holds the driver's {FILE_NAME}, as in: pyndis build drivers/wintun"
    found = "there is no such folder" if not folder.exists() else f"there is no {FILE_NAME} in it"
    raise UsageFailure(Diagnostic("PYN-P01", f"{folder} is not a driver: {found}", help=help))


def _parse(file: Path) -> tuple[str, dict[str, object]]:
    try:
        text = file.read_bytes().decode("utf-8")
        return text, tomllib.loads(text)
    except OSError as error:
        raise UsageFailure(Diagnostic("PYN-P01", f"cannot read {file}: {error.strerror}")) from error
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        label = Label(Span(file, line), "this line holds bytes that are not UTF-8")
        help = "save the file as UTF-8"
        raise DriverFailure(Diagnostic("PYN-P02", f"{file.name} is not UTF-8 text", (label,), help=help)) from error
    except tomllib.TOMLDecodeError as error:
        raise DriverFailure(_syntax_error(file, str(error))) from error


def _syntax_error(file: Path, message: str) -> Diagnostic:
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    said = message[: place.start()] if place else message
    lines = file.read_text("utf-8").splitlines()
    line, column = (int(place[1]), int(place[2]) - 1) if place and place[1] else (max(len(lines), 1), 0)
    label = Label(Span(file, line, column), "here")
    help = 'a line is: key = "text", key = 123, key = true, key = ["a", "b"], a [table] or a # comment'
    return Diagnostic("PYN-P02", f"{file.name} is not TOML: {said[:1].lower()}{said[1:]}", (label,), help=help)
