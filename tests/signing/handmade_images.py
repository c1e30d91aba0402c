"""PE images made by hand: just enough for signing, in the header variants that drivers come in."""

import struct
from dataclasses import dataclass

from pyndis.signing import pe

MACHINES = {"x86": 0x14C, "amd64": 0x8664, "arm64": 0xAA64}
PE_AT = 0x80
HEADERS_SIZE = 0x400
FILE_ALIGNMENT = 0x200
PAGE = 0x1000


@dataclass(frozen=True)
class Part:
    name: str
    offset: int
    size: int


def image(machine: str = "amd64", text: int = 0x1A00, data: int = 0x200, overlay: bytes = b"") -> bytes:
    """A driver-like image: .text over more than a page, .data, an uninitialised section, relocations; checksum right."""
    wide = machine != "x86"
    optional = _optional_header(wide)
    sections = [
        (b".text", text, 0x68000020),
        (b".data", data, 0xC8000040),
        (b".bss", 0, 0xC8000080),
        (b".reloc", 0x200, 0x42000040),
    ]
    file_header = struct.pack("<HHIIIHH", MACHINES[machine], len(sections), 0, 0, 0, len(optional), 0x22)
    headers = bytearray(b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", PE_AT)).ljust(PE_AT, b"s")
    headers += b"PE\0\0" + file_header + optional
    body = bytearray()
    for index, (name, size, flags) in enumerate(sections):
        offset = HEADERS_SIZE + len(body) if size else 0
        headers += struct.pack("<8sIIIIIIHHI", name, size or 0x80, PAGE * (1 + index * 8), size, offset, 0, 0, 0, 0, flags)
        body += bytes((index * 37 + at * 7) & 0xFF for at in range(size))
    whole = bytearray(headers.ljust(HEADERS_SIZE, b"\0") + body + overlay)
    layout = pe.read_layout(bytes(whole))
    struct.pack_into("<I", whole, layout.checksum, pe.checksum(bytes(whole), layout))
    return bytes(whole)


def _optional_header(wide: bool) -> bytes:
    code = struct.pack("<HBBIIIII", 0x20B if wide else 0x10B, 14, 0, 0x1A00, 0x400, 0, PAGE, PAGE)
    base = struct.pack("<Q", 0x140000000) if wide else struct.pack("<II", 0x3000, 0x400000)
    versions = struct.pack("<IIHHHHHHI", PAGE, FILE_ALIGNMENT, 10, 0, 10, 0, 6, 1, 0)
    sizes = struct.pack("<IIIHH", 0x22000, HEADERS_SIZE, 0, 1, 0x4160 if wide else 0x4140)
    stack = struct.pack("<QQQQ" if wide else "<IIII", 0x100000, 0x1000, 0x100000, 0x1000)
    return code + base + versions + sizes + stack + struct.pack("<II", 0, 16) + bytes(16 * 8)


def parts(whole: bytes) -> list[Part]:
    """What an image is made of, from the first byte to the last, in the words of the format."""
    layout = pe.read_layout(whole)
    optional = PE_AT + 24
    found = [
        Part("DOS header", 2, 0x3A),
        Part("DOS stub", 0x40, PE_AT - 0x40),
        Part("time stamp", PE_AT + 8, 4),
        Part("entry point", optional + 16, 4),
        Part("checksum", layout.checksum, 4),
        Part("DllCharacteristics", layout.checksum + 6, 2),
        Part("certificate table entry", layout.security_entry, 8),
        Part("section flags", layout.headers_size - 1, 1),
        *(Part(each.name, each.offset, each.size) for each in layout.sections),
        Part("certificate table", layout.table, layout.table_size),
    ]
    return [each for each in found if each.size]
