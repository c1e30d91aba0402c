"""Requests, and what keeps the pages of one locked while others point into them."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Any, Protocol, Self, TypeAlias

from pyndis.kernel import raw
from pyndis.kernel.atomics import Atomic
from pyndis.kernel.marks import Owned, Ref, Shared, Within, at, completes, pends, shared, u32, unsafe, usize
from pyndis.kernel.memory import Sink, View
from pyndis.kernel.objects import Adapted, Allocated, KernelObject, cast, program_adapter
from pyndis.kernel.status import NtError, Status

Amount: TypeAlias = Annotated[u32, Within(0, 0x7FFF_FFFF)]


class Boost(IntEnum):
    """The priority that a thread gets when its request is answered. In C: `IO_…_INCREMENT`."""

    NO = 0
    NETWORK = 2


class Budget(Adapted):
    """How many bytes may be in use for some purpose."""

    limit: Amount
    _used: Atomic

    def __init__(self, limit: Amount) -> None:
        self.limit = limit

    def take(self, amount: Amount) -> bool:
        """False, and nothing is taken, if that would be more than the limit."""
        while True:
            used = self._used.read()
            after = used + amount
            if used < 0 or after > self.limit:
                return False
            if self._used.exchange_if(used, after):
                return True

    def give(self, amount: Amount) -> None:
        """What was taken before."""
        self._used.subtract(amount)


class Mdl(KernelObject, kernel="MDL"):
    """Describes locked pages."""

    @property
    def size(self) -> u32:
        """Bytes."""
        with unsafe("accessor"):
            return raw.MmGetMdlByteCount(self)  # type: ignore[no-any-return]

    def mapped(self) -> View:
        """The pages in the system's address space. Raises INSUFFICIENT_RESOURCES."""
        with unsafe("the mapping lives as long as the pages are locked"):
            address = raw.MmGetSystemAddressForMdlSafe(self, raw.MappingPriority)
            if address is None:
                raise NtError(Status.INSUFFICIENT_RESOURCES)
            return View(address, raw.MmGetMdlByteCount(self))


class Irp(KernelObject, kernel="IRP", overlay="&({})->Tail.Overlay.DriverContext[0]", room="3 * sizeof(PVOID)"):
    """A request. A subclass may add fields, in the words that are its driver's."""

    mdl: Mdl | None = at("MdlAddress")
    _status: Status = at("IoStatus.Status")
    _information: usize = at("IoStatus.Information")
    _entry: raw.LIST_ENTRY = at("Tail.Overlay.ListEntry")

    def _pages(self, at_least: u32, at_most: u32) -> Mdl:
        """Its locked pages. Raises INVALID_PARAMETER without any, INVALID_USER_BUFFER if they are too few or too many."""
        mdl = self.mdl
        if mdl is None:
            raise NtError(Status.INVALID_PARAMETER)
        if mdl.size < at_least or mdl.size > at_most:
            raise NtError(Status.INVALID_USER_BUFFER)
        return mdl

    def check(self, at_least: u32, at_most: u32) -> None:
        """Whether its buffer has a size within the bounds. Raises as `readable`, but maps nothing."""
        self._pages(at_least, at_most)

    def readable(self, at_least: u32, at_most: u32) -> View:
        """What a write wants to be read. Raises INVALID_PARAMETER, INVALID_USER_BUFFER, INSUFFICIENT_RESOURCES, in this order."""
        mdl = self._pages(at_least, at_most)
        return mdl.mapped()

    def writable(self) -> Sink:
        """Where a read wants to have it. Raises INVALID_PARAMETER, INSUFFICIENT_RESOURCES."""
        mdl = self._pages(0, 0xFFFF_FFFF)
        view = mdl.mapped()
        return Sink(view.address, view.size)

    @completes
    def complete(self: Owned[Irp], information: u32, boost: Boost) -> None:
        """Answer it with success. Calls out."""
        self._answer(Status.SUCCESS, information, boost)

    @completes
    def fail(self: Owned[Irp], status: Status) -> None:
        """Answer it with a status and no information. Calls out."""
        self._answer(status, 0, Boost.NO)

    def _answer(self: Owned[Irp], status: Status, information: u32, boost: Boost) -> None:
        self._status = status
        self._information = information
        self._give_back(boost)

    def _give_back(self: Owned[Irp], boost: Boost) -> None:
        """To the I/O manager. The token of the adapter goes last: nothing may touch the adapter afterwards."""
        with unsafe("the request is ours until IoCompleteRequest, the adapter until its token is gone"):
            adapter = program_adapter(raw.NdisGetDeviceReservedExtension(raw.IoGetCurrentIrpStackLocation(self).DeviceObject))
            raw.IoCompleteRequest(self, boost)
            adapter.device.leave()

    @pends
    def pend(self: Owned[Irp], information: u32, budget: Budget) -> Shared[LentIrp]:
        """It completes when the last share is gone. Its pages may be lent once `charge` has asked the budget."""
        with unsafe("the request becomes a lent one"):
            raw.IoMarkIrpPending(self)
            lent = cast(LentIrp, self)
        lent._status = Status.SUCCESS
        lent._information = information
        lent.charged = 0
        lent.budget = budget
        return shared(lent)


