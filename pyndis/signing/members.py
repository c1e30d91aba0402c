"""The files of a driver package, as catalogs list them."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from pathlib import Path

from asn1crypto.core import OctetString

from pyndis.signing import spc
from pyndis.signing.authenticode import authenticode_digest

_INFO_VERSION = 0x200
_SUBJECTS = {"image": "{C689AAB8-8E78-11D0-8C47-00C04FC295EE}", "flat": "{DE351A42-8E59-11D0-8C47-00C04FC295EE}"}


class Kind(enum.StrEnum):
    """How Windows hashes a file: an image without its signature and checksum, anything else as it is."""

    IMAGE = "image"
    FLAT = "flat"

    def info(self, version: int) -> spc.MemberInfo | spc.MemberInfo2:
        """What a catalog says of it: the GUID of the code that hashes it, or in version 2 an empty context tag."""
        if version == 1:
            return spc.MemberInfo({"subject": _SUBJECTS[self], "version": _INFO_VERSION})
        return spc.MemberInfo2(self.value, OctetString(b""))


@dataclass(frozen=True)
class Member:
    """A file of the package. `name` is its bare name, as the INF calls it."""

    name: str
    data: bytes
    kind: Kind

    @classmethod
    def from_file(cls, path: Path) -> Member:
        """Read a file of the package; what starts as an image is hashed as one. Raises OSError."""
        data = path.read_bytes()
        return cls(path.name, data, Kind.IMAGE if data[:2] == b"MZ" else Kind.FLAT)

    def digest(self, algorithm: str) -> bytes:
        """The file's hash in catalogs. Raises DriverFailure (PYN-G10) for an image that is not whole."""
        if self.kind is Kind.IMAGE:
            return authenticode_digest(self.data, algorithm)
        return hashlib.new(algorithm, self.data).digest()


def identifier(digest: bytes, version: int) -> bytes:
    """What names a member: the hash itself, or in version 1 its upper-case hexadecimal as UTF-16LE with a NUL."""
    return digest if version == 2 else f"{digest.hex().upper()}\0".encode("utf-16-le")
