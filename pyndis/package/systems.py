"""The Windows versions that a driver claims, as catalogs name them (spec image.md, 3)."""

from __future__ import annotations

from pyndis.package.manifest import Manifest
from pyndis.package.rules import SystemVersion

# What Inf2Cat calls each system. Windows for ARM64 begins with the third release of Windows 10.
_NAMES: dict[str, dict[SystemVersion, str]] = {
    "amd64": {(6, 1): "7X64", (6, 2): "8X64", (6, 3): "_v63_X64", (10, 0): "_v100_X64"},
    "x86": {(6, 1): "7X86", (6, 2): "8X86", (6, 3): "_v63", (10, 0): "_v100"},
    "arm64": {(10, 0): "_v100_ARM64_RS3"},
}


def claimed(manifest: Manifest, arch: str) -> dict[SystemVersion, str]:
    """The systems from the oldest claimed on, with their names, in order."""
    oldest = manifest.windows.oldest(arch)
    return {version: name for version, name in _NAMES[arch].items() if version >= oldest}


def os_attribute(manifest: Manifest, arch: str) -> str:
    """The OSAttr of a catalog's members, such as `2:6.1,2:10.0`."""
    return ",".join(f"2:{major}.{minor}" for major, minor in claimed(manifest, arch))


def os_list(manifest: Manifest, arch: str) -> str:
    """The OS attribute of a catalog, such as `7X64,_v100_X64`."""
    return ",".join(claimed(manifest, arch).values())
