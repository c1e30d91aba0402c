"""The device object through which programs reach an adapter, and the files they hold open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Self, TypeVar

from pyndis.kernel import raw
from pyndis.kernel.atomics import Atomic
from pyndis.kernel.containers import Chain
from pyndis.kernel.marks import at, i32, owned, u32, unsafe, usize
from pyndis.kernel.objects import Adapted, Allocated, KernelObject, addr, cast, sizeof
from pyndis.kernel.status import NtError, Status

F = TypeVar("F", bound=Callable[..., Any])

INITIALIZING: Final = 1
HALTING: Final = 2
REMOVED: Final = 4
SHUT_DOWN: Final = 8


class File(KernelObject, kernel="FILE_OBJECT"):
    """An open file: one handle of a program's, with its duplicates."""

    record: FileRecord | None = at("FsContext")
    name_length: u32 = at("FileName.Length")
    _device: raw.PDEVICE_OBJECT = at("DeviceObject")


class FileRecord(Allocated):
    """What the driver knows of an open file."""

    next: Self | None
    file: File
    cleaned: bool


class ControlDevice(Adapted):
    """One device object, `\\\\Device\\\\NAME`. Requests come through its gate; each holds a token of it until it is answered."""

    object: raw.PDEVICE_OBJECT
    _handle: raw.NDIS_HANDLE
    _tokens: raw.EX_RUNDOWN_REF
    _closed: Atomic
    _mutex: raw.FAST_MUTEX
    _files: Chain[FileRecord]

    def __init__(
        self, *, name: str, sddl: str, create_refused: Status, io_refused: Status, gone: Status, other_requests: Status
    ) -> None: ...

    def create(self, method: F) -> F:
        """`(self, file: File)`: IRP_MJ_CREATE, PASSIVE. A raise refuses the open."""
        return method

    def cleanup(self, method: F) -> F:
        """`(self, file: File)`: IRP_MJ_CLEANUP, PASSIVE: the last handle is closed."""
        return method

    def close(self, method: F) -> F:
        """`(self, file: File)`: IRP_MJ_CLOSE, PASSIVE: no request of the file is left."""
        return method

    def read(self, method: F) -> F:
        """`(self, irp: Owned[a subclass of Irp])`: IRP_MJ_READ. A raise completes it with that status."""
        return method

    def write(self, method: F) -> F:
        """`(self, irp: Owned[a subclass of Irp])`: IRP_MJ_WRITE. A raise completes it with that status."""
        return method

    def make(self) -> None:
        """Requests are refused until `open`."""
        self._closed.set_bits(INITIALIZING)
        with unsafe("both are this object's own"):
            raw.ExInitializeRundownProtection(addr(self._tokens))
            raw.ExInitializeFastMutex(addr(self._mutex))

    def open(self) -> None:
        """Let requests in."""
        self._closed.clear_bits(INITIALIZING)

    def refuse(self, reason: i32) -> None:
        """From here on requests are refused."""
        self._closed.set_bits(reason)

    def admit(self, reason: i32) -> None:
        """That reason is gone."""
        self._closed.clear_bits(reason)

    def enter(self) -> bool:
        """A token, unless requests are refused."""
        if self._closed.read() != 0:
            return False
        with unsafe("given back by leave()"):
            return raw.ExAcquireRundownProtection(addr(self._tokens))  # type: ignore[no-any-return]

    def leave(self) -> None:
        """The last thing that a request does."""
        with unsafe("taken by enter()"):
            raw.ExReleaseRundownProtection(addr(self._tokens))

    def drain(self) -> None:
        """Refuse requests for good, and wait until each is answered and each file closed. PASSIVE."""
        with unsafe("once, from halt"):
            raw.ExWaitForRundownProtectionRelease(addr(self._tokens))

    def add(self, file: File) -> None:
        """A record for an opened file. Raises INSUFFICIENT_RESOURCES, DELETE_PENDING. PASSIVE.

        The gate is asked once more under the lock: who refuses, and then finds no open file, will not find one later.
        """
        with unsafe("the record lives from create to close"):
            record = cast(FileRecord, raw.ExAllocatePoolWithTag(raw.NonPagedPoolType, sizeof(FileRecord), raw.POOL_TAG))
            if record is None:
                raise NtError(Status.INSUFFICIENT_RESOURCES)
            record.file = file
            record.cleaned = False
            raw.ExAcquireFastMutex(addr(self._mutex))
            refused = self._closed.read() != 0
            if not refused:
                self._files.append(owned(record))
            raw.ExReleaseFastMutex(addr(self._mutex))
            if refused:
                raw.ExFreePoolWithTag(record, raw.POOL_TAG)
                raise NtError(Status.DELETE_PENDING)
        file.record = record

    def remove(self, file: File) -> None:
        """The record of a closed file goes. PASSIVE."""
        with unsafe("no request of the file is left"):
            raw.ExAcquireFastMutex(addr(self._mutex))
            for place in self._files.places():
                if place.item.file is file:
                    raw.ExFreePoolWithTag(place.take(), raw.POOL_TAG)
            raw.ExReleaseFastMutex(addr(self._mutex))
        file.record = None

    @property
    def has_open_files(self) -> bool:
        """Whether a file has been opened and not been closed. PASSIVE."""
        with unsafe("one lock around one load"):
            raw.ExAcquireFastMutex(addr(self._mutex))
            count = len(self._files)
            raw.ExReleaseFastMutex(addr(self._mutex))
        return count > 0

    def owns_file_at(self, address: usize) -> bool:
        """Whether one of its open files lies there. Compares addresses, follows none. PASSIVE."""
        found = False
        with unsafe("one lock around the walk"):
            raw.ExAcquireFastMutex(addr(self._mutex))
            for record in self._files:
                if cast(usize, record.file) == address:
                    found = True
            raw.ExReleaseFastMutex(addr(self._mutex))
        return found
