"""Enums, scalar typedefs and macro constants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pyndis.ddi.facts import Facts
from pyndis.ddi.headers.guards import ALL_KEYS, Key, guarded, merge

_ARCHES = {"x86_64": "amd64", "i386": "x86", "aarch64": "arm64"}
STATUS_TYPES = {"NDIS_STATUS_": "NDIS_STATUS", "STATUS_": "NTSTATUS"}


def define_enum(facts: Facts, tag: str, members: Iterable[str], typedefs: list[str], ndis: bool) -> list[str]:
    """`enum _TAG { ... };` with a value wherever counting does not give it, and its typedefs.

    Where a version has none of the members, the typedefs name an int, which an enum is.
    """
    forms: dict[tuple[str, ...], set[Key]] = {}
    for target, version in ALL_KEYS:
        lines = tuple(_enum_lines(facts, tag, members, typedefs, target, version))
        forms.setdefault(lines, set()).add((target, version))
    merged = merge(sorted(forms.items(), key=lambda form: min(version for _, version in form[1])))
    return list(guarded(merged, set(ALL_KEYS), ndis))


def _enum_lines(facts: Facts, tag: str, members: Iterable[str], typedefs: list[str], target: str, version: str) -> Iterator[str]:
    values = [(name, facts.constant(name, _ARCHES[target], version)) for name in members]
    if all(value is None for _, value in values):
        yield from (each.replace(f"enum {tag} ", "int ") for each in typedefs)
        return
    yield f"enum {tag} {{"
    previous: int | None = -1
    steady = all(name not in facts.constants["since"] for name, _ in values)
    for name, value in values:
        if value is None:
            continue
        value = value - (1 << 32) if value > 0x7FFFFFFF else value
        counted = steady and previous is not None and value == previous + 1
        yield f"    {name}," if counted else f"    {name} = {value},"
        previous = value
    yield "};"
    yield from typedefs


def define_constant(facts: Facts, name: str, ndis: bool) -> list[str]:
    """`#define NAME value`, by version and target where they differ."""
    forms: dict[tuple[str, ...], set[Key]] = {}
    for target, version in ALL_KEYS:
        value = facts.constant(name, _ARCHES[target], version)
        lines = () if value is None else (f"#define {name} {literal(name, value)}",)
        forms.setdefault(lines, set()).add((target, version))
    merged = merge(sorted(forms.items(), key=lambda form: min(version for _, version in form[1])))
    return list(guarded(merged, set(ALL_KEYS), ndis))


def literal(name: str, value: int) -> str:
    """The number as C text: statuses in hex with their type, large values in hex, others in decimal."""
    for prefix, typedef in STATUS_TYPES.items():
        if name.startswith(prefix):
            return f"(({typedef})0x{value & 0xFFFFFFFF:08X}L)"
    if value < 0:
        suffix = "LL" if value < -(1 << 31) else ""
        return f"({value}{suffix})" if value not in (-(1 << 31), -(1 << 63)) else f"({value + 1}{suffix} - 1)"
    if value > 0xFFFFFFFF:
        return f"0x{value:016X}ULL"
    return f"0x{value:08X}" if value > 0xFFFF or name.startswith("OID_") else str(value)


def define_scalar(entry: Any, name: str, pointer: str | None) -> list[str]:
    """`typedef unsigned long ULONG, *PULONG;`, by target where they differ."""
    if not isinstance(entry, dict):
        return [_scalar(entry[0], name, pointer)]
    forms: dict[tuple[str, ...], set[Key]] = {}
    for target, version in ALL_KEYS:
        lines = (_scalar(entry[target][0], name, pointer),) if target in entry else ()
        forms.setdefault(lines, set()).add((target, version))
    return list(guarded(merge(list(forms.items())), set(ALL_KEYS), False))


def _scalar(type_text: str, name: str, pointer: str | None) -> str:
    base, bracket, rest = type_text.partition("[")
    array = f"[{rest}" if bracket else ""
    return f"typedef {base} {name}{array}{f', *{pointer}' if pointer else ''};"


def define_guid(name: str, text: str) -> list[str]:
    """`DEFINE_GUID(NAME, ...);` from a GUID's text form."""
    first, second, third, *rest = text.split("-")
    pairs = "".join(rest)
    parts = [first, second, third, *(pairs[i : i + 2] for i in range(0, 16, 2))]
    return [f"DEFINE_GUID({name},", f"    {', '.join(f'0x{part.upper()}' for part in parts)});"]
