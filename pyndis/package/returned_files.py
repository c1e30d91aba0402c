"""The files that a portal's answer holds, a zip or a folder of what was in one: read into memory, with nothing unpacked.

Whoever hands over such a file may have made it to harm: names that lead elsewhere, links, two files of one name and bombs are
refused.
"""

from __future__ import annotations

import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pyndis.diagnostics import Diagnostic, DriverFailure, UsageFailure

MOST_FILES = 1000
MOST_BYTES = 256 << 20
"""Of all files together. A package takes a few hundred kilobytes."""

_ENCRYPTED = 0x1  # general purpose flag
_UNREADABLE = (
    zipfile.BadZipFile,
    RuntimeError,  # encrypted, or a compression that zipfile does not know
    EOFError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
)


def read_returned(place: Path) -> dict[PurePosixPath, bytes]:
    """The files by their paths. Raises DriverFailure (PYN-G60), UsageFailure (PYN-G66) where nothing can be read."""
    files: dict[PurePosixPath, bytes] = {}
    seen: set[str] = set()
    total = 0
    try:
        for path, data in _from_folder(place) if place.is_dir() else _from_zip(place):
            if str(path).casefold() in seen:
                raise _hostile(place, f"it holds {path} twice")
            seen.add(str(path).casefold())
            files[path] = data
            total += len(data)
            if len(files) > MOST_FILES or total > MOST_BYTES:
                raise _too_much(place)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        help = "give the zip that the portal gave back, or the folder that it was unpacked to"
        raise UsageFailure(Diagnostic("PYN-G66", f"cannot read {place}: {reason}", help=help)) from error
    except _UNREADABLE as error:
        raise _hostile(place, f"it is no whole zip: {error}") from error
    return files


def _from_folder(place: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    budget = MOST_BYTES
    for folder, folders, names in os.walk(place):
        for entry in [Path(folder, each) for each in (*folders, *names)]:
            if entry.is_symlink() or not (entry.is_file() or entry.is_dir()):
                raise _hostile(place, f"{entry.relative_to(place)} is a link or a device")
        for name in sorted(names):
            file = Path(folder, name)
            budget -= file.stat().st_size
            if budget < 0:
                raise _too_much(place)
            yield PurePosixPath(file.relative_to(place).as_posix()), file.read_bytes()


def _from_zip(place: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    with zipfile.ZipFile(place) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_FILES or sum(each.file_size for each in entries) > MOST_BYTES:
            raise _too_much(place)
        for entry in entries:
            path = _path(place, entry.orig_filename)
            if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _hostile(place, f"{path} is a link or a device")
            if entry.flag_bits & _ENCRYPTED:
                raise _hostile(place, f"{path} is encrypted")
            if not entry.is_dir():
                with archive.open(entry) as file:
                    yield path, file.read(MOST_BYTES + 1)


def _path(place: Path, name: str) -> PurePosixPath:
    """The path that an entry's name means; Windows' separators are taken, too."""
    parts = name.replace("\\", "/").removesuffix("/").split("/")
    if any(part in ("", ".", "..") or ":" in part or not part.isprintable() for part in parts):
        raise _hostile(place, f"an entry's name leads elsewhere: {name!r}")
    return PurePosixPath(*parts)


def _too_much(place: Path) -> DriverFailure:
    return _hostile(place, f"it holds more than {MOST_FILES} files or {MOST_BYTES >> 20} MiB, and a driver package is small")


def _hostile(place: Path, found: str) -> DriverFailure:
    help = "download it from the portal again; nothing was unpacked"
    return DriverFailure(Diagnostic("PYN-G60", f"{place} is not taken: {found}", help=help))
