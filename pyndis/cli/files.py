"""Files that a command is given: reading them, and telling by their first bytes what they are."""

from __future__ import annotations

from pathlib import Path

from pyndis.diagnostics import Diagnostic, DriverFailure, UsageFailure

IMAGE, CATALOG, CABINET, OTHER = "image", "catalog", "cabinet", "other"


def read(file: Path) -> bytes:
    """The bytes of a file. Raises UsageFailure (PYN-A05) when it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        reason = (error.strerror or "it is no file").lower()
        raise UsageFailure(Diagnostic("PYN-A05", f"cannot read {file}: {reason}", help="give the path of a file")) from error


def kind_of(data: bytes) -> str:
    """IMAGE for what begins as a program, CATALOG for what begins as DER, CABINET for a cabinet, else OTHER."""
    beginnings = {b"MZ": IMAGE, b"\x30": CATALOG, b"MSCF": CABINET}
    return next((kind for beginning, kind in beginnings.items() if data.startswith(beginning)), OTHER)


def signable(file: Path, data: bytes) -> str:
    """The kind of a file that can hold a signature. Raises DriverFailure (PYN-A06) for any other."""
    if (kind := kind_of(data)) == OTHER:
        help = "images (.sys), catalogs (.cat) and cabinets (.cab) are signed; an INF is covered by the catalog that lists it"
        raise DriverFailure(Diagnostic("PYN-A06", f"{file} is neither an image nor a catalog nor a cabinet", help=help))
    return kind
