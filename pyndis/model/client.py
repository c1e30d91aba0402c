"""Programs: files they open, and their requests, which go the way of the generated dispatch routines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyndis.kernel.device import File
from pyndis.kernel.irp import Irp, LentIrp, Mdl
from pyndis.kernel.status import NtError, Status
from pyndis.model.memory import Memory, Pointer
from pyndis.model.rawtypes import RawStruct

if TYPE_CHECKING:
    from pyndis.model.adapter import ModelAdapter

UNTOUCHED = b"\xa5"  # what a read buffer holds before the driver writes into it


class Request:
    """A read or write as its program sees it."""

    def __init__(self, adapter: ModelAdapter, irp: Any, memory: Memory) -> None:
        self._adapter = adapter
        self.irp = irp
        self.memory = memory

    @property
    def done(self) -> bool:
        """Whether it is complete."""
        return bool(self.irp.done)

    @property
    def status(self) -> int:
        """The NTSTATUS, unsigned."""
        assert self.done, "the request is pending"
        return int(self.irp._status)

    @property
    def information(self) -> int:
        """IoStatus.Information."""
        assert self.done, "the request is pending"
        return int(self.irp._information)

    @property
    def data(self) -> bytes:
        """What the program finds in its buffer, up to Information bytes."""
        return bytes(self.memory.data[: self.information])

    def cancel(self) -> bool:
        """Cancel it. Whether there was anything to cancel."""
        found = self._adapter.kernel.cancel(self.irp)
        self._adapter.kernel.settle()
        return found


class Handle:
    """An open file."""

    def __init__(self, adapter: ModelAdapter) -> None:
        """Raises PermissionError with the status if the driver refuses."""
        self._adapter = adapter
        self.file: Any = File()
        self.requests: list[Request] = []
        device, hooks = adapter.object.device, adapter.hooks.plain
        if not device.enter():
            raise PermissionError("the device refuses to be opened")
        device.add(self.file)
        try:
            adapter.call(hooks.get("create"), self.file)
        except NtError as error:
            device.remove(self.file)
            device.leave()
            raise PermissionError(f"{error.status:#010x}") from error

    def read(self, size: int) -> Request:
        """A read of so many bytes."""
        return self._transfer("read", UNTOUCHED * size)

    def write(self, data: bytes) -> Request:
        """A write of these bytes."""
        return self._transfer("write", data)

    def _transfer(self, hook: str, data: bytes) -> Request:
        request = Request(self._adapter, self._irp(hook, data), Memory(b""))
        if request.irp.mdl is not None:
            request.memory = request.irp.mdl.start.memory
        self.requests.append(request)
        device = self._adapter.object.device
        if not device.enter():
            _answer(request.irp, self._adapter.refused)
        else:
            if device.enter():
                self._dispatch(hook, request.irp)
            else:
                _answer(request.irp, self._adapter.refused)
            device.leave()
        self._adapter.kernel.settle()
        return request

    def _irp(self, hook: str, data: bytes) -> Any:
        irp: Any = self._adapter.argument_class(hook, Irp)()
        irp.done, irp.queue, irp.pending, irp.boost = False, None, False, 0
        irp.stack = RawStruct("IO_STACK_LOCATION")
        irp.stack.FileObject, irp.stack.DeviceObject = self.file, self._adapter.object
        irp.mdl = None
        if data:
            irp.mdl = Mdl()
            irp.mdl.start, irp.mdl.count = Pointer(Memory(data)), len(data)
        return irp

    def _dispatch(self, hook: str, irp: Any) -> None:
        """A raise is the request's status. What is lent is answered with it when the last share goes: with the hook's locals."""
        try:
            getattr(self._adapter.object, self._adapter.hooks.plain[hook])(irp)
        except NtError as error:
            if isinstance(irp, LentIrp):
                irp.set_failed(error.status)
            else:
                irp.fail(error.status)

    def close(self) -> None:
        """CLEANUP, and CLOSE when no request of the file is left."""
        hooks = self._adapter.hooks.plain
        self._adapter.call(hooks.get("cleanup"), self.file)
        self._adapter.closing.append(self)
        self._adapter.close_files()

    def closed(self) -> None:
        """CLOSE."""
        device = self._adapter.object.device
        self._adapter.call(self._adapter.hooks.plain.get("close"), self.file)
        device.remove(self.file)
        device.leave()


def _answer(irp: Any, status: Status) -> None:
    irp._status, irp._information, irp.done = status, 0, True
