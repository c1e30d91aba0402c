"""Kernel structures as the driver filled them, field by field."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass

from pyndis.ddi import facts
from pyndis.toolchains.targets import Arch


@dataclass(frozen=True)
class Header:
    """NDIS_OBJECT_HEADER."""

    type: int
    revision: int
    size: int


def header(data: bytes) -> Header:
    """What an NDIS structure begins with."""
    return Header(data[0], data[1], int.from_bytes(data[2:4], "little"))


def fields(name: str, data: bytes, arch: Arch = "amd64") -> dict[str, int]:
    """The fields of the structure of this name as far as `data` goes, without its header, as little-endian numbers."""
    layout = facts().struct(name, arch)
    assert layout is not None, name
    return {
        field: int.from_bytes(data[at : at + size], "little")
        for field, (at, size, _) in layout.fields.items()
        if field != "Header" and at + size <= len(data)
    }


def constant(name: str, arch: Arch = "amd64") -> int:
    """A constant of the kernel's headers, unsigned."""
    value = facts().constant(name, arch)
    assert value is not None, name
    return value & 0xFFFF_FFFF


def flags(prefix: str, *names: str) -> int:
    """Constants of one prefix, taken together."""
    return functools.reduce(operator.or_, (constant(prefix + name) for name in names))
