"""Being told that the device is to be removed before NDIS pauses the adapter, by the PnP manager itself.

NDIS asks protocols to pause first and waits for their sends. A send that a stuck program never reads would hold that up.
"""

from __future__ import annotations

from typing import Final

from pyndis.kernel import raw
from pyndis.kernel.atomics import Atomic
from pyndis.kernel.marks import callback, u32, unsafe
from pyndis.kernel.objects import Adapted, addr, cast
from pyndis.kernel.status import NdisStatus, NtError, Status

IDLE: Final = 0
BUSY: Final = 1
CLOSED: Final = 2


class Removal(Adapted):
    """Registers for the removal of the adapter's physical device, from a work item, on a file object of the device's own stack.

    If that does not succeed the driver works without; what waits for a read is then bounded by its age.
    """

    _item: raw.NDIS_HANDLE
    _turn: Atomic
    _file: raw.PFILE_OBJECT
    _entry: raw.PVOID

    def make(self) -> None:
        """Raises RESOURCES."""
        with unsafe("the work item is this object's own"):
            self._item = raw.NdisAllocateIoWorkItem(self.adapter.handle)
        if self._item is None:
            raise NtError(NdisStatus.RESOURCES)

    def watch(self) -> None:
        """Register, in a work item: the device may not be opened while it is being started."""
        if self._turn.exchange_if(IDLE, BUSY):
            with unsafe("one at a time, so the item is not queued"):
                raw.NdisQueueIoWorkItem(self._item, self._register, self)

    def unmake(self) -> None:
        """Waits for a registration that is under way, and takes it back. PASSIVE."""
        while not self._turn.exchange_if(IDLE, CLOSED):
            with unsafe("the work item ends soon"):
                raw.NdisMSleep(1000)
        self._forget()
        with unsafe("the item is not queued any more"):
            raw.NdisFreeIoWorkItem(self._item)

    def _forget(self) -> None:
        """Unregister, and let go of the file."""
        with unsafe("no callback runs once IoUnregisterPlugPlayNotificationEx has returned"):
            if self._entry is not None:
                raw.IoUnregisterPlugPlayNotificationEx(self._entry)
                self._entry = None
        self._let_go()

    def _let_go(self) -> None:
        """While the file is open the device cannot be removed."""
        with unsafe("the reference is ours"):
            if self._file is not None:
                raw.ObDereferenceObject(self._file)
                self._file = None

    @callback("NDIS_IO_WORKITEM_FUNCTION", context="WorkItemContext")
    def _register(self) -> None:
        self._forget()
        self._open()
        with unsafe("the file is open, and stays so until we are asked to let go"):
            if self._file is not None:
                status: Status = raw.IoRegisterPlugPlayNotification(
                    raw.EventCategoryTargetDeviceChange,
                    0,
                    self._file,
                    raw.DriverObject,
                    self._changed,
                    self,
                    addr(self._entry),
                )
                if status != Status.SUCCESS:
                    self._entry = None
                    self._let_go()
        self._turn.exchange(IDLE)

    def _open(self) -> None:
        """A file object on the physical device, by its name."""
        with unsafe("the name is in a block that is large enough for what the PnP manager says it is"):
            device: raw.PDEVICE_OBJECT = None
            raw.NdisMGetDeviceProperty(self.adapter.handle, addr(device), None, None, None, None)
            size: u32 = 0
            raw.IoGetDeviceProperty(device, raw.DevicePropertyPhysicalDeviceObjectName, 0, None, addr(size))
            if size < 4 or size > 0xFFFE:
                return
            text = cast(raw.PWCH, raw.ExAllocatePoolWithTag(raw.PagedPool, size, raw.POOL_TAG))
            if text is None:
                return
            status: Status = raw.IoGetDeviceProperty(device, raw.DevicePropertyPhysicalDeviceObjectName, size, text, addr(size))
            if status == Status.SUCCESS:
                name = raw.UNICODE_STRING()
                raw.RtlInitUnicodeString(addr(name), text)
                opened: raw.PDEVICE_OBJECT = None
                status = raw.IoGetDeviceObjectPointer(addr(name), raw.FILE_READ_ATTRIBUTES, addr(self._file), addr(opened))
                if status != Status.SUCCESS:
                    self._file = None
            raw.ExFreePoolWithTag(text, raw.POOL_TAG)

    @callback("DRIVER_NOTIFICATION_CALLBACK_ROUTINE", context="Context")
    def _changed(self, notification_structure: raw.PTARGET_DEVICE_REMOVAL_NOTIFICATION) -> Status:
        with unsafe("the event is one of three GUIDs, told apart by their first numbers"):
            event = notification_structure.Event.Data1
            if event == raw.QUERY_REMOVE_EVENT:
                self.adapter.remove()
                self._let_go()
            elif event == raw.REMOVE_CANCELLED_EVENT:
                self.adapter.stay()
                self.watch()
        return Status.SUCCESS
