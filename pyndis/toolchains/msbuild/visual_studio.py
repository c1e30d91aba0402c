"""Where MSBuild.exe is: in the prompt of an Enterprise WDK the one on PATH, else in the Visual Studio that vswhere tells of.

vswhere and its place: https://github.com/microsoft/vswhere/wiki; the search: https://github.com/microsoft/vswhere/wiki/Find-MSBuild.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PureWindowsPath

from pyndis.toolchains.msbuild.world import World

VARIABLE = "PYNDIS_MSBUILD"
_PLACE = r"Microsoft Visual Studio\Installer\vswhere.exe"
_FOLDERS = ("PROGRAMFILES(X86)", "PROGRAMFILES")  # the second for 32-bit Windows
_PATTERN = r"MSBuild\**\Bin\MSBuild.exe"


@dataclass(frozen=True)
class MsBuild:
    """An MSBuild.exe. `major` is the version of its Visual Studio (16 is 2019, 17 is 2022), None where that is not known."""

    path: str
    major: int | None
    found_by: str

    @property
    def folder(self) -> str:
        """The folder that it is in."""
        return str(PureWindowsPath(self.path).parent)


def is_enterprise(world: World) -> bool:
    """Whether this is the prompt of an Enterprise WDK, whose scripts set this variable."""
    return bool(world.environment.get("ENTERPRISEWDK"))


def vswhere_place(world: World) -> str | None:
    """The vswhere.exe that Visual Studio's installer puts in a fixed place."""
    places = (str(PureWindowsPath(folder, _PLACE)) for name in _FOLDERS if (folder := world.environment.get(name)))
    return next((place for place in places if world.is_file(place)), None)


def vswhere_command(vswhere: str, major: int | None) -> tuple[str, ...]:
    """Ask for the newest MSBuild.exe, of one Visual Studio or of any, Build Tools included."""
    range_ = () if major is None else ("-version", f"[{major}.0,{major + 1}.0)")
    wanted = ("-latest", "-products", "*", "-requires", "Microsoft.Component.MSBuild", *range_, "-find", _PATTERN)
    return (vswhere, *wanted, "-format", "json", "-utf8", "-nologo")


def parse_found(output: str) -> str | None:
    """The first file of what vswhere answered: a JSON array of paths, empty when nothing fits."""
    try:
        found = json.loads(output)
    except ValueError:
        return None
    return next((path for path in found if isinstance(path, str)), None) if isinstance(found, list) else None


def find_msbuild(world: World, majors: Collection[int] = ()) -> MsBuild | None:
    """The MSBuild.exe to use. `majors` are the Visual Studios that fit, the best first; none: any.

    Order: PYNDIS_MSBUILD, the Enterprise WDK's own, vswhere, PATH as a developer prompt sets it.
    """
    if said := world.environment.get(VARIABLE):
        return MsBuild(said, None, VARIABLE) if world.is_file(said) else None
    on_path = world.which("msbuild.exe")
    if is_enterprise(world) and on_path:
        return MsBuild(on_path, _major(world), "the Enterprise WDK's prompt")
    if vswhere := vswhere_place(world):
        for major in tuple(majors) or (None,):
            done = world.run(vswhere_command(vswhere, major), None, {}, lambda line: None)
            if done.code == 0 and (path := parse_found(done.output)):
                return MsBuild(path, major, "vswhere")
    # A developer prompt of a Visual Studio that does not take the kit is none.
    fits = not majors or _major(world) is None or _major(world) in majors
    return MsBuild(on_path, _major(world), "PATH") if on_path and fits else None


def _major(world: World) -> int | None:
    """The version of the Visual Studio whose prompt this is; its scripts set VisualStudioVersion, as in 17.0."""
    text = world.environment.get("VISUALSTUDIOVERSION", "").partition(".")[0]
    return int(text) if text.isdigit() else None
