"""Which source lines inlined code in an image comes from, as a PDB's module streams tell.

A function's own line table names the line of the outermost call alone. What was inlined there has a site with annotations, which
change code offset and line step by step, from the line where the inlined function begins.
Layout: cvinfo.h of Microsoft's public repository microsoft-pdb (S_INLINESITE, BinaryAnnotationOpcode).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

_INLINE_SITE, _INLINE_SITE_END = 0x114D, 0x114E
_WITH_FILES = 1  # a subsection of inlinees whose entries list further files

_OFFSET, _LENGTH, _FILE, _LINE, _OFFSET_AND_LINE, _LENGTH_AND_OFFSET = 3, 4, 5, 6, 11, 12

Begins = dict[int, tuple[int, int]]


class Inlined(NamedTuple):
    """A stretch of code from `start` up to `end`, as offsets from the image's base. `depth` counts the calls it is inlined by."""

    start: int
    end: int
    depth: int
    place: str


def begins(subsection: bytes) -> Begins:
    """Where inlined functions begin: file and line, by the function's identifier."""
    found: Begins = {}
    (kind,) = struct.unpack_from("<I", subsection)
    at = 4
    while at + 12 <= len(subsection):
        function, file, line = struct.unpack_from("<III", subsection, at)
        found[function] = (file, line)
        at += 12
        if kind == _WITH_FILES:
            (count,) = struct.unpack_from("<I", subsection, at)
            at += 4 + 4 * count
    return found


def inlined(
    symbols: bytes, functions: set[int], start_of: Callable[[bytes, int], int], known: Begins, named: Callable[[int], str]
) -> Iterator[Inlined]:
    """The inlined stretches of a module's symbols. `functions` are the kinds of records that begin a function."""
    at, base, depth = 4, 0, 0
    while at + 4 <= len(symbols):
        length, kind = struct.unpack_from("<HH", symbols, at)
        if kind in functions:
            base, depth = start_of(symbols, at), 0
        elif kind == _INLINE_SITE_END:
            depth -= 1
        elif kind == _INLINE_SITE:
            depth += 1
            (function,) = struct.unpack_from("<I", symbols, at + 12)
            if function in known:
                for start, end, file, line in _stretches(symbols[at + 16 : at + 2 + length], *known[function]):
                    if line:  # 0: what the compiler made belongs to no line
                        yield Inlined(base + start, base + end, depth, f"{named(file)}:{line}")
        at += length + 2


def _stretches(annotations: bytes, file: int, line: int) -> Iterator[tuple[int, int, int, int]]:
    """Start, end, file and line; a stretch ends where the next begins, unless its length is said."""
    offset = 0
    row: tuple[int, int, int] | None = None
    for code, first, second in _operations(annotations):
        if code in (_FILE, _LINE):
            file = first if code == _FILE else file
            line += _signed(first) if code == _LINE else 0
        elif code == _LENGTH and row:
            yield row[0], offset + first, row[1], row[2]
            offset, row = offset + first, None
        elif code in (_OFFSET, _OFFSET_AND_LINE, _LENGTH_AND_OFFSET):
            step = {_OFFSET: first, _OFFSET_AND_LINE: first & 0xF, _LENGTH_AND_OFFSET: second}[code]
            line += _signed(first >> 4) if code == _OFFSET_AND_LINE else 0
            offset += step
            if row and row[0] < offset:
                yield row[0], offset, row[1], row[2]
            row = (offset, file, line)
            if code == _LENGTH_AND_OFFSET:
                yield offset, offset + first, file, line
                offset, row = offset + first, None


def _operations(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Each operation with its operands; 0 where it has none."""
    values = iter(_numbers(data))
    for code in values:
        if code == 0:  # filled up to four bytes
            return
        first = next(values, 0)
        yield code, first, next(values, 0) if code == _LENGTH_AND_OFFSET else 0


def _numbers(data: bytes) -> Iterator[int]:
    """Integers of one, two or four bytes; the first one's upper bits say of how many."""
    at = 0
    while at < len(data):
        size, mask = (1, 0x7F) if data[at] < 0x80 else (2, 0x3FFF) if data[at] < 0xC0 else (4, 0x1FFFFFFF)
        yield int.from_bytes(data[at : at + size], "big") & mask
        at += size


def _signed(value: int) -> int:
    """The sign is the lowest bit."""
    return -(value >> 1) if value & 1 else value >> 1
