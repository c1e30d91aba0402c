"""Memory: pool, copies, MDLs, interlocked operations."""

from __future__ import annotations

from typing import Any

from pyndis.kernel.irp import Mdl
from pyndis.kernel.marks import i32, i64
from pyndis.kernel.objects import Allocated
from pyndis.model.layout import bounds, wrapped
from pyndis.model.memory import Pointer
from pyndis.model.places import Place
from pyndis.model.state import KernelState

PAGE = 4096


class MemoryCalls(KernelState):
    """Kernel calls by their C names."""

    def ReadAcquire(self, place: Place) -> Any:
        return place.load()

    def InterlockedExchange(self, place: Place, value: int) -> Any:
        before = place.load()
        place.store(value)
        return before

    def InterlockedExchangeAdd(self, place: Place, amount: int) -> Any:
        return self._add(place, amount, i32)

    def InterlockedExchangeAdd64(self, place: Place, amount: int) -> Any:
        return self._add(place, amount, i64)

    def _add(self, place: Place, amount: int, kind: Any) -> Any:
        limits = bounds(kind)
        assert limits is not None
        return self.InterlockedExchange(place, wrapped(place.load() + amount, limits))

    def InterlockedCompareExchange(self, place: Place, value: int, expected: int) -> Any:
        before = place.load()
        if before == expected:
            place.store(value)
        return before

    InterlockedCompareExchange64 = InterlockedCompareExchange

    def InterlockedOr(self, place: Place, bits: int) -> Any:
        return self.InterlockedExchange(place, place.load() | bits)

    def InterlockedAnd(self, place: Place, bits: int) -> Any:
        return self.InterlockedExchange(place, place.load() & bits)

    def ExAllocatePoolWithTag(self, kind: Any, size: int, tag: Any) -> Pointer:
        return self.allocate(size)

    def ExFreePoolWithTag(self, memory: Any, tag: Any) -> None:
        self.free(memory.__dict__["memory"] if isinstance(memory, Allocated) else memory)

    def RtlCopyMemory(self, target: Pointer, source: Pointer | Place, size: int) -> None:
        data = source.load(size) if isinstance(source, Pointer) else source.load().to_bytes(size, "little")
        target.store(data)

    def RtlZeroMemory(self, target: Pointer, size: int) -> None:
        target.store(bytes(size))

    def IoAllocateMdl(self, start: Pointer, size: int, secondary: bool, charge: bool, irp: Any) -> Mdl:
        mdl = Mdl()
        self.MmInitializeMdl(mdl, start, size)
        return mdl

    def IoFreeMdl(self, mdl: Any) -> None:
        mdl.start = None

    def MmInitializeMdl(self, mdl: Any, start: Pointer, size: int) -> None:
        mdl.start, mdl.count = start, size

    def IoBuildPartialMdl(self, source: Any, mdl: Any, start: Pointer, size: int) -> None:
        start.load(size)

    def MmBuildMdlForNonPagedPool(self, mdl: Any) -> None:
        mdl.start.load(mdl.count)

    def MmPrepareMdlForReuse(self, mdl: Any) -> None:
        mdl.start.load(0)

    def MmGetMdlByteCount(self, mdl: Any) -> Any:
        return mdl.count

    def MmGetMdlVirtualAddress(self, mdl: Any) -> Any:
        return mdl.start

    def MmGetSystemAddressForMdlSafe(self, mdl: Any, priority: Any) -> Any:
        return mdl.start

    def ADDRESS_AND_SIZE_TO_SPAN_PAGES(self, start: Pointer, size: int) -> int:
        return (start.offset % PAGE + size + PAGE - 1) // PAGE
