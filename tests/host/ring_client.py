"""A client of the ring interface: memory and events of a simulated process, registered with an adapter's device interface."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pyndis.host import Handle, Process, Request

REGISTER = 0xCA6CE5C0
SLACK = 0x10000
HEAD, TAIL, ALERTABLE, DATA = 0, 4, 8, 12
STOPPED = 0xFFFFFFFF
CAPACITY = 0x20000


def _aligned(size: int) -> int:
    return (size + 3) & ~3


class Ring:
    """One ring in the process's memory, with the event that says its tail has moved."""

    def __init__(self, process: Process, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.size = DATA + capacity + SLACK
        self.memory = process.memory(self.size)
        self.moved = process.event()

    def word(self, offset: int) -> int:
        """One of the three numbers before the data."""
        return int(struct.unpack("<I", self.memory.read(offset, 4))[0])

    def set_word(self, offset: int, value: int) -> None:
        """Write one of them, as the process would."""
        self.memory.write(offset, struct.pack("<I", value))

    @property
    def head(self) -> int:
        """Where the consumer is."""
        return self.word(HEAD)

    @property
    def tail(self) -> int:
        """Where the producer is."""
        return self.word(TAIL)

    def put(self, *packets: bytes, ring: bool = True) -> None:
        """As producer: the packets, then the tail, then the event if the consumer wants it and `ring`."""
        tail = self.tail
        for packet in packets:
            self.memory.write(DATA + tail, struct.pack("<I", len(packet)) + packet)
            tail = (tail + _aligned(4 + len(packet))) % self.capacity
        self.set_word(TAIL, tail)
        if ring and self.word(ALERTABLE):
            self.moved.set()

    def take(self) -> list[bytes]:
        """As consumer: all packets that are there."""
        packets = []
        head, tail = self.head, self.tail
        while head != tail and tail != STOPPED:
            (size,) = struct.unpack("<I", self.memory.read(DATA + head, 4))
            packets.append(self.memory.read(DATA + head + 4, size))
            head = (head + _aligned(4 + size)) % self.capacity
        self.set_word(HEAD, head)
        return packets


@dataclass(frozen=True)
class Record:
    """What a registration says of one ring."""

    size: int
    address: int
    event: int

    def encoded(self, bits: int) -> bytes:
        """As a client of this word size lays it out."""
        return struct.pack("<I4xQQ" if bits == 64 else "<III", self.size, self.address, self.event)


def record(ring: Ring) -> Record:
    """The ring as it is."""
    return Record(ring.size, ring.memory.address, ring.moved.value)


class RingClient:
    """A process with a handle on the interface and two rings: `send` (driver to client) and `receive` (client to driver)."""

    def __init__(self, process: Process, path: str, capacity: int = CAPACITY) -> None:
        self.process = process
        self.handle: Handle = process.open(path)
        self.send = Ring(process, capacity)
        self.receive = Ring(process, capacity)

    def register(self, send: Record | None = None, receive: Record | None = None) -> Request:
        """Register the rings, or what is given in their stead."""
        records = send or record(self.send), receive or record(self.receive)
        return self.handle.ioctl(REGISTER, b"".join(each.encoded(self.process.bits) for each in records))
