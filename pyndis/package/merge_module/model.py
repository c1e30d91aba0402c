"""What the merge module of one architecture installs, where and on which Windows (spec wintun.md, W-94).

Two packages with the same file names lie in folders of their own: in one folder, a Windows that is upgraded in place would
find a file of the same version there, and keep it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import NAMESPACE_URL, uuid5

from pyndis.package.manifest import Manifest
from pyndis.package.merge_module.conditions import before_windows_10, on_windows_10
from pyndis.package.merge_module.publisher import Publisher
from pyndis.package.platforms import Platform, platforms
from pyndis.package.rules import WINDOWS_10

LANGUAGE = 1033  # English (United States), as the driver's version resource
INSTALLER_VERSION = 200
"""The oldest Windows Installer, times 100: the first that knows x64 packages. Windows 7 has 5.0."""

EXTENSIONS = ("sys", "inf", "cat")  # the image first: it is the component's key path
_GUIDS = uuid5(NAMESPACE_URL, "https://pyndis.invalid/merge-module")
_WESTERN, _UTF8 = 1252, 65001
_TEMPLATES = {"x64": "x64", "x86": "Intel"}  # WiX' platform and the summary's


@dataclass(frozen=True)
class Folder:
    """A folder below the one that the installer's author chooses. `short` is its 8.3 name."""

    id: str
    name: str
    short: str

    @property
    def default(self) -> str:
        """The name as the Directory table holds it."""
        return self.name if self.short == self.name else f"{self.short}|{self.name}"


@dataclass(frozen=True)
class InstalledFile:
    """A file: its name when installed, and where it comes from below `--out`."""

    id: str
    name: str
    short: str
    source: PurePosixPath

    @property
    def full(self) -> str:
        """The name as the File table holds it."""
        return self.name if self.short == self.name else f"{self.short}|{self.name}"

    @property
    def windows_source(self) -> str:
        """The source as Windows writes paths."""
        return str(self.source).replace("/", "\\")


@dataclass(frozen=True)
class Component:
    """What is installed together. Its key path is its first file, or else the publisher's registry value."""

    id: str
    guid: str
    folder: Folder
    condition: str
    files: tuple[InstalledFile, ...] = ()
    publisher: Publisher | None = None

    @property
    def value(self) -> str:
        """Name of the registry value's row."""
        return f"{self.id}Blob"

    @property
    def key_path(self) -> str:
        """The file or the row of the registry by which Windows Installer knows that the component is there."""
        return self.files[0].id if self.files else self.value


@dataclass(frozen=True)
class MergeModule:
    """The module of one architecture. The identifier is the same for each version, as the components' are."""

    name: str
    id: str
    guid: str
    arch: str
    platform: str
    """WiX' name of the architecture."""
    version: str
    manufacturer: str
    subject: str
    components: tuple[Component, ...]

    @property
    def is_64_bit(self) -> bool:
        """Whether registry and folders are those of 64-bit programs."""
        return self.platform == "x64"

    @property
    def template(self) -> str:
        """Platform and language as the summary information has them."""
        return f"{_TEMPLATES[self.platform]};{LANGUAGE}"

    @property
    def comments(self) -> str:
        """What the summary information says of the module."""
        return f"Lays the driver packages of {self.subject} {self.version} for {self.arch}"

    @property
    def codepage(self) -> int:
        """Of the summary information's texts."""
        return _WESTERN if (self.subject + self.manufacturer).isascii() else _UTF8

    @property
    def files(self) -> tuple[InstalledFile, ...]:
        """Every file, component after component."""
        return tuple(file for component in self.components for file in component.files)

    @property
    def folders(self) -> tuple[Folder, ...]:
        """Every folder, once."""
        return tuple(dict.fromkeys(component.folder for component in self.components))

    @property
    def trusts_publisher(self) -> bool:
        """Whether a certificate becomes a trusted publisher."""
        return any(component.publisher for component in self.components)

    @property
    def result(self) -> PurePosixPath:
        """Where the module goes, below `--out`."""
        return PurePosixPath("dist", f"{self.name}-{self.arch}-{self.version}.msm")


def merge_modules(manifest: Manifest, publisher: Publisher) -> tuple[MergeModule, ...]:
    """The modules of the driver's architectures that have one."""
    return tuple(merge_module(manifest, each.name, publisher) for each in platforms(manifest) if each.installer)


def merge_module(manifest: Manifest, arch: str, publisher: Publisher) -> MergeModule:
    """The module for an architecture that has one. `publisher` is who signed the package for Windows before 10."""
    (platform,) = (each for each in platforms(manifest) if each.name == arch)
    return MergeModule(
        name=manifest.name,
        id=manifest.name.replace("-", "_"),
        guid=_guid(manifest, arch, "module"),
        arch=arch,
        platform=platform.installer,
        version=manifest.version_text,
        manufacturer=manifest.text.manufacturer,
        subject=manifest.text.product,
        components=_components(manifest, platform, publisher),
    )


def _components(manifest: Manifest, platform: Platform, publisher: Publisher) -> tuple[Component, ...]:
    whql = _package(manifest, platform, "Whql", Folder("WhqlFolder", "whql", "whql"), on_windows_10(platform.installer))
    oldest = manifest.windows.oldest(platform.name)
    if oldest >= WINDOWS_10:
        return (whql,)
    earlier = before_windows_10(platform.installer, oldest)
    folder = Folder("SelfSignedFolder", "selfsigned", "SELFSI~1")
    own = _package(manifest, platform, "SelfSigned", folder, earlier)
    trust = Component("Publisher", publisher.component, own.folder, own.condition, publisher=publisher)
    return (whql, own, trust)


def _package(manifest: Manifest, platform: Platform, id: str, folder: Folder, condition: str) -> Component:
    """A driver package: its image, INF and catalog."""
    source = PurePosixPath(platform.name, "Release", "whql" if id == "Whql" else manifest.name)
    files = tuple(_file(manifest.name, id, extension, source) for extension in EXTENSIONS)
    guid = _guid(manifest, platform.name, f"component/{id}")
    return Component(id, guid, folder, condition, files)


def _file(name: str, component: str, extension: str, source: PurePosixPath) -> InstalledFile:
    full = f"{name}.{extension}"
    short = full if len(name) <= 8 else f"{name[:6].upper()}~1.{extension.upper()}"
    return InstalledFile(f"{component}{extension.capitalize()}", full, short, source / full)


def _guid(manifest: Manifest, arch: str, what: str) -> str:
    return f"{{{str(uuid5(_GUIDS, f'{manifest.name}/{arch}/{what}')).upper()}}}"