class LentIrp(Irp, counted=True):
    """A request whose pages are lent. It is answered when the last share goes."""

    shares: Atomic
    charged: Amount
    budget: Ref[Budget]

    def charge(self) -> None:
        """Its pages are lent from here on. Raises INSUFFICIENT_RESOURCES past the budget."""
        mdl = self.source
        with unsafe("whole pages are charged"):
            pages = raw.ADDRESS_AND_SIZE_TO_SPAN_PAGES(raw.MmGetMdlVirtualAddress(mdl), mdl.size) & 0x7_FFFF
        bytes = pages * 4096
        if not self.budget.take(bytes):
            raise NtError(Status.INSUFFICIENT_RESOURCES)
        self.charged = bytes

    @property
    def view(self) -> View:
        """Its pages as mapped when it was lent. Raises INSUFFICIENT_RESOURCES."""
        return self.source.mapped()

    @property
    def source(self) -> Mdl:
        """The pages that others may point into."""
        mdl = self.mdl
        assert mdl is not None
        return mdl

    def share(self) -> Shared[Self]:
        """One more share."""
        return self

    def set_failed(self, status: Status) -> None:
        """What the request will be answered with."""
        self._status = status
        self._information = 0

    def finish(self: Owned[LentIrp]) -> None:
        """The last share is gone. Calls out."""
        self.budget.give(self.charged)
        self._give_back(Boost.NETWORK)


class Block(Allocated, counted=True):
    """A copy in nonpaged memory that NBLs may point into. The last share frees it."""

    shares: Atomic
    charged: Amount
    budget: Ref[Budget]
    mdl: Ref[Mdl]
    size: u32

    @property
    def view(self) -> View:
        """The copy."""
        with unsafe("the bytes lie behind the block's own fields"):
            return View(cast(raw.PUCHAR, self) + raw.sizeof(Block), self.size)

    @property
    def source(self) -> Mdl:
        """The pages that others may point into."""
        return self.mdl

    def share(self) -> Shared[Self]:
        """One more share."""
        return self

    def charge(self) -> None:
        """The budget was asked when it was made."""

    def finish(self: Owned[Block]) -> None:
        """The last share is gone."""
        self.budget.give(self.charged)
        with unsafe("nobody else has it any more"):
            raw.IoFreeMdl(self.mdl)
            raw.ExFreePoolWithTag(self, raw.POOL_TAG)


class Lender(Protocol):
    """What owns memory that NBLs may point into. Which class it is, is decided when the driver is compiled."""

    @property
    def view(self) -> View: ...

    @property
    def source(self) -> Mdl: ...

    def charge(self) -> None:
        """Its memory is lent from here on. Raises INSUFFICIENT_RESOURCES past its budget."""

    def share(self) -> Shared[Any]:
        """Another share, without an atomic operation: it is split off from this one."""
        ...
