"""As much of the PDB format as names and source lines of functions need.

The layout is public: the LLVM project documents it ("The PDB File Format"). A file that is not what it says raises NotAPdb.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PureWindowsPath

from pyndis.host.pdb_inline import Inlined, begins, inlined

_MAGIC = b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0"
_INFO_STREAM = 1
_DBI_STREAM = 3
_NO_STREAM = 0xFFFF
_SECTION_HEADERS = 5  # place in the DBI's list of further streams
_PROCEDURES = {0x110F, 0x1110, 0x1146, 0x1147}  # S_LPROC32, S_GPROC32, and the same with an id
_VARIABLES = {0x110C, 0x110D}  # S_LDATA32, S_GDATA32
_LINES = 0xF2
_FILES = 0xF4
_INLINEES = 0xF6
_LINE_BITS = 0xFFFFFF

Functions = dict[int, str]
Lines = list[tuple[int, str]]
Variables = dict[int, str]


class NotAPdb(Exception):
    """The file is truncated or of another format."""


def read_pdb(data: bytes) -> tuple[Functions, Lines, Variables, list[Inlined]]:
    """By offset in the image: function names, source lines (`file.c:12`, `driver/file.py:12`), variables, what is inlined."""
    try:
        return _read(data)
    except (struct.error, LookupError, ValueError, ArithmeticError) as error:
        raise NotAPdb(str(error)) from error


def _read(data: bytes) -> tuple[Functions, Lines, Variables, list[Inlined]]:
    streams = _streams(data)
    dbi = _dbi(streams[_DBI_STREAM])
    sections = [_u32(streams[dbi.sections], at + 12) for at in range(0, len(streams[dbi.sections]), 40)]
    names = _names(streams)
    functions: Functions = {}
    lines: Lines = []
    variables = _variables(streams[dbi.symbols], 0, sections)
    inline: list[Inlined] = []
    for module in dbi.modules:
        stream = streams[module.stream]
        functions.update(_functions(stream[: module.symbols], sections))
        variables.update(_variables(stream[: module.symbols], 4, sections))
        start = module.symbols + module.old_lines
        parts = list(_subsections(stream[start : start + module.lines]))
        named = partial(_file, b"".join(content for kind, content in parts if kind == _FILES), names)
        for kind, content in parts:
            if kind == _LINES:
                lines.extend(_line_blocks(content, sections, named))
        inlinees = {key: place for kind, content in parts if kind == _INLINEES for key, place in begins(content).items()}
        code = partial(_start, sections=sections)
        inline.extend(inlined(stream[: module.symbols], _PROCEDURES, code, inlinees, named))
    return functions, lines, variables, inline


def _u32(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def _streams(data: bytes) -> list[bytes]:
    if not data.startswith(_MAGIC):
        raise NotAPdb("no MSF 7.00 file")
    block, _, _, size, _, map_block = struct.unpack_from("<6I", data, 32)
    if size > len(data):
        raise NotAPdb("the directory is longer than the file")
    count = -(-size // block)
    directory = _join(data, struct.unpack_from(f"<{count}I", data, map_block * block), block, size)
    total = _u32(directory, 0)
    sizes = struct.unpack_from(f"<{total}I", directory, 4)
    at = 4 + 4 * total
    streams = []
    for each in sizes:
        length = 0 if each == 0xFFFFFFFF else each
        blocks = struct.unpack_from(f"<{-(-length // block)}I", directory, at)
        at += 4 * len(blocks)
        streams.append(_join(data, blocks, block, length))
    return streams


def _join(data: bytes, blocks: tuple[int, ...], block: int, size: int) -> bytes:
    return b"".join(data[each * block : (each + 1) * block] for each in blocks)[:size]


@dataclass(frozen=True)
class _Module:
    stream: int
    symbols: int
    old_lines: int
    lines: int


@dataclass(frozen=True)
class _Dbi:
    modules: list[_Module]
    symbols: int
    sections: int


def _dbi(stream: bytes) -> _Dbi:
    symbols = int(struct.unpack_from("<H", stream, 20)[0])
    modules, contributions, section_map, sources, types, _, further, edit = struct.unpack_from("<4iiIii", stream, 24)
    at = 64 + modules + contributions + section_map + sources + types + edit
    others = struct.unpack_from(f"<{further // 2}H", stream, at)
    return _Dbi(list(_modules(stream[64 : 64 + modules])), symbols, others[_SECTION_HEADERS])


def _modules(data: bytes) -> Iterator[_Module]:
    at = 0
    while at < len(data):
        stream, symbols, old_lines, lines = struct.unpack_from("<HIII", data, at + 34)
        if stream != _NO_STREAM:
            yield _Module(stream, symbols, old_lines, lines)
        end = data.index(b"\0", data.index(b"\0", at + 64) + 1) + 1
        at = (end + 3) & ~3


def _symbols(data: bytes, at: int, kinds: set[int]) -> Iterator[int]:
    """Where the symbol records of these kinds start."""
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("<HH", data, at)
        if kind in kinds:
            yield at
        at += length + 2


def _functions(symbols: bytes, sections: list[int]) -> Functions:
    return dict(_named(symbols, at + 32, at + 39, sections) for at in _symbols(symbols, 4, _PROCEDURES))


def _variables(symbols: bytes, start: int, sections: list[int]) -> Variables:
    return dict(_named(symbols, at + 8, at + 14, sections) for at in _symbols(symbols, start, _VARIABLES))


def _named(data: bytes, address: int, name: int, sections: list[int]) -> tuple[int, str]:
    """A symbol whose offset and section stand at `address`, its name at `name`."""
    offset, section = struct.unpack_from("<IH", data, address)
    return sections[section - 1] + offset, data[name : data.index(b"\0", name)].decode()


def _names(streams: list[bytes]) -> bytes:
    """The string table, which the info stream's table of named streams leads to."""
    info = streams[_INFO_STREAM]
    size = _u32(info, 28)
    strings = info[32 : 32 + size]
    at = 32 + size
    count, _ = struct.unpack_from("<II", info, at)
    at += 8
    for _ in range(2):  # the bit sets of present and deleted entries
        at += 4 + 4 * _u32(info, at)
    for entry in range(count):
        key, stream = _u32(info, at + 8 * entry), _u32(info, at + 8 * entry + 4)
        if strings[key : strings.index(b"\0", key)] == b"/names":
            return streams[stream][12:]
    return b""


def _subsections(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + ((length + 3) & ~3)


def _line_blocks(data: bytes, sections: list[int], named: Callable[[int], str]) -> Iterator[tuple[int, str]]:
    start, section = struct.unpack_from("<IH", data)
    base = sections[section - 1] + start
    at = 12
    while at + 12 <= len(data):
        file, count, size = struct.unpack_from("<III", data, at)
        name = named(file)
        for line in range(count):
            offset, number = struct.unpack_from("<II", data, at + 12 + 8 * line)
            yield base + offset, f"{name}:{number & _LINE_BITS}"
        at += size


def _file(files: bytes, names: bytes, at: int) -> str:
    """The name of the file whose record stands at `at`; for Python with its package: a driver and the library share names."""
    start = _u32(files, at)
    path = PureWindowsPath(names[start : names.index(b"\0", start)].decode())
    return "/".join(path.parts[-2:]) if path.suffix == ".py" else path.name


def _start(symbols: bytes, at: int, sections: list[int]) -> int:
    """Where the code of the function whose record stands at `at` begins."""
    offset, section = struct.unpack_from("<IH", symbols, at + 32)
    return int(sections[section - 1] + offset)
