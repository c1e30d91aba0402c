"""A verification log held against the files that it speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from pyndis.diagnostics import WARNING, Diagnostic, Failure
from pyndis.signing import authenticode_digest
from pyndis.verification.log import Digest
from pyndis.verification.log_xml import digests

SOURCES = (".py", ".toml")
"""The files of a driver's folder that a log lists."""

_AGAIN = "verify again: pyndis build --target DVL"


def differing(data: bytes, folder: Path) -> list[Diagnostic]:
    """What is no longer as the log in `folder` says. Raises DriverFailure (PYN-Y04) for what is no log."""
    source_folder, sources, beside = digests(data)
    found = [diagnostic for each in beside for diagnostic in _changed(folder / each.path, each)]
    place = (folder / source_folder).resolve()
    if not place.is_dir():
        help = "hold the log against the sources where it was written: in the output folder, beside the driver's"
        message = f"the driver's folder {source_folder} is not there, so its sources are not compared"
        return [*found, Diagnostic("PYN-Y07", message, help=help, severity=WARNING)]
    found += [diagnostic for each in sources for diagnostic in _changed(place / each.path, each)]
    return [*found, *_new(place, {each.path for each in sources}, folder)]


def source_files(driver: Path, out: Path) -> list[Path]:
    """The files of a driver's folder that a log lists, sorted."""
    files = (file for file in driver.rglob("*") if file.suffix in SOURCES and file.is_file() and not file.is_relative_to(out))
    return sorted(file for file in files if not _hidden(file.relative_to(driver)))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _changed(file: Path, said: Digest) -> Iterator[Diagnostic]:
    try:
        data = file.read_bytes()
    except OSError:
        yield Diagnostic("PYN-Y06", f"{said.path} is not there any more", help=_AGAIN)
        return
    if sha256(data).hexdigest() == said.sha256:
        return
    if said.authenticode and _authenticode(data) == said.authenticode:
        yield Diagnostic(
            "PYN-Y08", f"{said.path} has another signature than when it was verified; its code is the same", severity=WARNING
        )
        return
    yield Diagnostic("PYN-Y05", f"{said.path} has changed since it was verified", help=_AGAIN)


def _authenticode(data: bytes) -> str:
    try:
        return authenticode_digest(data).hex()
    except Failure:
        return ""


def _new(driver: Path, listed: set[str], out: Path) -> Iterator[Diagnostic]:
    for file in source_files(driver, out.resolve()):
        if (path := file.relative_to(driver).as_posix()) not in listed:
            yield Diagnostic("PYN-Y05", f"{path} is new since the driver was verified", help=_AGAIN)
