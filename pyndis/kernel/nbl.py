"""Packets on their way: NBLs of the stack's, which it sends, and NBLs of our own pool, which it receives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Self

from pyndis.kernel import raw
from pyndis.kernel.arithmetic import wrapping_add
from pyndis.kernel.containers import Chain
from pyndis.kernel.irp import Amount, Block, Budget, Lender, Mdl
from pyndis.kernel.marks import Address, MiB, Owned, Shared, at, owned, shared, u16, u32, unsafe, usize
from pyndis.kernel.memory import Sink, Span, View
from pyndis.kernel.objects import Adapted, KernelObject, addr, cast, sizeof
from pyndis.kernel.sharing import drop_weight
from pyndis.kernel.status import BudgetSpent, EtherType, NdisStatus, NtError, Status

MAX_BLOCK: Final = 64 * MiB


class NetBuffer(KernelObject, kernel="NET_BUFFER"):
    """One packet."""

    next_in_nbl: NetBuffer | None = at("Next")
    size: u32 = at("DataLength")
    _first_mdl: raw.PMDL = at("MdlChain")
    _mdl: raw.PMDL = at("CurrentMdl")
    _mdl_offset: u32 = at("CurrentMdlOffset")
    _offset: u32 = at("DataOffset")

    def copy_to(self, target: Sink) -> None:
        """Its bytes, as many as the target has room for. Raises INSUFFICIENT_RESOURCES if they cannot be reached."""
        with unsafe("NdisGetDataBuffer writes no more than it is asked for, and the target is that large"):
            data = cast(raw.PUCHAR, raw.NdisGetDataBuffer(self, target.size, target.address, 1, 0))
            if data is None:
                raise NtError(Status.INSUFFICIENT_RESOURCES)
            if data != target.address:
                raw.RtlCopyMemory(target.address, data, target.size)


class Nbl(
    KernelObject,
    kernel="NET_BUFFER_LIST",
    overlay="NET_BUFFER_LIST_MINIPORT_RESERVED({})",
    room="3 * sizeof(PVOID)",  # MiniportReserved and Scratch, which follows it
):
    """One or more packets that the stack sends; ours until it is completed. A subclass may add fields in the owner's words."""

    next: Self | None = at("Next")
    first: NetBuffer | None = at("FirstNetBuffer")
    status: NdisStatus = at("Status")

    @property
    def cancel_id(self) -> usize:
        """By this the stack may call it back."""
        with unsafe("accessor"):
            return cast(usize, raw.NDIS_GET_NET_BUFFER_LIST_CANCEL_ID(self))

    def packets(self, start: NetBuffer | None) -> Iterator[NetBuffer]:
        """Its packets from that one on."""
        packet = start
        while packet is not None:
            yield packet
            packet = packet.next_in_nbl


class PoolNbl(
    KernelObject,
    kernel="NET_BUFFER_LIST",
    overlay="NET_BUFFER_LIST_CONTEXT_DATA_START({})",
    room="MAXUSHORT",  # the pool is made with a context of this size
):
    """A packet for the stack to receive, over memory that its share of a lender keeps. Lent until the stack returns it."""

    next: Self | None = at("Next")
    status: NdisStatus = at("Status")
    _first: NetBuffer | None = at("FirstNetBuffer")
    _source_handle: raw.NDIS_HANDLE = at("SourceHandle")
    _frame_type: raw.PVOID = at("NetBufferListInfo[NetBufferListFrameType]")

    source: Shared[Lender]
    length: u32
    _mdl: raw.MDL  # the numbers of its pages follow, so this is the last field

    @staticmethod
    def release_chain(chain: Owned[Chain[PoolNbl]]) -> None:
        """Free NBLs and drop their shares, those of one lender in one step. Calls out."""
        holder: Lender | None = None
        weight: u32 = 0
        for nbl in chain.drain():
            source = nbl.source
            if holder is not None and holder is not source:
                drop_weight(holder, weight)
                weight = 0
            holder = source
            weight = wrapping_add(weight, 1)
            with unsafe("the mapping goes before the pages do, and the NBL is ours"):
                raw.MmPrepareMdlForReuse(addr(nbl._mdl))
                raw.NdisFreeNetBufferList(nbl)
        if holder is not None:
            drop_weight(holder, weight)


