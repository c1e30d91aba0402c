"""NBLs of the stack's and of the driver's pools, and what the driver tells NDIS. A handle is the adapter as NDIS sees it."""

from __future__ import annotations

from typing import Any

from pyndis.kernel.nbl import NetBuffer, PoolNbl
from pyndis.model.faults import ModelFault
from pyndis.model.memory import Pointer
from pyndis.model.rawtypes import RawStruct
from pyndis.model.state import KernelState


class NblPoolHandle:
    """How many NBLs of it are in use."""

    def __init__(self) -> None:
        self.used: list[PoolNbl] = []


class PacketCalls(KernelState):
    """Kernel calls by their C names."""

    def NdisAllocateNetBufferListPool(self, handle: Any, parameters: RawStruct) -> NblPoolHandle:
        return NblPoolHandle()

    def NdisFreeNetBufferListPool(self, pool: NblPoolHandle) -> None:
        if pool.used:
            raise ModelFault(f"a pool is freed of which {len(pool.used)} NBLs are in use")

    def NdisAllocateNetBufferAndNetBufferList(
        self, pool: NblPoolHandle, context: int, backfill: int, mdl: Any, offset: int, length: int
    ) -> PoolNbl:
        nbl: Any = PoolNbl()
        nbl._first, nbl.pool, nbl.flags = NetBuffer(), pool, 0
        pool.used.append(nbl)
        return nbl  # type: ignore[no-any-return]

    def NdisFreeNetBufferList(self, nbl: Any) -> None:
        if not any(each is nbl for each in nbl.pool.used):
            raise ModelFault("an NBL is freed twice")
        nbl.pool.used = [each for each in nbl.pool.used if each is not nbl]

    def NdisSetNblFlag(self, nbl: Any, flag: int) -> None:
        nbl.flags |= flag

    def NDIS_GET_NET_BUFFER_LIST_CANCEL_ID(self, nbl: Any) -> int:
        return nbl.sent_with  # type: ignore[no-any-return]

    def NdisGetDataBuffer(self, packet: Any, size: int, storage: Pointer | None, alignment: int, offset: int) -> Pointer | None:
        """Where the bytes lie in one piece, or a copy of them in `storage`."""
        if packet.unmappable or size > packet.size:
            return None
        if not packet.split:
            return packet.start  # type: ignore[no-any-return]
        if storage is not None:
            storage.store(packet.start.load(size))
        return storage

    def NdisMSendNetBufferListsComplete(self, handle: Any, first: Any, flags: int) -> None:
        handle.completed_by_driver(first)

    def NdisMIndicateReceiveNetBufferLists(self, handle: Any, first: Any, port: int, count: int, flags: int) -> None:
        handle.indicated(first, count)

    def NdisMIndicateStatusEx(self, handle: Any, indication: RawStruct) -> None:
        handle.status_indicated(indication)

    def NdisMPauseComplete(self, handle: Any) -> None:
        handle.pause_completed()
