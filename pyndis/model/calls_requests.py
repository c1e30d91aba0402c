"""Requests: completion and the cancel-safe queue."""

from __future__ import annotations

from typing import Any

from pyndis.kernel.irp import Irp
from pyndis.kernel.status import Status
from pyndis.model.faults import ModelFault
from pyndis.model.places import FieldPlace
from pyndis.model.rawtypes import RawStruct
from pyndis.model.state import KernelState


class RequestCalls(KernelState):
    """Kernel calls by their C names. A stand-in for an IRP has `stack`, `queue` while it is in one, and `done`."""

    def IoGetCurrentIrpStackLocation(self, irp: Any) -> Any:
        return irp.stack

    def NdisGetDeviceReservedExtension(self, device: Any) -> Any:
        return device

    def IoMarkIrpPending(self, irp: Any) -> None:
        irp.pending = True

    def IoCompleteRequest(self, irp: Any, boost: int) -> None:
        if irp.done:
            raise ModelFault("a request is completed twice")
        irp.done, irp.boost = True, boost

    def IoCsqInitializeEx(
        self, csq: RawStruct, insert: Any, remove: Any, peek: Any, acquire: Any, release: Any, cancel: Any
    ) -> None:
        csq.CsqInsertIrp, csq.CsqRemoveIrp, csq.CsqPeekNextIrp = insert, remove, peek
        csq.CsqAcquireLock, csq.CsqReleaseLock, csq.CsqCompleteCanceledIrp = acquire, release, cancel
        csq.saved_irql = 0

    def IoCsqInsertIrpEx(self, csq: RawStruct, irp: Irp, context: Any, insert_context: Any) -> Status:
        self._acquire(csq)
        status: Status = csq.CsqInsertIrp(irp, insert_context)
        if status == Status.SUCCESS:
            self.IoMarkIrpPending(irp)
            irp.queue = csq  # type: ignore[attr-defined]
        self._release(csq)
        return status

    def IoCsqRemoveNextIrp(self, csq: RawStruct, context: Any) -> Any:
        self._acquire(csq)
        irp = csq.CsqPeekNextIrp(None, context)
        if irp is not None:
            self._take_out(csq, irp)
        self._release(csq)
        return irp

    def cancel(self, irp: Any) -> bool:
        """IoCancelIrp by the program. Whether it was in a queue."""
        csq = irp.queue
        if csq is None:
            return False
        self._acquire(csq)
        self._take_out(csq, irp)
        self._release(csq)
        csq.CsqCompleteCanceledIrp(irp)
        return True

    def _take_out(self, csq: RawStruct, irp: Any) -> None:
        csq.CsqRemoveIrp(irp)
        irp.queue = None

    def _acquire(self, csq: RawStruct) -> None:
        csq.CsqAcquireLock(FieldPlace(csq, "saved_irql"))

    def _release(self, csq: RawStruct) -> None:
        csq.CsqReleaseLock(csq.saved_irql)
