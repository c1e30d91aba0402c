"""Which Windows Driver Kits are there: the folder that holds them, and the versions in it that have kernel headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PureWindowsPath

from pyndis.toolchains.msbuild.visual_studio import is_enterprise
from pyndis.toolchains.msbuild.world import World

VARIABLE = "PYNDIS_WDK"
ROOTS_KEY = r"SOFTWARE\Microsoft\Windows Kits\Installed Roots"
"""Where the installers of SDK and WDK write down their folder, in one of the two views of the registry."""
ROOTS_VALUE = "KitsRoot10"

_VERSION = re.compile(r"10\.0\.(\d+)\.\d+")


@dataclass(frozen=True, order=True)
class Version:
    """A kit's version, as its folders are called; its third number is the build of Windows that it came with."""

    build: int
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Kits:
    """The kits below one folder, the newest first. `found_by` says what told of it."""

    root: str
    versions: tuple[Version, ...]
    found_by: str


def find_kits(world: World, said: str | None = None) -> tuple[Kits | None, tuple[str, ...]]:
    """The kits of the first place that has one; and every place that was looked at, in words.

    Order: `said` (--wdk), PYNDIS_WDK, WDKContentRoot, which also the Enterprise WDK's prompt sets, then the registry.
    In that prompt the registry is not asked: another kit that is installed there is not meant.
    """
    tried = []
    for how, root in _roots(world, said):
        if root is None:
            tried.append(f"{how}: not set")
            continue
        place, only = _split(root)
        versions = tuple(each for each in _versions(world, place) if only in (None, each.text))
        if versions:
            return Kits(place, versions, how), tuple(tried)
        tried.append(rf"{how}: {root} has no Include\10.0.*\km")
        if how in ("--wdk", VARIABLE):
            break
    return None, tuple(tried)


def _roots(world: World, said: str | None) -> Iterator[tuple[str, str | None]]:
    if said is not None:
        yield "--wdk", said
        return
    if chosen := world.environment.get(VARIABLE):
        yield VARIABLE, chosen
    yield "WDKContentRoot", world.environment.get("WDKCONTENTROOT")
    if is_enterprise(world):
        return
    for bits in (32, 64):
        yield f"{ROOTS_VALUE} in the {bits}-bit registry", world.registry(ROOTS_KEY, ROOTS_VALUE, bits)


def _split(root: str) -> tuple[str, str | None]:
    r"""The folder of kits, and the one version that is meant by `Include\10.0.22621.0` in it."""
    path = PureWindowsPath(root)
    if _VERSION.fullmatch(path.name) and path.parent.name.lower() == "include":
        return str(path.parent.parent), path.name
    return root, None


def _versions(world: World, root: str) -> tuple[Version, ...]:
    include = PureWindowsPath(root, "Include")
    named = ((name, _VERSION.fullmatch(name)) for name in world.folders(str(include)))
    found = (
        Version(int(match[1]), name)
        for name, match in named
        if match and "km" in map(str.lower, world.folders(str(include / name)))
    )
    return tuple(sorted(found, reverse=True))
