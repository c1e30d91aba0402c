"""What `pyndis doctor` tells of this toolchain."""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.toolchains.msbuild.fit import NAMES
from pyndis.toolchains.msbuild.offers import has_static_driver_verifier, offer_of
from pyndis.toolchains.msbuild.visual_studio import find_msbuild, vswhere_place
from pyndis.toolchains.msbuild.wdk import Version, find_kits
from pyndis.toolchains.msbuild.world import World

Found = tuple[str, bool, str, str, str]
"""Name, whether it is there, where and which, what for, how to get it."""

_BUILD_TOOLS = "winget install Microsoft.VisualStudio.2022.BuildTools, with the C++ tools; or an Enterprise WDK"
_KIT = "https://learn.microsoft.com/windows-hardware/drivers/download-the-wdk; docs/windows.md says which version for what"


def report(world: World) -> Iterator[Found]:
    """On Windows vswhere, MSBuild.exe and the driver kits; nothing on other systems, where none of it runs."""
    if world.system != "win32":
        return
    vswhere = vswhere_place(world)
    yield "vswhere", vswhere is not None, vswhere or "not found", "finds Visual Studio for --toolchain msbuild", _BUILD_TOOLS
    msbuild = find_msbuild(world)
    where = f"{msbuild.path} (by {msbuild.found_by})" if msbuild else "not found"
    yield "msbuild", msbuild is not None, where, "builds the generated project (--toolchain msbuild)", _BUILD_TOOLS
    kits, tried = find_kits(world)
    made = ", ".join(map(_kit, kits.versions)) if kits else ""
    where = f"{kits.root} (by {kits.found_by}): {made}" if kits else f"not found; {'; '.join(tried)}"
    yield "wdk", kits is not None, where, "headers, libraries and tasks of --toolchain msbuild", _KIT


def _kit(version: Version) -> str:
    """A version, and what it makes."""
    offer = offer_of(version.build)
    if offer is None:
        return f"{version} (older than pyndis knows)"
    sdv = "SDV" if has_static_driver_verifier(version.build) else "no SDV"
    return f"{version} ({', '.join(sorted(offer.architectures))} from {NAMES[offer.oldest]} on, {sdv})"
