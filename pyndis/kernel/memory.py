"""Memory as views: an address and a size in something that someone keeps alive. Nothing is read twice or out of bounds."""

from __future__ import annotations

from typing import TypeVar

from pyndis.kernel import raw
from pyndis.kernel.marks import Address, u32, unsafe
from pyndis.kernel.objects import addr
from pyndis.kernel.status import NtError, Status

T = TypeVar("T")


class Span:
    """A stretch of a view: where, not what."""

    offset: u32
    size: u32

    def __init__(self, offset: u32, size: u32) -> None:
        self.offset = offset
        self.size = size

    def part(self, offset: u32, size: u32) -> Span:
        """A stretch of this stretch. Raises INVALID_USER_BUFFER if it does not lie within."""
        start = self.offset + offset
        if offset > self.size or size > self.size - offset or start > 0xFFFF_FFFF:
            raise NtError(Status.INVALID_USER_BUFFER)
        return Span(start, size)


class View:
    """Bytes to read. What user mode can change has no other way in than `reader`."""

    address: Address
    size: u32

    def __init__(self, address: Address, size: u32) -> None:
        self.address = address
        self.size = size

    def reader(self, short: Status) -> Reader:
        """Reads once, from the front. `short` is the status where something is missing at the end."""
        return Reader(self.address, self.size, short)


class Reader:
    """Goes only forward: `load` looks at the record that begins here, `take` moves past it."""

    address: Address
    size: u32
    offset: u32
    short: Status

    def __init__(self, address: Address, size: u32, short: Status) -> None:
        self.address = address
        self.size = size
        self.short = short

    @property
    def left(self) -> int:
        """Bytes from here to the end."""
        if self.offset > self.size:
            return 0
        return self.size - self.offset

    def load(self, what: type[T]) -> T:
        """The struct that begins here, in kernel memory: each field that is a number is loaded once. Raises `short`."""
        raise raw.OnlyCompiled(f"loading {what!r} from memory")

    def take(self, size: u32) -> Span:
        """Move past the record that begins here. Raises `short` if it is not all there."""
        start = self.offset
        if size > self.left:
            raise NtError(self.short)
        end = start + size
        if end > self.size:
            raise NtError(self.short)
        self.offset = end
        return Span(start, size)


class Sink:
    """Bytes to write, of a reader in user mode. Nothing can be read from it, so no driver keeps state there."""

    address: Address
    size: u32

    def __init__(self, address: Address, size: u32) -> None:
        self.address = address
        self.size = size

    def part(self, offset: u32, size: u32) -> Sink:
        """A stretch of it. Raises INVALID_USER_BUFFER if it does not lie within."""
        if offset > self.size or size > self.size - offset:
            raise NtError(Status.INVALID_USER_BUFFER)
        with unsafe("the sum lies within the sink, as was just checked"):
            return Sink(self.address + offset, size)

    def store_u32(self, offset: u32, value: u32) -> None:
        """Native endian, at any address. Raises as `part`."""
        place = self.part(offset, 4)
        with unsafe("part() has checked the bounds"):
            raw.RtlCopyMemory(place.address, addr(value), 4)

    def zero(self, start: u32, end: u32) -> None:
        """The bytes from `start` up to `end`. Raises as `part`."""
        if end < start:
            raise NtError(Status.INVALID_USER_BUFFER)
        place = self.part(start, end - start)
        with unsafe("part() has checked the bounds"):
            raw.RtlZeroMemory(place.address, place.size)
