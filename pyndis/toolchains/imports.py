"""Module-definition texts for the import libraries, made from the facts' export lists.

x86 exports have no decoration, but the symbols that C refers to do: `_IoCreateDevice@28`, `@IofCompleteRequest@8`. The list
therefore keeps the decorations, and dlltool's `-k` has the linker drop them in the image.
"""

from __future__ import annotations

import re
from functools import cache

from pyndis.ddi.facts import facts, read

MODULES = ("ndis.sys", "ntoskrnl.exe", "hal.dll")
_DECORATED = re.compile(r"@?(?P<bare>.+?)(@\d+)?")
"""`@Name@8` (fastcall), `Name@8` (stdcall) or `Name`. An underscore belongs to the name: the lists leave out C's own."""
_ARITHMETIC = ("_all", "_aull")
"""64-bit arithmetic of x86. clang calls it without the size that the list gives it: `__alldiv`, not `__alldiv@16`."""


def search_order(arch: str) -> tuple[str, ...]:
    """The modules as the linker shall ask them. hal.dll repeats names of the kernel, and gives way to it, except on x86,
    where IRQL and spin locks live in it."""
    return ("ndis.sys", "hal.dll", "ntoskrnl.exe") if arch == "x86" else MODULES


@cache
def definition(module: str, arch: str) -> bytes:
    """The `.def` text of `module` for `amd64`, `x86` or `arm64`: each exported name, variables marked CONSTANT: the slot is
    known by the name itself too, as in Microsoft's libraries and for their headers."""
    lines = [f'LIBRARY "{module}"', "EXPORTS"]
    lines += [_entry(name, arch) for name in _names(module, arch)]
    return "\n".join([*lines, ""]).encode("ascii")


def _names(module: str, arch: str) -> list[str]:
    if arch == "x86":
        return sorted(read("imports")["i386"][module])
    return sorted(facts().imports(arch)[module])


def _entry(name: str, arch: str) -> str:
    bare = exported(name)
    if bare in _variables():
        return f"{bare} CONSTANT"
    if arch == "x86" and not bare.startswith(_ARITHMETIC):
        return name
    return bare


def exported(name: str) -> str:
    """The name in the module's export table of a name as the x86 list has it."""
    match = _DECORATED.fullmatch(name)
    assert match, f"an import list holds {name!r}"
    return match["bare"]


@cache
def _variables() -> frozenset[str]:
    """Variables of any list, for the x86 list takes some of them for functions without parameters (`NtBuildNumber@0`)."""
    listed = {name for modules in read("imports")["data"].values() for names in modules.values() for name in names}
    return frozenset(listed | facts().data_imports.keys())
