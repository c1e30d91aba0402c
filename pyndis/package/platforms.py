"""What Visual Studio, the WDK and WiX call our architectures and Windows versions: the one place where these names meet."""

from __future__ import annotations

from dataclasses import dataclass

from pyndis.package.manifest import Manifest
from pyndis.package.rules import SystemVersion

CONFIGURATIONS = ("Debug", "Release")

_PLATFORMS = {"amd64": "x64", "x86": "Win32", "arm64": "ARM64"}
_INSTALLERS = {"amd64": "x64", "x86": "x86"}  # merge modules are made for these (spec wintun.md, W-94)
_TARGETS: dict[SystemVersion, str] = {(6, 1): "Windows7", (6, 2): "Windows8", (6, 3): "WindowsV6.3", (10, 0): "Windows10"}


@dataclass(frozen=True)
class Platform:
    """One architecture: `name` in folders and INFs, `platform` in Visual Studio, `installer` in WiX ("" for none), and the
    oldest Windows as the WDK's TargetVersion names it."""

    name: str
    platform: str
    installer: str
    target: str


def platforms(manifest: Manifest) -> tuple[Platform, ...]:
    """Of the driver's architectures, in their order."""
    return tuple(
        Platform(arch, _PLATFORMS[arch], _INSTALLERS.get(arch, ""), _TARGETS[manifest.windows.oldest(arch)])
        for arch in manifest.driver.architectures
    )


def target_version(system: SystemVersion) -> str:
    """A Windows, by its kernel's version, as the WDK's TargetVersion names it."""
    return _TARGETS[system]
