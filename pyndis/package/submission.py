"""What is sent to Microsoft's hardware portal: a cabinet for each architecture, with the driver package in a folder of its own.

Microsoft's page ("Attestation sign Windows drivers") wants no file at the cabinet's root, a folder for each package, image, INF,
symbols and a catalog in it, and the same set of architectures in every folder of a cabinet. A pyndis package is for one
architecture: hence a cabinet for each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pyndis.diagnostics import WARNING, Diagnostic, DriverFailure
from pyndis.package.cabinet import write_cabinet
from pyndis.package.rules import WINDOWS_10

KINDS = ("sys", "inf", "cat", "pdb")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,38}", re.ASCII)
_OLDER = {(6, 1): "Windows 7, 8 and 8.1", (6, 2): "Windows 8 and 8.1", (6, 3): "Windows 8.1"}


@dataclass(frozen=True)
class Submission:
    """A package to send. `files`: by their extension, as in KINDS; all but the symbols are there."""

    name: str
    arch: str
    version: str
    files: Mapping[str, bytes]

    @property
    def result(self) -> PurePosixPath:
        """The cabinet's place below the output folder."""
        return PurePosixPath("dist", f"{self.name}-{self.arch}-{self.version}.cab")

    def cabinet(self, stamp: int) -> bytes:
        """The unsigned cabinet; `stamp`: its files' time. Raises DriverFailure (PYN-G52) for a name with special characters."""
        if not _PLAIN.fullmatch(self.name):
            help = "name the driver with letters, digits, dots, - and _, at most 39"
            raise DriverFailure(Diagnostic("PYN-G52", f"{self.name!r} is no name that can be submitted", help=help))
        return write_cabinet({f"{self.arch}/{self.name}.{kind}": data for kind, data in self.files.items()}, stamp)


def older_systems(arch: str, oldest: tuple[int, int]) -> Diagnostic | None:
    """A warning (PYN-G53) where the package claims systems that attestation does not serve."""
    if oldest >= WINDOWS_10:
        return None
    message = f"the {arch} package claims {_OLDER[oldest]}, and what attestation signs installs on Windows 10 and later only"
    help = "for the earlier ones pass the HLK tests and submit their results, or ship the package that you signed yourself"
    return Diagnostic("PYN-G53", message, help=help, severity=WARNING)


def unsigned_submission(sign: str) -> Diagnostic | None:
    """A warning (PYN-G54) where the cabinet is signed by nobody that the portal knows; `sign` as in --sign."""
    found = {"test": "is signed by the test certificate", "none": "is not signed"}.get(sign)
    if found is None:
        return None
    message = f"the cabinet {found}, and the portal takes only what a certificate of your company's account has signed"
    help = "give --sign FILE, a PFX or a signer's file, or sign the cabinet where that certificate is"
    return Diagnostic("PYN-G54", message, help=help, severity=WARNING)
