"""Queues of requests that can be cancelled at any time, over the system's cancel-safe queue."""

from __future__ import annotations

from typing import Generic, TypeVar

from pyndis.kernel import raw
from pyndis.kernel.device import File
from pyndis.kernel.irp import Irp
from pyndis.kernel.marks import Owned, callback, given, owned, pends, unsafe
from pyndis.kernel.objects import Adapted, addr, cast
from pyndis.kernel.status import NtError, Status

Q = TypeVar("Q", bound=Irp)


class IrpQueue(Adapted, Generic[Q]):
    """Oldest first. It knows which files have been cleaned up: no request of theirs gets in."""

    _csq: raw.IO_CSQ
    _lock: raw.KSPIN_LOCK
    _list: raw.LIST_ENTRY
    _closed: Status

    def make(self) -> None:
        self._closed = Status.SUCCESS
        with unsafe("the queue is this object's own"):
            raw.KeInitializeSpinLock(addr(self._lock))
            raw.InitializeListHead(addr(self._list))
            raw.IoCsqInitializeEx(
                addr(self._csq), self._insert, self._remove, self._peek, self._acquire, self._release, self._cancelled
            )

    @pends
    def push(self, irp: Owned[Q]) -> None:
        """To the end. Raises the status of `close`, or CANCELLED for a file that is cleaned up."""
        with unsafe("IoCsqInsertIrpEx marks it pending if it takes it, and leaves it alone if not"):
            status: Status = raw.IoCsqInsertIrpEx(addr(self._csq), irp, None, None)
        if status != Status.SUCCESS:
            raise NtError(status)
        given(irp)

    @pends
    def put_back(self, irp: Owned[Q]) -> None:
        """To the front, what `pop` had given. Completes it if that is not possible any more. Calls out."""
        with unsafe("a request that is pending already may be marked again; the context says: to the front"):
            status: Status = raw.IoCsqInsertIrpEx(addr(self._csq), irp, None, addr(self._list))
        if status == Status.SUCCESS:
            given(irp)
        else:
            irp.fail(status)

    def pop(self) -> Owned[Q] | None:
        """The oldest, or None."""
        with unsafe("no file means: any"):
            return owned(cast(Q, raw.IoCsqRemoveNextIrp(addr(self._csq), None)))  # type: ignore[misc, no-any-return]

    def cancel(self, file: File) -> None:
        """Complete those of this file with CANCELLED, now and whenever one more comes. Calls out."""
        record = file.record
        if record is None:
            return
        with unsafe("the flag is read under the queue's lock by _insert"):
            irql: raw.KIRQL = 0
            raw.KeAcquireSpinLock(addr(self._lock), addr(irql))
            record.cleaned = True
            raw.KeReleaseSpinLock(addr(self._lock), irql)
        while True:
            with unsafe("the file is what _peek compares with"):
                irp = owned(cast(Q, raw.IoCsqRemoveNextIrp(addr(self._csq), cast(raw.PVOID, file))))  # type: ignore[misc]
            if irp is None:
                return
            irp.fail(Status.CANCELLED)

    def close(self, status: Status) -> None:
        """Complete all with this status, now and whenever one more comes. Calls out."""
        with unsafe("the status is read under the queue's lock by _insert"):
            irql: raw.KIRQL = 0
            raw.KeAcquireSpinLock(addr(self._lock), addr(irql))
            self._closed = status
            raw.KeReleaseSpinLock(addr(self._lock), irql)
        while True:
            irp = self.pop()
            if irp is None:
                return
            irp.fail(status)

    @callback("IO_CSQ_INSERT_IRP_EX", within="_csq")
    def _insert(self, irp: Irp, insert_context: raw.PVOID) -> Status:
        if self._closed != Status.SUCCESS:
            return self._closed
        with unsafe("the request is in its dispatch routine or was popped: the file is there"):
            file = cast(File, raw.IoGetCurrentIrpStackLocation(irp).FileObject)
        record = file.record
        if record is not None and record.cleaned:
            return Status.CANCELLED
        with unsafe("the lock is held"):
            if insert_context is None:
                raw.InsertTailList(addr(self._list), addr(irp._entry))
            else:
                raw.InsertHeadList(addr(self._list), addr(irp._entry))
        return Status.SUCCESS

    @callback("IO_CSQ_REMOVE_IRP", within="_csq")
    def _remove(self, irp: Irp) -> None:
        with unsafe("the lock is held"):
            raw.RemoveEntryList(addr(irp._entry))

    @callback("IO_CSQ_PEEK_NEXT_IRP", within="_csq")
    def _peek(self, irp: Irp | None, peek_context: raw.PVOID) -> Irp | None:
        with unsafe("the lock is held; the head of the list is no request"):
            head = addr(self._list)
            entry: raw.PLIST_ENTRY = self._list.Flink
            if irp is not None:
                entry = irp._entry.Flink
            while entry != head:
                found = cast(Irp, raw.CONTAINING_RECORD(entry, "IRP", "Tail.Overlay.ListEntry"))
                if peek_context is None or raw.IoGetCurrentIrpStackLocation(found).FileObject == peek_context:
                    return found
                entry = entry.Flink
        return None

    @callback("IO_CSQ_ACQUIRE_LOCK", within="_csq")
    def _acquire(self, irql: raw.PKIRQL) -> None:
        with unsafe("the counterpart is _release"):
            raw.KeAcquireSpinLock(addr(self._lock), irql)

    @callback("IO_CSQ_RELEASE_LOCK", within="_csq")
    def _release(self, irql: raw.KIRQL) -> None:
        with unsafe("the counterpart is _acquire"):
            raw.KeReleaseSpinLock(addr(self._lock), irql)

    @callback("IO_CSQ_COMPLETE_CANCELED_IRP", within="_csq")
    def _cancelled(self, irp: Owned[Irp]) -> None:
        irp.fail(Status.CANCELLED)
