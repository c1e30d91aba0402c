"""Outputs appear whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from pyndis.diagnostics import Diagnostic, ToolFailure

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.EROFS: "the file system is read-only",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
}


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file by way of a temporary one beside it, so that readers see the old bytes or the new, never a part.

    Raises ToolFailure (PYN-F01) when the system refuses.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> ToolFailure:
    """The failure to report when `path` could not be written."""
    reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
    help = "choose another folder with --out, or mend this one and run the command again"
    return ToolFailure(Diagnostic("PYN-F01", f"cannot write {path}: {reason}", help=help))
