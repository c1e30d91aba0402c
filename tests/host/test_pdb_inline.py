from __future__ import annotations

import struct

import pytest

from pyndis.host.pdb_inline import Inlined, begins, inlined

PROCEDURE, SITE, SITE_END = 0x1147, 0x114D, 0x114E
FUNCTION, OTHER = 0x1001, 0x1002
BASE = 0x4000
KNOWN = {FUNCTION: (0, 10), OTHER: (8, 50)}


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", 2 + len(content), kind) + content


def site(*annotations: int, function: int = FUNCTION) -> bytes:
    return record(SITE, struct.pack("<III", 0, 0, function) + bytes(annotations))


def read(*records: bytes) -> list[Inlined]:
    symbols = b"\4\0\0\0" + record(PROCEDURE, bytes(40)) + b"".join(records)
    return list(inlined(symbols, {PROCEDURE}, lambda _, at: BASE, KNOWN, lambda file: {0: "a.py", 8: "b.py"}[file]))


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ((3, 4, 4, 6), [(4, 10, "a.py:10")]),  # code offset, length
        ((6, 4, 3, 4, 4, 6), [(4, 10, "a.py:12")]),  # line + 2
        ((6, 5, 3, 4, 4, 6), [(4, 10, "a.py:8")]),  # line - 2
        ((3, 4, 11, 0x25, 4, 3), [(4, 9, "a.py:10"), (9, 12, "a.py:11")]),  # line + 1 and offset + 5
        ((5, 8, 3, 1, 4, 1), [(1, 2, "b.py:10")]),  # file
        ((12, 6, 4), [(4, 10, "a.py:10")]),  # length 6, offset 4
        ((3, 4, 4, 6, 3, 2, 4, 1), [(4, 10, "a.py:10"), (12, 13, "a.py:10")]),  # a length moves the offset too
        ((3, 0x81, 0x00, 4, 0x80, 0x90), [(256, 400, "a.py:10")]),  # two bytes
        ((3, 0xC0, 0x01, 0x00, 0x00, 4, 1), [(65536, 65537, "a.py:10")]),  # four bytes
        ((6, 21, 3, 4, 4, 6), []),  # line 0
        ((3, 4, 9, 1, 4, 6, 0, 0), [(4, 10, "a.py:10")]),  # columns do not count; filled up
    ],
)
def test_annotations_are_stretches_of_code(annotations: tuple[int, ...], expected: list[tuple[int, int, str]]) -> None:
    assert read(site(*annotations), record(SITE_END, b"")) == [Inlined(BASE + a, BASE + b, 1, place) for a, b, place in expected]


def test_a_site_in_a_site_lies_deeper() -> None:
    inner = [site(3, 6, 4, 2, function=OTHER), record(SITE_END, b"")]
    found = read(site(3, 4, 4, 8), *inner, record(SITE_END, b""))
    assert [(each.depth, each.place) for each in found] == [(1, "a.py:10"), (2, "b.py:50")]


def test_a_function_that_begins_nowhere_known_has_no_lines() -> None:
    assert read(site(3, 4, 4, 8, function=7), record(SITE_END, b"")) == []


@pytest.mark.parametrize(
    "subsection", [struct.pack("<7I", 0, 1, 2, 3, 4, 5, 6), struct.pack("<10I", 1, 1, 2, 3, 1, 24, 4, 5, 6, 0)]
)
def test_inlined_functions_begin_at_a_line_of_a_file(subsection: bytes) -> None:
    assert begins(subsection) == {1: (2, 3), 4: (5, 6)}
