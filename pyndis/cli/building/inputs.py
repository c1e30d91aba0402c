"""The files that decide what a build gives, found without a look at the last build: the driver's, and pyndis' own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pyndis
from pyndis import resources
from pyndis.cli.building.request import Request

_IGNORED = {"__pycache__", "native"}  # what Python caches; the host's own C


def driver_files(folder: Path, out: Path) -> list[Path]:
    """The files of a driver: all below its folder that are not hidden and no results."""
    return sorted(file for file in _below(folder.resolve()) if not file.is_relative_to(out))


def all_files(request: Request) -> list[Path]:
    """Every file that decides what this build gives."""
    return sorted([*driver_files(request.manifest.folder, request.out), *own_files()])


def own_files() -> Iterator[Path]:
    """The files that pyndis is made of."""
    own = Path(pyndis.__file__).parent
    yield from _below(own)
    yield resources.root() / resources.ENTRY_PROJECT
    for folder in (resources.templates(), resources.toolchain()):
        if not folder.is_relative_to(own):
            yield from _below(folder)


def tools() -> dict[str, str]:
    """Versions of what is used but is no file of ours, and the variables that choose another."""
    chosen = {
        name: value for name, value in os.environ.items() if name.startswith("PYNDIS_") and name.endswith(("ZIG", "CONFIG_DIR"))
    }
    return {"pyndis": pyndis.__version__, "ziglang": _version("ziglang"), **chosen}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if each not in _IGNORED and not each.startswith("."))
        yield from (Path(place, name) for name in names if not name.startswith("."))
