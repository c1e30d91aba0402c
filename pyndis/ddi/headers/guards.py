"""Which versions and architectures a line of a header holds for, and the `#if` that says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

TARGETS = ("x86_64", "i386", "aarch64")
NDIS_VERSIONS = ("620", "630", "640", "650", "660", "670", "680")
"""The configurations of the data: each is an NDIS version together with the Windows version of that row."""

NTDDI = {
    "620": "NTDDI_WIN7",
    "630": "NTDDI_WIN7",
    "640": "NTDDI_WINBLUE",
    "650": "NTDDI_WIN10",
    "660": "NTDDI_WIN10_RS1",
    "670": "NTDDI_WIN10_RS2",
    "680": "NTDDI_WIN10_RS3",
}
_ARCHITECTURE = {"x86_64": "_AMD64_", "i386": "_X86_", "aarch64": "_ARM64_"}

Key = tuple[str, str]
"""(target, NDIS version)"""
ALL_KEYS: tuple[Key, ...] = tuple((target, version) for target in TARGETS for version in NDIS_VERSIONS)


@dataclass
class Line:
    """A line of C and the configurations that have it."""

    text: str
    keys: set[Key]


def merge(variants: Sequence[tuple[Sequence[str], Iterable[Key]]]) -> list[Line]:
    """One list of lines from which every configuration's text is got back by keeping the lines that hold for it."""
    merged: list[Line] = []
    for lines, keys in variants:
        matcher = SequenceMatcher(None, [each.text for each in merged], list(lines), autojunk=False)
        result: list[Line] = []
        for tag, old, old_end, new, new_end in matcher.get_opcodes():
            kept = merged[old:old_end]
            if tag == "equal":
                for line in kept:
                    line.keys |= set(keys)
            result += kept
            if tag in ("replace", "insert"):
                result += [Line(text, set(keys)) for text in lines[new:new_end]]
        merged = result
    return merged


def guarded(lines: Sequence[Line], whole: set[Key], ndis: bool) -> Iterator[str]:
    """The lines with `#if` around those that not all of `whole` have; `ndis`: the difference is of NDIS, not of Windows."""
    open_keys: set[Key] | None = None
    for line in lines:
        wanted = None if line.keys == whole else line.keys
        if wanted != open_keys:
            if open_keys is not None and wanted == whole - open_keys:
                yield "#else"
            else:
                if open_keys is not None:
                    yield "#endif"
                if wanted is not None:
                    yield f"#if {condition_of(wanted, whole, ndis)}"
            open_keys = wanted
        yield line.text
    if open_keys is not None:
        yield "#endif"


def condition_of(keys: set[Key], whole: set[Key], ndis: bool) -> str | None:
    """The preprocessor condition that tells `keys` from the rest of `whole`; None when there is no rest."""
    versions = {target: {v for t, v in keys if t == target} for target in TARGETS}
    expected = {target: {v for t, v in whole if t == target} for target in TARGETS}
    targets = tuple(t for t in TARGETS if versions[t])
    possible = tuple(t for t in TARGETS if expected[t])
    spans = {_span(versions[t], expected[t], ndis) for t in targets}
    if len(spans) == 1:
        parts = [_of_targets(targets, possible), spans.pop()]
        return " && ".join(part for part in parts if part) or None
    terms = []
    for target in targets:
        span = _span(versions[target], expected[target], ndis)
        terms.append(f"(defined({_ARCHITECTURE[target]}){f' && {span}' if span else ''})")
    return " || ".join(terms)


def since(version: str, ndis: bool) -> str:
    """True from that configuration on."""
    return f"NDIS_SUPPORT_NDIS{version}" if ndis else f"(NTDDI_VERSION >= {NTDDI[version]})"


def _of_targets(targets: tuple[str, ...], possible: tuple[str, ...]) -> str:
    if set(targets) == set(possible):
        return ""
    if set(targets) == {"x86_64", "aarch64"}:
        return "defined(_WIN64)"
    return " || ".join(f"defined({_ARCHITECTURE[target]})" for target in targets)


def _span(versions: set[str], expected: set[str], ndis: bool) -> str:
    order = [v for v in NDIS_VERSIONS if v in expected]
    if versions == expected:
        return ""
    first, last = min(versions), max(versions)
    held = order[order.index(first) : order.index(last) + 1]
    if set(held) != versions:
        raise ValueError(f"versions {sorted(versions)} are no span of {order}")
    parts = [since(first, ndis)] if first != order[0] else []
    if last != order[-1]:
        parts.append(f"!{since(order[order.index(last) + 1], ndis)}")
    return " && ".join(parts)
