"""Locks, rundown protection, lists, timers, work items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyndis.model.faults import ModelFault
from pyndis.model.places import Place
from pyndis.model.rawtypes import RawStruct
from pyndis.model.state import APC, DISPATCH, KernelState, Timer

SUCCESS = 0
UNITS_PER_MS = 10_000  # of 100 ns


class LockCalls(KernelState):
    """Kernel calls by their C names."""

    def KeInitializeSpinLock(self, lock: Place) -> None:
        lock.store(0)

    def KeAcquireSpinLock(self, lock: Place, irql: Place) -> None:
        if lock.load() != 0:
            raise ModelFault("a spin lock is taken by the thread that has it")
        lock.store(1)
        irql.store(self.raise_irql(DISPATCH))
        self.spin_locks.append(lock)

    def KeReleaseSpinLock(self, lock: Place, irql: int) -> None:
        if lock.load() != 1:
            raise ModelFault("a spin lock is released that nobody has")
        lock.store(0)
        self.irql = irql
        self.spin_locks.pop()

    def KeGetCurrentIrql(self) -> int:
        return self.irql

    def ExInitializeFastMutex(self, mutex: RawStruct) -> None:
        mutex.Count = 1

    def ExAcquireFastMutex(self, mutex: RawStruct) -> None:
        if mutex.Count != 1:
            raise ModelFault("a fast mutex is taken by the thread that has it")
        mutex.Count, mutex.OldIrql = 0, self.raise_irql(APC)

    def ExReleaseFastMutex(self, mutex: RawStruct) -> None:
        mutex.Count, self.irql = 1, mutex.OldIrql

    def ExInitializeRundownProtection(self, rundown: RawStruct) -> None:
        rundown.Count, rundown.over = 0, False

    def ExAcquireRundownProtection(self, rundown: RawStruct) -> bool:
        if not rundown.over:
            rundown.Count += 1
        return not rundown.over

    def ExReleaseRundownProtection(self, rundown: RawStruct) -> None:
        rundown.Count -= 1
        if rundown.Count < 0:
            raise ModelFault("rundown protection is released more often than it was acquired")

    def ExWaitForRundownProtectionRelease(self, rundown: RawStruct) -> None:
        rundown.over = True
        if rundown.Count != 0:
            raise ModelFault(f"this would wait for ever: {rundown.Count} requests or files are open")

    def NdisMSleep(self, microseconds: int) -> None:
        raise ModelFault("this would wait for ever: there is no other thread")

    def InitializeListHead(self, head: RawStruct) -> None:
        head.Flink = head.Blink = head

    def InsertTailList(self, head: RawStruct, entry: RawStruct) -> None:
        self._link(head.Blink, entry, head)

    def InsertHeadList(self, head: RawStruct, entry: RawStruct) -> None:
        self._link(head, entry, head.Flink)

    def _link(self, before: RawStruct, entry: RawStruct, after: RawStruct) -> None:
        entry.Blink, entry.Flink = before, after
        before.Flink = after.Blink = entry

    def RemoveEntryList(self, entry: RawStruct) -> None:
        entry.Blink.Flink, entry.Flink.Blink = entry.Flink, entry.Blink

    def CONTAINING_RECORD(self, entry: RawStruct, type: str, field: str) -> Any:
        return entry.owner

    def NdisGetSystemUpTimeEx(self, time: RawStruct) -> None:
        time.QuadPart = self.now

    def NdisAllocateTimerObject(self, handle: Any, characteristics: RawStruct, timer: Place) -> int:
        made = Timer(characteristics.TimerFunction)
        self.timers.append(made)
        timer.store(made)
        return SUCCESS

    def NdisSetTimerObject(self, timer: Timer, due: RawStruct, period: int, context: Any) -> bool:
        before, timer.due = timer.due, self.now - due.QuadPart // UNITS_PER_MS
        return before is not None

    def NdisCancelTimerObject(self, timer: Timer) -> bool:
        before, timer.due = timer.due, None
        return before is not None

    def KeFlushQueuedDpcs(self) -> None:
        """None is queued: a timer's function runs to its end before anything else does."""

    def NdisFreeTimerObject(self, timer: Timer) -> None:
        self.timers.remove(timer)

    def NdisAllocateIoWorkItem(self, handle: Any) -> object:
        return object()

    def NdisQueueIoWorkItem(self, item: object, function: Callable[[], object], context: Any) -> None:
        self.work.append(function)

    def NdisFreeIoWorkItem(self, item: object) -> None:
        """Nothing is left of it."""
