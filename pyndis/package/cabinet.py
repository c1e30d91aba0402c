"""Cabinets with folders, written and read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime

from cabarchive import CabArchive, CabFile
from cabarchive.errors import CorruptionError, NotSupportedError

from pyndis.diagnostics import Diagnostic, DriverFailure

_EARLIEST = int(datetime(1980, 1, 1, tzinfo=UTC).timestamp())  # a cabinet's years count from here


def write_cabinet(files: Mapping[str, bytes], stamp: int) -> bytes:
    """A cabinet (MSZIP) of files by their paths in it, `/` between the parts. `stamp`: their time, in seconds since 1970."""
    archive = CabArchive()
    time = datetime.fromtimestamp(max(stamp, _EARLIEST), UTC)
    for path, content in sorted(files.items()):
        archive[path] = CabFile(content, path, mtime=time)
    made: bytes = archive.save(compress=True, sort=False)
    return made


def read_cabinet(data: bytes) -> dict[str, bytes]:
    """The files of a cabinet by their paths, `/` between the parts. Raises DriverFailure (PYN-G55)."""
    try:
        archive = CabArchive(data)
    except (CorruptionError, NotSupportedError, struct.error, zlib.error, ValueError, IndexError) as error:
        help = "make it again: pyndis submit make"
        raise DriverFailure(Diagnostic("PYN-G55", f"this cabinet cannot be unpacked: {error}", help=help)) from error
    return {name.replace("\\", "/"): bytes(file.buf or b"") for name, file in archive.items()}
