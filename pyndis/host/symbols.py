"""Names of functions in an image, from the PDB or the map file beside it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pyndis.host.pdb import NotAPdb, read_pdb
from pyndis.host.pdb_inline import Inlined

# ` 0001:00000010  DriverEntry  0000000140001010  driver.obj`, as lld and link write it
_MAP_LINE = re.compile(r"^\s[0-9a-fA-F]{4}:[0-9a-fA-F]{8}\s+(?P<name>\S+)\s+(?P<address>[0-9a-fA-F]{8,16})\s")
_MAP_BASE = re.compile(r"Preferred load address is ([0-9a-fA-F]+)")


@dataclass(frozen=True)
class Symbol:
    """A function: its name, its start as offset from the image's base, and `file:line` of what was asked for, if known.

    `around` are the lines of the calls that this line is inlined by, the outermost first.
    """

    name: str
    rva: int
    place: str = ""
    around: tuple[str, ...] = ()


class Symbols:
    """An image's functions by address, and its source lines."""

    def __init__(
        self,
        functions: dict[int, str],
        lines: list[tuple[int, str]] | None = None,
        variables: dict[int, str] | None = None,
        inlined: Iterable[Inlined] = (),
    ) -> None:
        self._starts = sorted(functions)
        self._names = functions
        self._variables = variables or {}
        self._variable_starts = sorted(self._variables)
        self._lines = sorted(lines or [])
        self._line_starts = [rva for rva, _ in self._lines]
        self._inlined = sorted(inlined)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def find(self, rva: int) -> Symbol | None:
        """The function that this address lies in."""
        at = bisect_right(self._starts, rva) - 1
        if at < 0:
            return None
        start = self._starts[at]
        *around, place = self._places(rva, start)
        return Symbol(self._names[start], start, place, tuple(filter(None, around)))

    def _places(self, rva: int, start: int) -> list[str]:
        """The source line of the function that starts there, and of what is inlined in it here, the innermost last."""
        until = bisect_right(self._inlined, rva, key=lambda each: each.start)
        inlined = [each for each in self._inlined[:until] if rva < each.end and each.start >= start]
        at = bisect_right(self._line_starts, rva) - 1
        outermost = self._lines[at][1] if at >= 0 and self._line_starts[at] >= start else ""
        return [outermost, *(each.place for each in sorted(inlined, key=lambda each: each.depth))]

    def ranges_of(self, names: Iterable[str]) -> list[tuple[int, int]]:
        """Begin and end of the functions of these names that there are, as offsets from the image's base."""
        wanted = set(names)
        ends = dict(zip(self._starts, [*self._starts[1:], 1 << 31], strict=True))
        return [(rva, ends[rva]) for rva, name in self._names.items() if name in wanted]

    def variable(self, rva: int) -> str:
        """The variable at or before this address, and how far in it: `Lock`, `Tun+0x40`; empty if none is known."""
        at = bisect_right(self._variable_starts, rva) - 1
        if at < 0:
            return ""
        start = self._variable_starts[at]
        return self._variables[start] + (f"+{rva - start:#x}" if rva > start else "")

    def start_of(self, name: str) -> int | None:
        """Where a function starts, as offset from the image's base."""
        return next((rva for rva, each in self._names.items() if each == name), None)


def symbols_of(image: Path) -> Symbols:
    """What is known about an image; empty if there is neither PDB nor map for it."""
    for folder in (image.parent, image.parent.parent):
        pdb = folder / f"{image.stem}.pdb"
        map = folder / f"{image.stem}.map"
        if pdb.is_file():
            try:
                return Symbols(*read_pdb(pdb.read_bytes()))
            except NotAPdb:
                pass  # a damaged PDB costs names, not the run
        if map.is_file():
            return Symbols(_read_map(map.read_text("utf-8", "replace")))
    return Symbols({})


def _read_map(text: str) -> dict[int, str]:
    """Function names by offset; of several names at one place the first stands."""
    found = _MAP_BASE.search(text)
    base = int(found[1], 16) if found else 0
    functions: dict[int, str] = {}
    for line in text.splitlines():
        match = _MAP_LINE.match(line)
        if match:
            functions.setdefault(int(match["address"], 16) - base, match["name"])
    return functions
