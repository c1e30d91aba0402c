"""From the data's type texts (`PVOID[27]`, `const GUID *`) to C declarations, and their sizes."""

from __future__ import annotations

import re
from typing import Any

from pyndis.ddi.layouts import Layouts

_ARRAYS = re.compile(r"(\[\d*\])+$")
_NATIVE = {
    "char": 1, "signed char": 1, "unsigned char": 1, "short": 2, "unsigned short": 2, "int": 4, "unsigned int": 4,
    "long": 4, "unsigned long": 4, "long long": 8, "unsigned long long": 8, "double": 8, "float": 4,
}  # fmt: skip


def declare(type_text: str, name: str) -> str:
    """`PVOID[27]`, `X` -> `PVOID X[27]`; `struct _IRP *`, `Irp` -> `struct _IRP *Irp`."""
    arrays = _ARRAYS.search(type_text)
    suffix = arrays[0] if arrays else ""
    base = spelled(type_text[: len(type_text) - len(suffix)].rstrip())
    if not name:
        return base + suffix
    return f"{base}{'' if base.endswith('*') else ' '}{name}{suffix}"


def spelled(type_text: str) -> str:
    """The type as we write it: `void` as VOID, no `__unaligned` (it means nothing on our targets)."""
    return re.sub(r"\bvoid\b", "VOID", type_text.replace("__unaligned ", "")).replace("*const", "* const")


def words(type_text: str) -> list[str]:
    """The names that a type text mentions, without C's own."""
    own = {"const", "volatile", "struct", "union", "enum", "unsigned", "signed", "void", "char", "short", "int", "long"}
    own |= {"__unaligned", "double", "float", "__ptr64"}
    return [word for word in re.findall(r"[A-Za-z_]\w*", type_text) if word not in own]


class Sizes:
    """Size and alignment of a type text on one target."""

    def __init__(self, layouts: Layouts, target: str, ndis: str, tags: dict[str, str]) -> None:
        self._layouts = layouts
        self._target = target
        self._ndis = ndis
        self._tags = tags
        self.pointer = 4 if target == "i386" else 8

    def alignment(self, type_text: str) -> int:
        """The natural alignment in bytes."""
        text = re.sub(r"\b(const|volatile)\b", "", _ARRAYS.sub("", type_text)).strip()
        if text.endswith("*"):
            return self.pointer
        if text in _NATIVE:
            return _NATIVE[text]
        if text.startswith("enum "):
            return 4
        name = self._tags.get(text.removeprefix("struct ").removeprefix("union "), text)
        scalar: Any = self._layouts.scalars.get(name)
        if isinstance(scalar, dict):
            scalar = scalar[self._target]
        if scalar is not None:
            return int(scalar[2])
        raw = self._layouts.raw(self._layouts.aliases.get(name, name), self._target, self._ndis)
        return int(raw["align"]) if raw is not None else self.pointer
