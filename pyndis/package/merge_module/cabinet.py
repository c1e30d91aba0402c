"""The cabinet inside a merge module.

Its files are stored, not compressed: an installer's build compresses them again its own way, and so the bytes depend on no
compressor's version.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from cabarchive import CabArchive, CabFile

STREAM = "MergeModule.CABinet"
_EARLIEST = int(datetime(1980, 1, 1, tzinfo=UTC).timestamp())  # a cabinet's years count from here


def cabinet(files: Mapping[str, bytes], stamp: int) -> bytes:
    """A cabinet of files by their names in it, in this order. `stamp`: their time, in seconds since 1970."""
    archive = CabArchive()
    time = datetime.fromtimestamp(max(stamp, _EARLIEST), UTC)
    for name, content in files.items():
        archive[name] = CabFile(content, name, mtime=time)
    made: bytes = archive.save(compress=False, sort=False)
    return made
