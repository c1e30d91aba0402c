"""The Windows Driver Kit's headers and libraries, unpacked in a folder: found, and made readable for clang on a system that tells
upper from lower case."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyndis.diagnostics import Diagnostic, ToolFailure, UsageFailure
from pyndis.toolchains.targets import TARGETS, Arch

OVERLAY = "kit.yaml"
"""The overlay's name in a plan's work folder."""
PATCHED = "kit-ndis.h"

_FOLDERS = ("km", "shared", "km/crt")
_MODULES = ("ndis", "hal", "ntoskrnl")
_WANTED = "wanted: a kit's root or its Include folder, with VERSION/km/ndis.h in it"
# The preprocessor of MSVC expands the arguments of ## here, and C does not. What the line asks is true for every version that
# the headers know: they end with #error before it for others.
_EXPANDED_BY_MSVC = re.compile(rb"NDIS_API_VERSION_AVAILABLE\(NDIS_\w+_MAJOR_VERSION, *NDIS_\w+_MINOR_VERSION\)")


@dataclass(frozen=True)
class Kit:
    """A kit of one version. `include` are its folders for kernel code; `root` has `Include` and perhaps `Lib`."""

    root: Path
    version: str
    include: tuple[Path, ...]

    @property
    def ndis(self) -> Path:
        """The header that has to be patched (PATCHED) before clang reads it."""
        return _named(self.include[0], "ndis.h") or self.include[0] / "ndis.h"

    def libraries(self, arch: Arch) -> tuple[Path, ...]:
        """Its import libraries for this architecture, all or none: headers come without them too."""
        base = _named(self.root, "lib") or self.root
        folder = base / self.version / "km" / TARGETS[arch].link_machine
        found = [_named(folder, f"{module}.lib") for module in _MODULES]
        return tuple(each for each in found if each) if all(found) else ()

    def overlay(self) -> bytes:
        """A virtual file system for clang that finds each header whatever the case of its name, and `ndis.h` as patched.

        https://clang.llvm.org/docs: -ivfsoverlay. JSON is YAML.
        """
        roots = [{"name": str(folder), "type": "directory", "contents": list(self._contents(folder))} for folder in self.include]
        return json.dumps({"version": 0, "case-sensitive": "false", "overlay-relative": False, "roots": roots}, indent=1).encode()

    def _contents(self, folder: Path) -> Iterator[dict[str, str]]:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                real = PATCHED if file == self.ndis else str(file)
                yield {"name": str(file.relative_to(folder)), "type": "file", "external-contents": real}

    def patched(self) -> bytes:
        """`ndis.h` as C's own preprocessor takes it."""
        return _EXPANDED_BY_MSVC.sub(b"1", self.ndis.read_bytes())


def find_kit(folder: Path) -> Kit:
    """The newest kit below `folder`, or the one version that `folder` is (`…/Include/10.0.22621.0`).

    Raises UsageFailure (PYN-T10) where there is none, ToolFailure (PYN-T11) for one that lacks headers.
    """
    versions = sorted(_versions(folder), key=lambda place: tuple(map(int, place.name.split("."))))
    if not versions:
        raise UsageFailure(Diagnostic("PYN-T10", f"--wdk {folder}: there is no driver kit", notes=(_WANTED,), help=_HELP))
    place = versions[-1]
    include = tuple(found for name in _FOLDERS if (found := _below(place, name)))
    kit = Kit(place.parent.parent.resolve(), place.name, tuple(each.resolve() for each in include))
    missing = [name for name in ("ndis.h", "ntddk.h", "wdmsec.h") if not any(_named(each, name) for each in kit.include)]
    if missing:
        what = f"the kit {place} lacks {', '.join(missing)}"
        raise ToolFailure(Diagnostic("PYN-T11", what, help="unpack its folders km and shared whole"))
    return kit


_HELP = "unpack a Windows Driver Kit (its Include, and Lib if you have it) and name the folder"


def _versions(folder: Path) -> Iterator[Path]:
    for place in (folder, *_children(folder), *(below for each in _children(folder) for below in _children(each))):
        if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", place.name) and place.parent.name.lower() == "include" and _below(place, "km"):
            yield place


def _children(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if each.is_dir()] if folder.is_dir() else []


def _below(folder: Path, path: str) -> Path | None:
    place: Path | None = folder
    for name in path.split("/"):
        place = _named(place, name) if place else None
    return place


def _named(folder: Path, name: str) -> Path | None:
    """The file or folder of this name in any case."""
    if not folder.is_dir():
        return None
    return next((each for each in folder.iterdir() if each.name.lower() == name.lower()), None)
