"""Memory as bytes, and addresses in it that cannot leave it."""

from __future__ import annotations

from dataclasses import dataclass

from pyndis.model.faults import ModelFault


class Memory:
    """One block."""

    def __init__(self, data: bytes | bytearray) -> None:
        self.data = bytearray(data)
        self.freed = False


@dataclass(frozen=True, eq=False)
class Pointer:
    """The address of a byte."""

    memory: Memory
    offset: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pointer) and self.memory is other.memory and self.offset == other.offset

    def __hash__(self) -> int:
        return hash((id(self.memory), self.offset))

    def __add__(self, distance: int) -> Pointer:
        return Pointer(self.memory, self.offset + distance)

    def load(self, size: int) -> bytes:
        """So many bytes from here."""
        return bytes(self.memory.data[self._reach(size)])

    def store(self, data: bytes) -> None:
        """Bytes from here on."""
        self.memory.data[self._reach(len(data))] = data

    def _reach(self, size: int) -> slice:
        end = self.offset + size
        if self.memory.freed:
            raise ModelFault(f"{size} bytes of memory that has been freed")
        if self.offset < 0 or size < 0 or end > len(self.memory.data):
            raise ModelFault(f"bytes {self.offset} to {end} of a block of {len(self.memory.data)}")
        return slice(self.offset, end)
