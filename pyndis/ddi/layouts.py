"""Struct layouts by architecture and NDIS version, from structs.json and the supplement."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from pyndis.ddi.model import Struct

_ARRAY = re.compile(r"^(?P<element>.*)\[(?P<count>\d*)\]$")


class Layouts:
    """Lookups in the sections of structs.json; targets are the compiler's names (x86_64, i386, aarch64)."""

    def __init__(self, sections: dict[str, Any], supplement: dict[str, Any]) -> None:
        self._sections = sections
        self._supplement = supplement
        self._made: dict[tuple[str, str, str], Struct | None] = {}

    @property
    def aliases(self) -> dict[str, str]:
        """Other typedef name -> the name that has the layout."""
        aliases: dict[str, str] = self._sections["alias"]
        return aliases

    @property
    def scalars(self) -> dict[str, Any]:
        """Typedef -> [C type, size, alignment], or one such list per target."""
        scalars: dict[str, Any] = self._sections["scalars"]
        return scalars

    @property
    def since(self) -> dict[str, str]:
        """Typedef -> the first NDIS version that declares it; absent = 620."""
        since: dict[str, str] = self._sections["since"]
        return since

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every type with a layout, in any target, sorted."""
        found = {name for target in ("x86_64", "i386", "aarch64") for name in self._sections[f"structs.{target}"]}
        return tuple(sorted(found | set(self._supplement["structs"])))

    def struct(self, name: str, target: str, ndis: str) -> Struct | None:
        """The layout that NDIS version `ndis` declares, or None."""
        key = name, target, ndis
        if key not in self._made:
            raw, own = self.raw(name, target, ndis), name
            if raw is None and name in self.aliases:
                own = self.aliases[name]
                raw = self.raw(own, target, ndis)
            self._made[key] = None if raw is None else _struct(own, raw)
        return self._made[key]

    def raw(self, name: str, target: str, ndis: str) -> dict[str, Any] | None:
        """The entry as the data have it, with the fields of that version."""
        if name in self._supplement["structs"]:
            return self._natural(self._supplement["structs"][name], target)
        if ndis < self.since.get(name, "620"):
            return None
        entry: dict[str, Any] | None = self._same("structs", name, target)
        if entry is None:
            return None
        for variant in self._same("variants", name, target) or ():
            if ndis in variant["ndis"]:
                return {**entry, **variant}
        return entry

    def variants(self, name: str, target: str) -> list[dict[str, Any]]:
        """The layouts that differ from the newest, each with the NDIS versions (`ndis`) that have it."""
        return self._same("variants", name, target) or []

    def _same(self, section: str, name: str, target: str) -> Any:
        entry = self._sections[f"{section}.{target}"].get(name)
        return self._sections[f"{section}.x86_64"].get(name) if entry == "=x86_64" else entry

    def _natural(self, entry: dict[str, Any], target: str) -> dict[str, Any]:
        """Lay out a supplement's struct: every member at its natural alignment."""
        offset, align, fields = 0, 1, []
        for member, type_text in entry["fields"]:
            size, alignment = self.measure(type_text, target)
            offset = -(-offset // alignment) * alignment
            fields.append([member, offset, size, type_text])
            offset, align = offset + size, max(align, alignment)
        size = -(-offset // align) * align
        return {**entry, "kind": "struct", "fields": fields, "size": size, "align": align}

    def measure(self, type_text: str, target: str) -> tuple[int, int]:
        """(size, alignment) in bytes of a type text; what is no known scalar or struct counts as a pointer."""
        array = _ARRAY.match(type_text)
        if array:
            size, align = self.measure(array["element"], target)
            return size * int(array["count"] or 0), align
        scalar = self.scalars.get(type_text)
        if isinstance(scalar, dict):
            scalar = scalar[target]
        if scalar is not None:
            return scalar[1], scalar[2]
        nested = self.raw(self.aliases.get(type_text, type_text), target, "680")
        if nested is not None:
            return nested["size"], nested["align"]
        pointer = 4 if target == "i386" else 8
        return pointer, pointer


def _struct(name: str, raw: dict[str, Any]) -> Struct:
    return Struct(
        name=name,
        tag=raw.get("tag", f"_{name}" if "tag" not in raw else None),
        kind=raw["kind"],
        size=raw["size"],
        align=raw["align"],
        fields={entry[0]: (entry[1], entry[2], entry[3]) for entry in raw["fields"]},
        bits={entry[0]: (entry[4], entry[5]) for entry in raw["fields"] if len(entry) > 4},
    )
