"""What all kernel calls of the model share: time, IRQL, locks, memory, work that waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyndis.model.faults import ModelFault
from pyndis.model.memory import Memory, Pointer

PASSIVE, APC, DISPATCH = 0, 1, 2


class KernelState:
    """One processor, one thread."""

    def __init__(self) -> None:
        self.now = 0
        self.irql = PASSIVE
        self.spin_locks: list[Any] = []
        self.work: list[Callable[[], object]] = []
        self.timers: list[Timer] = []
        self.blocks: list[Memory] = []

    def raise_irql(self, irql: int) -> int:
        """Returns the IRQL from before."""
        if irql < self.irql:
            raise ModelFault(f"raised from IRQL {self.irql} to {irql}")
        before, self.irql = self.irql, irql
        return before

    def allocate(self, size: int) -> Pointer:
        """A block that has to be freed before the adapter is gone."""
        block = Memory(b"\xcd" * size)
        self.blocks.append(block)
        return Pointer(block)

    def free(self, pointer: Pointer) -> None:
        """The whole block that begins there."""
        if pointer.memory.freed or pointer.offset != 0 or pointer.memory not in self.blocks:
            raise ModelFault("memory is freed that is not allocated")
        pointer.memory.freed = True
        self.blocks.remove(pointer.memory)


class Timer:
    """`due` in ms of the kernel's time, None while it is not set."""

    def __init__(self, function: Callable[[], object]) -> None:
        self.function = function
        self.due: int | None = None
