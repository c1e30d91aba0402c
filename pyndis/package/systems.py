"""The Windows versions that a driver claims, as catalogs name them (spec image.md, 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyndis.package.manifest import Manifest
from pyndis.package.rules import DUAL, WINDOWS_8, SystemVersion

WINDOWS_8_SUFFIX = "-windows8"
"""Ends the name of the folder that holds the package for Windows 8 and later."""

# What Inf2Cat calls each system. Windows for ARM64 begins with the third release of Windows 10.
_NAMES: dict[str, dict[SystemVersion, str]] = {
    "amd64": {(6, 1): "7X64", (6, 2): "8X64", (6, 3): "_v63_X64", (10, 0): "_v100_X64"},
    "x86": {(6, 1): "7X86", (6, 2): "8X86", (6, 3): "_v63", (10, 0): "_v100"},
    "arm64": {(10, 0): "_v100_ARM64_RS3"},
}


def catalog_systems(manifest: Manifest, arch: str) -> dict[str, dict[SystemVersion, str]]:
    """The systems of each catalog that an architecture's build has, by what is put behind the package's name.

    One catalog, "", for all systems claimed; where two are wanted and can be, another for Windows 8 and later.
    """
    systems = claimed(manifest, arch)
    later = {version: name for version, name in systems.items() if version >= WINDOWS_8}
    second = {WINDOWS_8_SUFFIX: later} if manifest.package.catalogs == DUAL and later != systems else {}
    return {"": systems, **second}


def claimed(manifest: Manifest, arch: str) -> dict[SystemVersion, str]:
    """The systems from the oldest claimed on, with their names, in order."""
    oldest = manifest.windows.oldest(arch)
    return {version: name for version, name in _NAMES[arch].items() if version >= oldest}


def os_attribute(systems: Iterable[SystemVersion]) -> str:
    """The OSAttr of a catalog's members, such as `2:6.1,2:10.0`."""
    return ",".join(f"2:{major}.{minor}" for major, minor in systems)


def os_list(systems: Mapping[SystemVersion, str]) -> str:
    """The OS attribute of a catalog, such as `7X64,_v100_X64`."""
    return ",".join(systems.values())
