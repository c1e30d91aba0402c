"""Where an image keeps what Authenticode leaves out and covers: offsets, hashes, certificate table, checksum.

pefile forgives what is cut off or overlaps; a signer must not, and needs only file offsets. So this is a strict reader
of a dozen fields ("PE Format", Microsoft) that names the one at which a file stops making sense.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pyndis.diagnostics import Diagnostic, DriverFailure

ALIGNMENT = 8
"""The certificate table and its entries start at multiples of this many bytes; what is hashed is padded to it."""

PAGE = 0x1000
"""Bytes that a page hash covers: the memory page of all machines that drivers are built for."""

_CERTIFICATE = struct.Struct("<IHH")  # WIN_CERTIFICATE: length, revision, type
_REVISION_2 = 0x0200
_PKCS_SIGNED_DATA = 0x0002
_DIRECTORIES_AT = {0x10B: 96, 0x20B: 112}  # by optional header magic: where the data directories start in it
_SECURITY_DIRECTORY = 4
_HEADERS_SIZE_AT = 60
_CHECKSUM_AT = 64
_SECTION_HEADER_SIZE = 40


@dataclass(frozen=True)
class Section:
    """The bytes of a section in the file."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True)
class Layout:
    """File offsets and sizes in bytes. An unsigned image has an empty certificate table at its end."""

    checksum: int
    security_entry: int
    headers_size: int
    sections: tuple[Section, ...]
    table: int
    table_size: int

    @property
    def signed(self) -> bool:
        return self.table_size != 0


def _rejected(found: str) -> DriverFailure:
    return DriverFailure(
        Diagnostic("PYN-G10", f"this is not a whole PE image: {found}", help="build the driver again, and give that .sys")
    )


def _read(image: bytes, layout: str, offset: int, what: str) -> tuple[int, ...]:
    end = offset + struct.calcsize(layout)
    if end > len(image):
        raise _rejected(f"the {what} ends at byte {end}, the file at {len(image)}")
    return struct.unpack_from(layout, image, offset)


def read_layout(image: bytes) -> Layout:
    """Find the places that signing needs. Raises DriverFailure (PYN-G10, PYN-G11) for what is not a whole image."""
    pe = _find_signature(image)
    section_count, optional_size = _read(image, "<2xH12xH2x", pe + 4, "file header")
    optional = pe + 24
    security = _find_security_entry(image, optional, optional_size)
    (headers_size,) = _read(image, "<I", optional + _HEADERS_SIZE_AT, "optional header")
    sections_at = optional + optional_size
    headers_end = sections_at + section_count * _SECTION_HEADER_SIZE
    if headers_end > headers_size or headers_size > len(image):
        found = f"its headers take {headers_end} bytes, SizeOfHeaders says {headers_size}, the file has {len(image)}"
        raise _rejected(found)
    table, table_size = _find_table(image, security, headers_size)
    sections = tuple(_sections(image, sections_at, section_count, headers_size, table))
    return Layout(optional + _CHECKSUM_AT, security, headers_size, sections, table, table_size)


def _find_signature(image: bytes) -> int:
    if image[:2] != b"MZ":
        raise _rejected("it does not start with the letters MZ")
    (pe,) = _read(image, "<I", 0x3C, "DOS header")
    (signature,) = _read(image, "<I", pe, "PE signature")
    if signature != int.from_bytes(b"PE\0\0", "little"):
        raise _rejected(f"there is no PE signature at byte {pe}")
    return pe


def _find_security_entry(image: bytes, optional: int, optional_size: int) -> int:
    (magic,) = _read(image, "<H", optional, "optional header")
    if magic not in _DIRECTORIES_AT:
        raise _rejected(f"its optional header has the magic {magic:#x}, wanted 0x10b (PE32) or 0x20b (PE32+)")
    directories = _DIRECTORIES_AT[magic]
    entry = directories + _SECURITY_DIRECTORY * 8
    (count,) = _read(image, "<I", optional + directories - 4, "optional header")
    if count <= _SECURITY_DIRECTORY or optional_size < entry + 8:
        raise _rejected("its optional header has no room for a certificate table entry")
    return optional + entry


def _find_table(image: bytes, security: int, headers_size: int) -> tuple[int, int]:
    table, size = _read(image, "<II", security, "data directory")
    if table == 0 and size == 0:
        return len(image), 0
    if table + size != len(image) or table % ALIGNMENT or table < headers_size or size <= _CERTIFICATE.size:
        raise _misplaced(table, size, len(image))
    return table, size


def _misplaced(table: int, size: int, length: int) -> DriverFailure:
    return DriverFailure(
        Diagnostic(
            "PYN-G11",
            f"the certificate table is said to be at bytes {table} to {table + size} of a file of {length}: "
            f"wanted a multiple of {ALIGNMENT} as start, and the end of the file as end",
            help="the file was cut off, or something was appended after it was signed: take the file as it was built",
        )
    )


