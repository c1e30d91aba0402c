"""A build is made beside its place and moved into it when all of it is there, under a lock: whole, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from pyndis.cli.building.layout import PRIVATE
from pyndis.diagnostics import Diagnostic, ToolFailure
from pyndis.files import unwritable


@contextmanager
def staging(out: Path) -> Iterator[Path]:
    """An empty folder on the same disk as `out`; it is gone afterwards. Only one process at a time has one.

    Its path is always the same, so that no path in what is built differs between two builds.
    Raises ToolFailure (PYN-F01, PYN-F03).
    """
    folder = out / PRIVATE / "unfinished"
    with _lock(out):
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        except OSError as error:
            raise unwritable(folder, error) from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def publish(staged: Path, out: Path, files: Iterable[PurePosixPath]) -> None:
    """Move files from the staging folder to the same places below `out`. Raises ToolFailure (PYN-F01)."""
    listed = list(files)
    target = out
    try:
        for file in listed:
            target = out / file
            target.parent.mkdir(parents=True, exist_ok=True)
        for file in listed:
            target = out / file
            os.replace(staged / file, target)
    except OSError as error:
        raise unwritable(target, error) from error


@contextmanager
def _lock(out: Path) -> Iterator[None]:
    path = out / PRIVATE / "lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("wb")
    except OSError as error:
        raise unwritable(out, error) from error
    with file:
        if not _try_lock(file.fileno()):
            help = "wait until it is done, or choose another folder with --out"
            raise ToolFailure(Diagnostic("PYN-F03", f"another pyndis is building into {out}", help=help))
        yield  # the system takes the lock back when the file is closed, also when this process dies


def _try_lock(handle: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