class NblPool(Adapted):
    """NBLs with one NB and a partial MDL for `mtu` bytes, in one block each."""

    mtu: u32
    _pool: raw.NDIS_HANDLE
    _context: u16

    def __init__(self, mtu: u32) -> None:
        self.mtu = mtu

    def make(self) -> None:
        """Raises RESOURCES."""
        with unsafe("the pool is this object's own; a buffer of mtu bytes touches mtu / 4096 + 2 pages at the most"):
            context = sizeof(PoolNbl) + (self.mtu // 4096 + 2) * sizeof(raw.PFN_NUMBER)
            self._context = cast(u16, (context + 15) & 0xFFF0)
            parameters = raw.NET_BUFFER_LIST_POOL_PARAMETERS()
            parameters.Header.Type = raw.NDIS_OBJECT_TYPE_DEFAULT
            parameters.Header.Revision = raw.NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1
            parameters.Header.Size = raw.NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1
            parameters.ProtocolId = raw.NDIS_PROTOCOL_ID_DEFAULT
            parameters.fAllocateNetBuffer = True
            parameters.ContextSize = self._context
            parameters.PoolTag = raw.POOL_TAG
            self._pool = raw.NdisAllocateNetBufferListPool(self.adapter.handle, addr(parameters))
        if self._pool is None:
            raise NtError(NdisStatus.RESOURCES)

    def unmake(self) -> None:
        """All NBLs have been freed."""
        with unsafe("nothing of the pool is in use any more"):
            raw.NdisFreeNetBufferListPool(self._pool)

    def over(self, source: Shared[Lender], span: Span, protocol: EtherType) -> Owned[PoolNbl]:
        """An NBL over a stretch of the lender's memory, without a copy. It keeps the share. Raises INSUFFICIENT_RESOURCES."""
        size = span.size
        if size == 0 or size > self.mtu:
            raise NtError(Status.INVALID_USER_BUFFER)
        with unsafe("the partial MDL lies in the NBL's own context, which has room for all of its pages"):
            nbl = owned(cast(PoolNbl, raw.NdisAllocateNetBufferAndNetBufferList(self._pool, self._context, 0, None, 0, 0)))
            if nbl is None:
                raise NtError(Status.INSUFFICIENT_RESOURCES)
            start = cast(raw.PVOID, cast(Address, raw.MmGetMdlVirtualAddress(source.source)) + span.offset)
            raw.MmInitializeMdl(addr(nbl._mdl), start, size)
            raw.IoBuildPartialMdl(source.source, addr(nbl._mdl), start, size)
            packet = nbl._first
            assert packet is not None  # the pool makes each NBL with one
            packet._first_mdl = addr(nbl._mdl)
            packet._mdl = addr(nbl._mdl)
            packet._mdl_offset = 0
            packet._offset = 0
            packet.size = size
            raw.NdisSetNblFlag(nbl, raw.NDIS_NBL_FLAGS_RECV_READ_ONLY)
            if protocol == EtherType.IPV4:
                raw.NdisSetNblFlag(nbl, raw.NDIS_NBL_FLAGS_IS_IPV4)
                nbl._frame_type = cast(raw.PVOID, cast(usize, 0x0008))  # 0x0800 in network order
            else:
                raw.NdisSetNblFlag(nbl, raw.NDIS_NBL_FLAGS_IS_IPV6)
                nbl._frame_type = cast(raw.PVOID, cast(usize, 0xDD86))  # 0x86DD in network order
            nbl._source_handle = self.adapter.handle
        nbl.status = NdisStatus.SUCCESS
        nbl.length = size
        nbl.source = source
        return nbl


class Blocks(Adapted):
    """Copies of what user mode wrote, within a budget."""

    budget: Budget

    def __init__(self, limit: Amount) -> None:
        self.budget = Budget(limit)

    def copy(self, view: View) -> Shared[Block]:
        """Raises BudgetSpent, INSUFFICIENT_RESOURCES."""
        size = view.size
        if size > MAX_BLOCK:
            raise NtError(Status.INSUFFICIENT_RESOURCES)
        if not self.budget.take(size):
            raise BudgetSpent()
        with unsafe("the block has room for the copy behind its own fields"):
            memory = raw.ExAllocatePoolWithTag(raw.NonPagedPoolType, sizeof(Block) + size, raw.POOL_TAG)
            if memory is None:
                self.budget.give(size)
                raise NtError(Status.INSUFFICIENT_RESOURCES)
            block = cast(Block, memory)
            bytes = cast(raw.PUCHAR, memory) + sizeof(Block)
            mdl = cast(Mdl, raw.IoAllocateMdl(bytes, size, False, False, None))
            if mdl is None:
                raw.ExFreePoolWithTag(memory, raw.POOL_TAG)
                self.budget.give(size)
                raise NtError(Status.INSUFFICIENT_RESOURCES)
            raw.MmBuildMdlForNonPagedPool(mdl)
            raw.RtlCopyMemory(bytes, view.address, size)
        block.charged = size
        block.budget = self.budget
        block.mdl = mdl
        block.size = size
        return shared(block)
