"""Whether the fields of an extension class fit the words that Windows leaves to an object's owner, on each architecture."""

from __future__ import annotations

import re

from pyndis.frontend.declarations import ClassDecl
from pyndis.frontend.errors import error
from pyndis.frontend.program import Context
from pyndis.ir import types as c

_POINTER = {"amd64": 8, "x86": 4, "arm64": 8}


def check_room(context: Context, decl: ClassDecl, fields: list[c.CType]) -> None:
    """Raises PYN-K22 where the fields do not fit, or the object has no words for its owner."""
    if decl.module.library or not decl.kernel or not fields:
        return
    room = str(decl.keyword("room") or "")
    if not room:
        raise error(
            "PYN-K22",
            f"a {decl.kernel} has no room for fields of the driver's",
            (decl.span, "this class adds fields"),
            help="keep them in a class of the driver's own, or in the NBL that the packet is a part of",
        )
    for arch, pointer in _POINTER.items():
        size, _ = _layout(context, fields, arch)
        limit = _limit(room, pointer)
        if size > limit:
            raise error(
                "PYN-K22",
                f"the fields of {decl.name} take {size} bytes on {arch}, and there is room for {limit}",
                (decl.span, f"in the words of the {decl.kernel} that are its owner's"),
                help="make fields smaller or fewer; what several objects share belongs into the adapter",
            )


def _limit(room: str, pointer: int) -> int:
    """Bytes: `3 * sizeof(PVOID)`, or MAXUSHORT."""
    words = re.fullmatch(r"(\d+) \* sizeof\(PVOID\)", room)
    if words is not None:
        return int(words[1]) * pointer
    assert room == "MAXUSHORT", f"the library gives room in other words: {room}"
    return c.USHORT.high


def _layout(context: Context, fields: list[c.CType], arch: str) -> tuple[int, int]:
    """The size and alignment of a struct with these fields, in bytes."""
    end, widest = 0, 1
    for each in fields:
        size, alignment = _measure(context, each, arch)
        end = -(-end // alignment) * alignment + size
        widest = max(widest, alignment)
    return -(-end // widest) * widest, widest


def _measure(context: Context, type: c.CType, arch: str) -> tuple[int, int]:
    match type:
        case c.Int():
            size = type.bits // 8 or _POINTER[arch]
            return size, size
        case c.Bool():
            return 1, 1
        case c.Array(element, count):
            size, alignment = _measure(context, element, arch)
            return size * count, alignment
        case c.Struct(name) if name in context.structs:
            return _layout(context, [each.type for each in context.structs[name].fields], arch)
        case c.Struct(name) if (known := context.facts.struct(name, arch)) is not None:
            return known.size, _POINTER[arch]
    return _POINTER[arch], _POINTER[arch]
