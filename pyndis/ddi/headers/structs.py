"""Struct and union definitions with real field names, laid out alike on every target and version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pyndis.ddi.headers.declarators import Sizes, declare, words
from pyndis.ddi.headers.guards import ALL_KEYS, Key, guarded, merge
from pyndis.ddi.headers.members import Group, Member, rebuild
from pyndis.ddi.layouts import Layouts

_IN_PLACE = re.compile(r"^(struct|union)( \w+)?( \{\})?(?P<array>\[\d*\])?$")


class StructWriter:
    """Writes the definition of each type in the layouts."""

    def __init__(self, layouts: Layouts) -> None:
        self._layouts = layouts
        self.tags: dict[str, str] = {}
        for name in layouts.names:
            self.tags.setdefault(tag_of(layouts, name), name)

    def define(self, name: str, ndis: bool) -> list[str]:
        """`struct _X { ... };` with `#if` around what only some versions or targets have."""
        forms: dict[tuple[str, ...], set[Key]] = {}
        spellings = self._spellings(name)
        for target, version in ALL_KEYS:
            raw = self._layouts.raw(name, target, version)
            lines = tuple(self._lines(name, raw, target, version, spellings[target])) if raw is not None else ()
            forms.setdefault(lines, set()).add((target, version))
        merged = merge(sorted(forms.items(), key=lambda form: min(version for _, version in form[1])))
        return list(guarded(merged, set(ALL_KEYS), ndis))

    def needs(self, name: str) -> set[str]:
        """The types that must be complete before this one: those of its members by value."""
        found: set[str] = set()
        for target, version in ALL_KEYS:
            raw = self._layouts.raw(name, target, version)
            for entry in raw["fields"] if raw else ():
                text = entry[3]
                if not text.rstrip().endswith("*"):
                    found |= {self._layouts.aliases.get(self.tags.get(w, w), self.tags.get(w, w)) for w in words(text)}
        return found - {name}

    def _lines(self, name: str, raw: dict[str, Any], target: str, version: str, spellings: dict[str, str]) -> Iterator[str]:
        sizes = Sizes(self._layouts, target, version, self.tags)
        members = rebuild(raw["fields"], raw["kind"])
        packed = raw["align"] if max((_align(each, sizes) for each in members), default=1) > raw["align"] else None
        if packed:
            yield from ("#ifndef PYNDIS_PARSE", f"#pragma pack(push, {packed})", "#endif")
        yield f"{raw['kind']} {spellings.get('', '')}{tag_of(self._layouts, name)} {{"
        yield from _body(members, "    ", spellings)
        yield "};"
        if packed:
            yield from ("#ifndef PYNDIS_PARSE", "#pragma pack(pop)", "#endif")

    def _spellings(self, name: str) -> dict[str, dict[str, str]]:
        """Target -> member path (the type itself: '') -> the alignment macro that puts it where the data say."""
        required: dict[str, dict[str, int]] = {}
        for target, version in ALL_KEYS:
            raw = self._layouts.raw(name, target, version)
            if raw is not None:
                sizes = Sizes(self._layouts, target, version, self.tags)
                for path, align in _required(raw, sizes):
                    required.setdefault(path, {})[target] = align
        return {t: {path: _spelled(aligns, t) for path, aligns in required.items()} for t in ("x86_64", "i386", "aarch64")}


def tag_of(layouts: Layouts, name: str) -> str:
    """The struct tag; types that the headers leave without one get `_NAME`."""
    for target in ("x86_64", "i386", "aarch64"):
        raw = layouts.raw(name, target, "680")
        if raw is not None and "tag" in raw:
            return str(raw["tag"])
    return f"_{name}"


def _spelled(aligns: dict[str, int], target: str) -> str:
    """The macro that means the right alignment on every target, else a number for this one, else nothing."""
    forms = {aligns.get("x86_64"), aligns.get("aarch64")} - {None}
    narrow = aligns.get("i386")
    if len(forms) == 1:
        wide = forms.pop()
        if (wide, narrow) == (16, 8):
            return "DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) "
        if (wide, narrow) == (8, None):
            return "POINTER_ALIGNMENT "
    return f"DECLSPEC_ALIGN({aligns[target]}) " if target in aligns else ""


def _required(raw: dict[str, Any], sizes: Sizes) -> Iterator[tuple[str, int]]:
    members = rebuild(raw["fields"], raw["kind"])
    if max((_align(each, sizes) for each in members), default=1) > raw["align"]:
        return
    found = list(_misplaced(members, raw["kind"], 0, sizes))
    yield from found
    natural = max([_align(each, sizes) for each in members] + [align for _, align in found], default=1)
    if raw["align"] > natural:
        yield "", raw["align"]


def _misplaced(items: Sequence[Member | Group], kind: str, start: int, sizes: Sizes) -> Iterator[tuple[str, int]]:
    cursor = start
    for item in items:
        align = _align(item, sizes) * 8
        expected = -(-cursor // align) * align
        if item.position > expected and not _is_bits(item):
            needed = next(a for a in (8, 16, 32, 64) if item.position % (a * 8) == 0 and _up(cursor, a * 8) == item.position)
            yield _first_path(item), needed
        inner = item.inside
        if inner:
            inner_kind = item.kind if isinstance(item, Group) else item.type.split()[0]
            yield from _misplaced(inner, inner_kind, item.position, sizes)
        cursor = start if kind == "union" else item.position + _extent(item, sizes)


def _up(value: int, align: int) -> int:
    return -(-value // align) * align


def _extent(item: Member | Group, sizes: Sizes) -> int:
    """Bits that the item takes from its position: a bit-field reaches to the end of its storage unit."""
    if _is_bits(item):
        unit = _align(item, sizes) * 8
        return _up(item.position + item.size, unit) - item.position
    return item.size if isinstance(item, Member) else _up(item.size, _align(item, sizes) * 8)


def _is_bits(item: Member | Group) -> bool:
    return isinstance(item, Member) and item.bits is not None


def _first_path(item: Member | Group) -> str:
    return item.path if isinstance(item, Member) else _first_path(item.inside[0])


def _align(item: Member | Group, sizes: Sizes) -> int:
    if item.inside:
        return max(_align(each, sizes) for each in item.inside)
    assert isinstance(item, Member)
    return sizes.alignment(item.type)


def _body(items: Sequence[Member | Group], indent: str, spellings: dict[str, str]) -> Iterator[str]:
    previous: Member | None = None
    for item in items:
        if isinstance(item, Member) and item.bits is not None:
            yield from _bit_field(item, previous, indent)
            previous = item
            continue
        previous = None
        if isinstance(item, Group):
            yield f"{indent}{item.kind} {{"
            yield from _body(item.inside, indent + "    ", spellings)
            yield f"{indent}}};"
            continue
        alignment = spellings.get(item.path, "")
        if item.inside:
            placed = _IN_PLACE.match(item.type)
            assert placed is not None, item
            yield f"{indent}{alignment}{placed[1]}{placed[2] or ''} {{"
            yield from _body(item.inside, indent + "    ", spellings)
            yield f"{indent}}} {item.name}{placed['array'] or ''};"
        else:
            yield f"{indent}{alignment}{declare(item.type, item.name)};"


def _bit_field(item: Member, previous: Member | None, indent: str) -> Iterator[str]:
    """One bit-field; before it an unnamed one for bits that no name has, or the end of the unit before."""
    next_bit = item.unit
    if previous is not None and previous.unit == item.unit:
        next_bit = previous.position + previous.size
    elif previous is not None and _unqualified(previous.type) == _unqualified(item.type):
        yield f"{indent}{item.type} : 0;"
    if item.position > next_bit:
        yield f"{indent}{item.type} : {item.position - next_bit};"
    yield f"{indent}{item.type} {item.name} : {item.bits};"


def _unqualified(type_text: str) -> str:
    return type_text.replace("volatile ", "").replace("const ", "")
