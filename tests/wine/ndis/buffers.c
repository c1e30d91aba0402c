/* SPDX-License-Identifier: MIT
 *
 * Pools of NBLs that have one NB and a context.
 */
#include "test_ndis.h"
#include "exports.h"
#include "slots.h"

typedef struct _POOL
{
    LONG Out;
} POOL;

/* One NBL with its NB, and behind it the context. */
typedef struct _BUFFER
{
    NET_BUFFER_LIST Nbl;
    NET_BUFFER Nb;
    DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) NET_BUFFER_LIST_CONTEXT Context;
} BUFFER;

NDIS_HANDLE
TestNdisAllocateNetBufferListPool(NDIS_HANDLE NdisHandle, PNET_BUFFER_LIST_POOL_PARAMETERS Parameters)
{
    UNREFERENCED_PARAMETER(NdisHandle);
    return Parameters->fAllocateNetBuffer ? Allocate(sizeof(POOL)) : NULL;
}

void
TestNdisFreeNetBufferListPool(NDIS_HANDLE PoolHandle)
{
    POOL *Pool = PoolHandle;

    if (Pool->Out != 0)
        LogLine("mistake %s %ld\n", "pool-freed-with-nbls-out", Pool->Out);
    ExFreePoolWithTag(Pool, POOL_TAG);
}

PNET_BUFFER_LIST
TestNdisAllocateNetBufferAndNetBufferList(
    NDIS_HANDLE PoolHandle,
    USHORT ContextSize,
    USHORT ContextBackFill,
    PMDL MdlChain,
    ULONG DataOffset,
    SIZE_T DataLength)
{
    POOL *Pool = PoolHandle;
    ULONG Context = (ULONG)ContextSize + ContextBackFill;
    BUFFER *Buffer = Allocate(sizeof(*Buffer) + Context);

    if (Buffer == NULL)
        return NULL;
    Buffer->Context.Size = (USHORT)Context;
    Buffer->Context.Offset = ContextBackFill;
    Buffer->Nbl.Context = &Buffer->Context;
    Buffer->Nbl.NdisPoolHandle = Pool;
    Buffer->Nbl.FirstNetBuffer = &Buffer->Nb;
    Buffer->Nb.MdlChain = Buffer->Nb.CurrentMdl = MdlChain;
    Buffer->Nb.DataOffset = Buffer->Nb.CurrentMdlOffset = DataOffset;
    Buffer->Nb.DataLength = (ULONG)DataLength;
    InterlockedIncrement(&Pool->Out);
    return &Buffer->Nbl;
}

void
TestNdisFreeNetBufferList(PNET_BUFFER_LIST NetBufferList)
{
    POOL *Pool = NetBufferList->NdisPoolHandle;

    InterlockedDecrement(&Pool->Out);
    ExFreePoolWithTag(CONTAINING_RECORD(NetBufferList, BUFFER, Nbl), POOL_TAG);
}

/* This module's own slots are as Wine filled them. */
static UCHAR *
AddressOf(PMDL Mdl)
{
    if (Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        return Mdl->MappedSystemVa;
    return TestMmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
}

static ULONG
CopyOut(const NET_BUFFER *NetBuffer, UCHAR *To, ULONG Wanted)
{
    ULONG Offset = NetBuffer->CurrentMdlOffset;
    ULONG Done = 0;
    PMDL Mdl;

    for (Mdl = NetBuffer->CurrentMdl; Mdl != NULL && Done < Wanted; Mdl = Mdl->Next)
    {
        ULONG Here = MmGetMdlByteCount(Mdl) - Offset;

        if (Here > Wanted - Done)
            Here = Wanted - Done;
        RtlCopyMemory(To + Done, AddressOf(Mdl) + Offset, Here);
        Done += Here;
        Offset = 0;
    }
    return Done;
}

PVOID
TestNdisGetDataBuffer(PNET_BUFFER NetBuffer, ULONG BytesNeeded, PVOID Storage, UINT AlignMultiple, UINT AlignOffset)
{
    PMDL Mdl = NetBuffer->CurrentMdl;

    UNREFERENCED_PARAMETER(AlignMultiple);
    UNREFERENCED_PARAMETER(AlignOffset);
    if (NetBuffer->DataLength < BytesNeeded)
        return NULL;
    if (MmGetMdlByteCount(Mdl) - NetBuffer->CurrentMdlOffset >= BytesNeeded)
        return AddressOf(Mdl) + NetBuffer->CurrentMdlOffset;
    return Storage != NULL && CopyOut(NetBuffer, Storage, BytesNeeded) == BytesNeeded ? Storage : NULL;
}
