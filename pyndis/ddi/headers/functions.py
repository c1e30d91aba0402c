"""Prototypes of imports and the function types of callbacks, with their SAL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pyndis.ddi.headers.declarators import declare, spelled

_CONVENTIONS = {"stdcall": "NTAPI", "fastcall": "FASTCALL", "cdecl": "NTAPIV"}
_ARCHITECTURE = {"x86_64": "_AMD64_", "i386": "_X86_", "aarch64": "_ARM64_"}
_IRQL_SAL = {"requires": "_IRQL_requires_", "max": "_IRQL_requires_max_", "min": "_IRQL_requires_min_"}
_DIRECTIONS = {"in": "_In_", "out": "_Out_", "inout": "_Inout_"}
_WIDTH = 118


def prototype(name: str, entry: dict[str, Any]) -> list[str]:
    """An import's declaration."""
    convention = _CONVENTIONS[entry.get("cc386", "stdcall")]
    head = f"DECLSPEC_IMPORT {declare(entry['ret'], '')} {convention} {name}("
    lines = [*_irql(entry), *_wrapped(head, parameters(entry), ");")]
    if "params_i386" not in entry:
        return lines
    narrow = [*_irql(entry), *_wrapped(head, parameters({**entry, "params": entry["params_i386"]}), ");")]
    return ["#if defined(_X86_)", *narrow, "#else", *lines, "#endif"]


def callback(name: str, entry: dict[str, Any]) -> list[str]:
    """A function type, or a pointer to one."""
    if "of" in entry and "params" not in entry:
        return [f"typedef {entry['of']} {'*' if entry.get('pointer') else ''}{name};"]
    convention = _CONVENTIONS[entry.get("cc386", "stdcall")]
    target = f"({convention} *{name})" if entry.get("pointer") else f"{convention} {name}"
    ret = declare(entry["ret"], "")
    sal = [f"_Function_class_({entry['role']})"] if "role" in entry and not entry.get("pointer") else []
    sal += [] if entry.get("pointer") else _irql(entry)
    wrapped = _wrapped(f"{ret} {target}(", parameters(entry), ");")
    if not sal:
        return [f"typedef {wrapped[0]}", *wrapped[1:]]
    return ["typedef " + " ".join(sal), *wrapped]


def guard(entry: dict[str, Any]) -> str | None:
    """The `#if` condition under which the headers declare the function."""
    parts = []
    if "ntddi" in entry:
        parts.append(f"(NTDDI_VERSION >= NTDDI_{entry['ntddi'].removeprefix('NTDDI_')})")
    if "ndis" in entry:
        parts.append(f"NDIS_SUPPORT_NDIS{entry['ndis']}")
    if set(entry.get("arch", ())) == {"x86_64", "aarch64"}:
        parts.append("defined(_WIN64)")
    elif "arch" in entry:
        either = " || ".join(f"defined({_ARCHITECTURE[target]})" for target in entry["arch"])
        parts.append(f"({either})" if parts and len(entry["arch"]) > 1 else either)
    return " && ".join(parts) or None


def parameters(entry: dict[str, Any]) -> list[str]:
    """The parameters as C text."""
    params = [f"{_sal(param)} {declare(param['t'], param.get('n', ''))}" for param in entry["params"]]
    if entry.get("variadic"):
        params.append("...")
    return params or ["VOID"]


def _sal(param: dict[str, Any]) -> str:
    text = _DIRECTIONS[param.get("dir", "in")]
    if param.get("reserved"):
        return "_Reserved_"
    return f"{text}opt_" if param.get("opt") else text


def _irql(entry: dict[str, Any]) -> list[str]:
    found = []
    for each in entry.get("irql", ()):
        if each["k"] in _IRQL_SAL and "when" not in each and re.fullmatch(r"\w+", each["v"]):
            found.append(f"{_IRQL_SAL[each['k']]}({each['v']})")
    return found


def _wrapped(head: str, params: Iterable[str], tail: str) -> list[str]:
    parts = list(params)
    one = f"{head}{', '.join(parts)}{tail}"
    if len(one) <= _WIDTH:
        return [one]
    return [head, *_filled([f"{part}," for part in parts[:-1]] + [f"{parts[-1]}{tail}"])]


def _filled(parts: Iterable[str]) -> Iterator[str]:
    line = "   "
    for part in parts:
        if len(line) + 1 + len(part) > _WIDTH and line.strip():
            yield line
            line = "   "
        line += f" {part}"
    yield line


def type_texts(entry: dict[str, Any]) -> list[str]:
    """Every type text that a function or callback mentions."""
    params = entry.get("params", []) + entry.get("params_i386", [])
    ret = [spelled(entry["ret"])] if "ret" in entry else []
    return ret + [param["t"] for param in params]
