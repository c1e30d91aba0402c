"""Driver packages that something else built (Visual Studio, another machine), found in a folder to be submitted."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pyndis.diagnostics import Diagnostic, DriverFailure
from pyndis.package.inf_reader import read_inf
from pyndis.package.rules import SYSTEMS
from pyndis.package.submission import Submission
from pyndis.package.systems import WINDOWS_8_SUFFIX
from pyndis.signing import Member, catalog_coverage

MACHINES = {0x8664: "amd64", 0x14C: "x86", 0xAA64: "arm64"}
_SUBSYSTEM_VERSION = 48  # its place in the optional header, PE32 as PE32+
_NOT_SUBMITTED = ("whql", "debug")  # what came back; checked builds


@dataclass(frozen=True)
class FoundPackage:
    """A package in a folder. `oldest`: the oldest Windows that the image claims; `sources`: the files it was read from."""

    submission: Submission
    oldest: tuple[int, int]
    sources: tuple[Path, ...]


def found_packages(folder: Path) -> list[FoundPackage]:
    """The packages at and below a folder, those of Debug left out. Raises DriverFailure (PYN-G51, PYN-G52)."""
    infs = [file for file in sorted(folder.rglob("*.[iI][nN][fF]")) if _is_of_a_package(file.relative_to(folder))]
    packages = [_package(inf) for inf in infs if inf.with_suffix(".sys").is_file()]
    if not packages:
        message = f"{folder} holds no driver package: no .inf with a .sys of the same name beside it"
        help = "give a driver's folder, or one of a built package (.sys, .inf, .cat)"
        raise DriverFailure(Diagnostic("PYN-G51", message, help=help))
    by_result: dict[PurePosixPath, FoundPackage] = {}
    for each in packages:
        other = by_result.setdefault(each.submission.result, each)
        if other is not each:
            raise _unfit(each.sources[0], f"is of the same driver, version and architecture as {other.sources[0]}")
    return packages


def _is_of_a_package(relative: Path) -> bool:
    names = [part.lower() for part in relative.parts[:-1]]
    return not any(name in _NOT_SUBMITTED or name.startswith(".") or name.endswith(WINDOWS_8_SUFFIX) for name in names)


def _package(inf: Path) -> FoundPackage:
    files = {kind: inf.with_suffix(f".{kind}") for kind in ("sys", "inf", "cat")} | {"inf": inf}
    if not files["cat"].is_file():
        raise _unfit(files["cat"], "is missing: the portal wants the package's catalog, by which it knows who sent it")
    symbols = next((file for file in _symbols(inf) if file.is_file()), None)
    files |= {"pdb": symbols} if symbols else {}
    contents = {kind: file.read_bytes() for kind, file in files.items()}
    members = [Member.from_file(files["sys"]), Member.from_file(inf)]
    for found in catalog_coverage(contents["cat"], members):
        raise _unfit(files["cat"], f"does not fit: {found.message}")
    arch, oldest = _image(files["sys"], contents["sys"])
    version = _version(inf, contents["inf"])
    return FoundPackage(Submission(inf.stem, arch, version, contents), oldest, tuple(files.values()))


def _symbols(inf: Path) -> Iterator[Path]:
    yield inf.with_suffix(".pdb")
    yield inf.parent.parent / f"{inf.stem}.pdb"


def _image(file: Path, data: bytes) -> tuple[str, tuple[int, int]]:
    """Architecture and oldest Windows. The image's headers are whole: its digest was asked for."""
    (header,) = struct.unpack_from("<I", data, 0x3C)
    (machine,) = struct.unpack_from("<H", data, header + 4)
    claimed: tuple[int, int] = struct.unpack_from("<HH", data, header + 24 + _SUBSYSTEM_VERSION)
    if machine not in MACHINES:
        raise _unfit(file, f"is for a machine of type {machine:#x}, which no Windows driver is submitted for")
    return MACHINES[machine], max((system for system in SYSTEMS if system <= claimed), default=SYSTEMS[0])


def _version(inf: Path, data: bytes) -> str:
    driver_version = read_inf(data).value("Version", "DriverVer") or ""
    version = driver_version.partition(",")[2].strip()
    if not version:
        raise _unfit(inf, "has no DriverVer with a version")
    return version


def _unfit(file: Path, found: str) -> DriverFailure:
    help = "build the package again, and give that folder"
    return DriverFailure(Diagnostic("PYN-G52", f"{file} {found}", help=help))