def _sections(image: bytes, at: int, count: int, headers_size: int, end: int) -> Iterator[Section]:
    for header in range(at, at + count * _SECTION_HEADER_SIZE, _SECTION_HEADER_SIZE):
        name = image[header : header + 8].rstrip(b"\0").decode("ascii", "replace")
        size, offset = _read(image, "<II", header + 16, "section header")
        if size == 0:
            continue
        if offset < headers_size or offset + size > end:
            raise _rejected(f"section {name} is said to be at bytes {offset} to {offset + size}, outside of the file")
        yield Section(name, offset, size)


def _padding(length: int, alignment: int) -> bytes:
    return bytes(-length % alignment)


def _hashed_headers(image: bytes, layout: Layout, end: int) -> Iterator[memoryview]:
    """The bytes from the start of the file to `end`, without checksum and certificate table entry."""
    view = memoryview(image)
    yield view[: layout.checksum]
    yield view[layout.checksum + 4 : layout.security_entry]
    yield view[layout.security_entry + 8 : end]


def digest(image: bytes, layout: Layout, algorithm: str) -> bytes:
    """The Authenticode digest: the whole image but for checksum, certificate table entry and certificate table."""
    hasher = hashlib.new(algorithm)
    for part in _hashed_headers(image, layout, layout.table):
        hasher.update(part)
    hasher.update(_padding(layout.table, ALIGNMENT))
    return hasher.digest()


def page_hashes(image: bytes, layout: Layout, algorithm: str = "sha256") -> bytes:
    """File offset (32 bits) and hash of the headers and of each page of each section, then the end and zeros.

    Short pages are filled up with zeros: the loader checks what it has mapped.
    """
    hasher = hashlib.new(algorithm)
    for part in _hashed_headers(image, layout, layout.headers_size):
        hasher.update(part)
    hasher.update(_padding(layout.headers_size, PAGE))
    table = [struct.pack("<I", 0) + hasher.digest()]
    end = layout.headers_size
    for section in layout.sections:
        end = section.offset + section.size
        for offset in range(section.offset, end, PAGE):
            page = image[offset : min(offset + PAGE, end)]
            table.append(struct.pack("<I", offset) + hashlib.new(algorithm, page + _padding(len(page), PAGE)).digest())
    table.append(struct.pack("<I", end) + bytes(hasher.digest_size))
    return b"".join(table)


def checksum(image: bytes, layout: Layout) -> int:
    """The image checksum: the ones' complement sum of its 16-bit words with the field as zero, plus its length."""
    summed = image[: layout.checksum] + bytes(4) + image[layout.checksum + 4 :]
    summed += _padding(len(summed), 2)
    total: int = sum(struct.unpack(f"<{len(summed) // 2}H", summed))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total + len(image)


def stored_checksum(image: bytes, layout: Layout) -> int:
    """The checksum that the image's header gives."""
    return int.from_bytes(image[layout.checksum : layout.checksum + 4], "little")


def without_signature(image: bytes, layout: Layout) -> bytes:
    """The image up to its certificate table, padded as signing pads it, with an empty entry; the checksum is stale."""
    bare = bytearray(image[: layout.table])
    struct.pack_into("<II", bare, layout.security_entry, 0, 0)
    return bytes(bare + _padding(len(bare), ALIGNMENT))


def with_signature(unsigned: bytes, layout: Layout, signature: bytes) -> bytes:
    """Append a PKCS#7 signature to what `without_signature` gave, and make entry and checksum right."""
    padded = signature + _padding(_CERTIFICATE.size + len(signature), ALIGNMENT)
    size = _CERTIFICATE.size + len(padded)
    image = bytearray(unsigned + _CERTIFICATE.pack(size, _REVISION_2, _PKCS_SIGNED_DATA) + padded)
    struct.pack_into("<II", image, layout.security_entry, len(unsigned), size)
    struct.pack_into("<I", image, layout.checksum, checksum(bytes(image), layout))
    return bytes(image)


def signature_bytes(image: bytes, layout: Layout) -> bytes:
    """The first PKCS#7 signature of the certificate table, padding included. Raises DriverFailure (PYN-G11)."""
    length, revision, kind = _CERTIFICATE.unpack_from(image, layout.table)
    if not _CERTIFICATE.size < length <= layout.table_size or (revision, kind) != (_REVISION_2, _PKCS_SIGNED_DATA):
        raise DriverFailure(
            Diagnostic(
                "PYN-G11",
                f"the certificate table starts with an entry of {length} bytes, revision {revision:#x}, type {kind}: "
                f"wanted a PKCS#7 signature (revision 0x200, type 2) of at most {layout.table_size} bytes",
                help="sign the image again",
            )
        )
    return image[layout.table + _CERTIFICATE.size : layout.table + length]
