"""Closing the handles that processes hold on a device, so that a hung process cannot keep its adapter from going away.

The one unsafe module of the driver. There is no documented call for this: the system's table of handles is a snapshot, so each
candidate is looked up again in the context of its owner before it is closed.
"""

from collections.abc import Iterator
from typing import Final

from pyndis.kernel import *
from pyndis.kernel import raw

FIRST_SIZE: Final = 256 * KiB
LAST_SIZE: Final = 64 * MiB


def system_handles() -> Iterator[raw.SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX]:
    """All handles of the system, as they were a moment ago; none if there is no memory for them."""
    with unsafe("an undocumented class of a documented call; the table says itself how many entries it has"):
        size = FIRST_SIZE
        while size <= LAST_SIZE:
            table = cast(raw.PSYSTEM_HANDLE_INFORMATION_EX, raw.ExAllocatePoolWithTag(raw.PagedPool, size, raw.POOL_TAG))
            if table is None:
                return
            status: Status = raw.ZwQuerySystemInformation(raw.SystemExtendedHandleInformation, table, size, None)
            if status == Status.SUCCESS:
                entries = cast(raw.PSYSTEM_HANDLE_TABLE_ENTRY_INFO_EX, addr(table.Handles))
                count = table.NumberOfHandles
                index = 0
                while index < count:
                    yield addr(entries[index])
                    index += 1
            raw.ExFreePoolWithTag(table, raw.POOL_TAG)
            if status != Status.INFO_LENGTH_MISMATCH:
                return
            size *= 2  # the table grew between the calls


def close_by_force(device: ControlDevice) -> None:
    """PASSIVE_LEVEL. New opens are refused already, so what is found here is all there is."""
    while device.has_open_files:
        for entry in system_handles():
            with unsafe("addresses are compared, not followed"):
                object = cast(usize, entry.Object)
                process = entry.UniqueProcessId
                handle = entry.HandleValue
            if device.owns_file_at(object):
                close_handle(device, process, handle)
        with unsafe("a close may take its time, and memory may come back"):
            raw.NdisMSleep(100_000)


def close_handle(device: ControlDevice, process_id: usize, handle: usize) -> None:
    """One handle of one process, if it still is a file of this device."""
    with unsafe("closes a handle of another process, in its context"):
        process: raw.PEPROCESS = None
        status: Status = raw.PsLookupProcessByProcessId(cast(Handle, process_id), addr(process))
        if status != Status.SUCCESS:
            return
        attached = raw.KAPC_STATE()
        raw.KeStackAttachProcess(process, addr(attached))
        object: raw.PVOID = None
        status = raw.ObReferenceObjectByHandle(
            cast(Handle, handle), 0, raw.DereferencedFileObjectType, raw.KernelMode, addr(object), None
        )
        if status == Status.SUCCESS:
            ours = device.owns_file_at(cast(usize, object))
            raw.ObDereferenceObject(object)
            if ours:
                flags = raw.OBJECT_HANDLE_FLAG_INFORMATION()
                raw.ObSetHandleAttributes(cast(Handle, handle), addr(flags), raw.UserMode)
                raw.ObCloseHandle(cast(Handle, handle), raw.UserMode)
        raw.KeUnstackDetachProcess(addr(attached))
        raw.ObDereferenceObject(process)
