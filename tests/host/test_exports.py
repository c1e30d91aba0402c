"""The prototypes of the host's exports against the facts: on x86 one that takes other bytes ruins its caller's stack."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from pyndis.ddi.facts import facts, read
from pyndis.host import native
from pyndis.toolchains.targets import Arch

EXPORT = re.compile(
    r"^EXPORT(?:_F|_RAISES|_GATED)?\((?P<ret>[^,]+),\s*(?P<name>\w+),\s*(?:(?:true|false),\s*)?(?P<params>(?:[^()]|\([^()]*\))*)\)$",
    re.MULTILINE,
)
WIDE = re.compile(r"\bu?int64_t\b")
POINTER_WIDE = re.compile(r"\*|\b(size_t|u?intptr_t|ptrdiff_t)\b")
CONVENTION = re.compile(r"^#define CONVENTION_(\w+) x, __attribute__\(\((\w+)\)\)$", re.MULTILINE)
WRONG_IN_THE_LIST = {"ExAcquireRundownProtectionEx"}
"""The import list gives it one parameter, and the headers two; in registers it makes no difference."""


@dataclass(frozen=True)
class Prototype:
    name: str
    params: tuple[str, ...]
    variadic: bool


def prototypes() -> dict[str, Prototype]:
    text = "\n".join(file.read_text("utf-8") for file in sorted(native.SOURCES.glob("*.c")))
    found = {}
    for match in EXPORT.finditer(text):
        params = [each.strip() for each in match["params"].split(",")]
        named = tuple(each for each in params if each not in ("void", "..."))
        found[match["name"]] = Prototype(match["name"], named, "..." in params)
    return found


def size(ctype: str, arch: Arch) -> int:
    """Of a parameter of the host's, as the 64-bit and 32-bit hosts compile it; what is smaller than a word fills 4 bytes."""
    if WIDE.search(ctype) and "*" not in ctype:
        return 8
    return 4 if arch == "x86" or not POINTER_WIDE.search(ctype) else 8


def wanted(type: str, arch: Arch) -> int:
    """Of a type of the headers."""
    plain = type.replace("const ", "").replace("volatile ", "").strip()
    if plain == "int":
        return 4
    layout = facts().struct(plain, arch)
    if layout is not None:
        return layout.size
    scalar = facts().scalar(plain, arch)
    if scalar is not None:
        return max(scalar[1], 4)
    return 4 if arch == "x86" else 8  # pointer types


PROTOTYPES = prototypes()
LISTED = {
    match[1]: int(match[2])
    for names in read("imports")["i386"].values()
    for name in names
    if (match := re.fullmatch(r"@?(.+?)@(\d+)", name)) and match[1] in PROTOTYPES
}


def test_the_exports_are_found() -> None:
    assert len(PROTOTYPES) > 250
    assert {"IofCompleteRequest", "DbgPrintEx", "MmProbeAndLockPages"} <= PROTOTYPES.keys()


@pytest.mark.parametrize("arch", ["amd64", "x86"])
@pytest.mark.parametrize("name", sorted(name for name in PROTOTYPES if facts().function(name) is not None))
def test_parameters_have_the_width_of_the_headers(name: str, arch: Arch) -> None:
    function, ours = facts().function(name), PROTOTYPES[name]
    assert function is not None
    assert [size(each, arch) for each in ours.params] == [wanted(each.type, arch) for each in function.params]


@pytest.mark.parametrize("name", sorted(LISTED.keys() - WRONG_IN_THE_LIST))
def test_parameters_fill_what_the_import_list_of_x86_says(name: str) -> None:
    ours = PROTOTYPES[name]
    assert ours.variadic or sum(size(each, "x86") for each in ours.params) == LISTED[name]


@pytest.mark.parametrize("name", sorted(PROTOTYPES))
def test_the_convention_of_x86_is_in_the_table(name: str) -> None:
    table = dict(CONVENTION.findall((native.SOURCES / "conventions.inc").read_text("utf-8")))
    function = facts().function(name, "x86")
    if function is not None and not function.inline:
        assert table.get(name, "stdcall") == function.cc386
    if PROTOTYPES[name].variadic:
        assert table[name] == "cdecl"
