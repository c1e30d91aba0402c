"""Authenticode signatures on cabinets (.cab), in which drivers are sent to Microsoft.

The signature lies behind the cabinet. Twenty bytes of the header's reserve say where, and what is hashed leaves out the
fields that signing changes. Sources: the cabinet format ([MS-CAB], 2.2.1) for the header; for the reserve and for what is
hashed, cabinets that osslsigncode has signed, which also judges ours.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from pyndis.diagnostics import Diagnostic, DriverFailure
from pyndis.signing import indirect_data, signed_data, spc
from pyndis.signing.identity import Identity
from pyndis.signing.signed_data import Stamper

MAGIC = b"MSCF"

_HEADER = struct.Struct("<4sIIIIIBBHHHHH")  # CFHEADER up to the cabinet's number in its set
_FOLDER_SIZE = 8
_CHAINED, _RESERVE_PRESENT = 0x0003, 0x0004
_RESERVE_SIZES = struct.Struct("<HBB")  # of header, each folder, each block
_RESERVE = struct.Struct("<IIIII")
_RESERVE_MARK = 0x00100000
_ADDED = _RESERVE_SIZES.size + _RESERVE.size
_SIZE_AT, _FILES_AT, _FLAGS_AT, _NUMBER_AT = 8, 16, 30, 34
_LAST_HASHED = _HEADER.size + _ADDED - 4
"""Where hashing goes on: with the reserve's last word, which is zero."""


@dataclass(frozen=True)
class Layout:
    """Offsets and sizes in bytes. `size`: the cabinet without its signature, which is empty when there is none."""

    size: int
    folders: int
    signature: bytes
    has_place: bool

    @property
    def signed(self) -> bool:
        return bool(self.signature)


def read_layout(cabinet: bytes) -> Layout:
    """Find a cabinet's signature. Raises DriverFailure (PYN-G50) for what is not one whole cabinet."""
    if len(cabinet) < _HEADER.size or cabinet[:4] != MAGIC:
        raise _rejected("it does not begin as one")
    _, _, size, _, files, _, _, _, folders, _, flags, _, _ = _HEADER.unpack_from(cabinet)
    if flags & _CHAINED:
        raise _rejected("it is one of several that belong together")
    has_place = bool(flags & _RESERVE_PRESENT)
    start = _HEADER.size + (_ADDED if has_place else 0)
    if not start + folders * _FOLDER_SIZE <= files <= size <= len(cabinet):
        raise _rejected(
            f"it says that it has {size} bytes and its files' entries at {files}, and the file has {len(cabinet)} bytes"
        )
    at, length = _signature_place(cabinet) if has_place else (size, 0)
    if (at, at + length) != (size, len(cabinet)):
        raise _rejected(
            f"it ends at byte {size}, its signature is at {at} to {at + length}, and the file has {len(cabinet)} bytes"
        )
    return Layout(size, folders, cabinet[at:], has_place)


def _signature_place(cabinet: bytes) -> tuple[int, int]:
    sizes = _RESERVE_SIZES.unpack_from(cabinet, _HEADER.size)
    mark, at, length, _, _ = _RESERVE.unpack_from(cabinet, _HEADER.size + _RESERVE_SIZES.size)
    if sizes != (_RESERVE.size, 0, 0) or mark != _RESERVE_MARK:
        raise _rejected("its header has a reserve that is not for a signature")
    return at, length


def digest(cabinet: bytes, layout: Layout, algorithm: str) -> bytes:
    """The Authenticode digest of a cabinet that has a place for its signature."""
    hasher = hashlib.new(algorithm)
    for part in (cabinet[:4], cabinet[_SIZE_AT:_NUMBER_AT], cabinet[_LAST_HASHED : layout.size]):
        hasher.update(part)
    return hasher.digest()


def sign_cabinet(
    cabinet: bytes, identity: Identity, *, description: str, url: str | None = None, stamp: Stamper | None = None
) -> bytes:
    """Sign a cabinet with SHA-256; a signature that is there already is replaced.

    Without `stamp` the same input gives the same bytes. Raises DriverFailure (PYN-G50).
    """
    bare = _with_place(cabinet, read_layout(cabinet))
    layout = read_layout(bare)
    content = indirect_data.cabinet("sha256", digest(bare, layout, "sha256"))
    signature = signed_data.sign(spc.INDIRECT_DATA, content, identity, description=description, url=url, stamp=stamp)
    return _placed(bare, len(signature)) + signature


def _with_place(cabinet: bytes, layout: Layout) -> bytes:
    """The cabinet with a place for a signature and without one. What follows the header moves, and the offsets with it."""
    if layout.has_place:
        return _placed(cabinet[: layout.size], 0)
    moved = bytearray(cabinet[: layout.size])
    folders_end = _HEADER.size + layout.folders * _FOLDER_SIZE
    for at in (_SIZE_AT, _FILES_AT, *range(_HEADER.size, folders_end, _FOLDER_SIZE)):
        (value,) = struct.unpack_from("<I", moved, at)
        struct.pack_into("<I", moved, at, value + _ADDED)
    (flags,) = struct.unpack_from("<H", moved, _FLAGS_AT)
    struct.pack_into("<H", moved, _FLAGS_AT, flags | _RESERVE_PRESENT)
    reserve = _RESERVE_SIZES.pack(_RESERVE.size, 0, 0) + bytes(_RESERVE.size)
    return _placed(bytes(moved[: _HEADER.size]) + reserve + bytes(moved[_HEADER.size :]), 0)


def _placed(cabinet: bytes, length: int) -> bytes:
    """The cabinet, whose reserve says that a signature of `length` bytes follows."""
    at = _HEADER.size + _RESERVE_SIZES.size
    reserve = _RESERVE.pack(_RESERVE_MARK, len(cabinet), length, 0, 0)
    return cabinet[:at] + reserve + cabinet[at + _RESERVE.size :]


def _rejected(found: str) -> DriverFailure:
    help = "make it again, and give the whole of that file"
    return DriverFailure(Diagnostic("PYN-G50", f"this is not one whole cabinet: {found}", help=help))
