/* The contract of packets: how sends are completed, and receives made, indicated and freed. */
#include "probe.h"

#define PACKET_SIZE 20

static NDIS_HANDLE Adapter;
static NDIS_HANDLE Pool;
static UCHAR *Bytes;
static MDL *Mdl;
static NET_BUFFER_LIST *Nbl;

/* ---- sends ---- */

BREAKS(SendStatus, Send)
{
    Call->Status = NDIS_STATUS_NOT_SUPPORTED;
}

BREAKS(SendNetBuffers, Send)
{
    NET_BUFFER_LIST_FIRST_NB(Call->Chain) = NULL;
}

BREAKS(SendTwice, Send)
{
    CompleteSends(Call->Adapter, Call->Chain, NDIS_STATUS_SUCCESS, 0);
    NdisMSendNetBufferListsComplete(Call->Adapter, Call->Chain, 0);
    Call->Taken = TRUE;
}

BREAKS(SendChanged, Send)
{
    NET_BUFFER *Buffer = NET_BUFFER_LIST_FIRST_NB(Call->Chain);
    UCHAR *Data = NdisGetDataBuffer(Buffer, PACKET_SIZE, NULL, 1, 0);

    if (Data)
        ++Data[8]; /* the time to live */
}

BREAKS(SendShifted, Send)
{
    NdisAdvanceNetBufferDataStart(NET_BUFFER_LIST_FIRST_NB(Call->Chain), 4, FALSE, NULL);
}

KEEPS(Send, Send)
{
    NET_BUFFER *Buffer = NET_BUFFER_LIST_FIRST_NB(Call->Chain);

    NdisAdvanceNetBufferDataStart(Buffer, 4, FALSE, NULL);
    (VOID)NdisRetreatNetBufferDataStart(Buffer, 4, 0, NULL);
    NET_BUFFER_LIST_MINIPORT_RESERVED(Call->Chain)[0] = Buffer;
}

BREAKS(SendPrivate, Send)
{
    Call->Chain->ChildRefCount = 1;
}

/* The paused adapter accepts. */
BREAKS(SendPaused, Send)
{
    Call->Status = NDIS_STATUS_SUCCESS;
}

KEEPS(SendPaused, Send)
{
    Call->Status = NDIS_STATUS_PAUSED;
}

static NET_BUFFER_LIST *Kept;

BREAKS(PauseWithSends, Send)
{
    Kept = Call->Chain;
    Call->Taken = TRUE;
}

BREAKS(PauseWithSends, Halt)
{
    UNREFERENCED_PARAMETER(Call);
}

BREAKS(PauseWithSends, Restart)
{
    if (Kept)
        CompleteSends(Call->Adapter, Kept, NDIS_STATUS_SUCCESS, 0);
    Kept = NULL;
}

KEEPS(PauseWithSends, Send)
{
    Kept = Call->Chain;
    Call->Taken = TRUE;
}

KEEPS(PauseWithSends, Pause)
{
    if (Kept)
        CompleteSends(Call->Adapter, Kept, NDIS_STATUS_PAUSED, 0);
    Kept = NULL;
}

BREAKS(SendSleeps, Send)
{
    UNREFERENCED_PARAMETER(Call);
    NdisMSleep(1000);
}

/* ---- pools ---- */

static NDIS_HANDLE
MakePool(_In_ NDIS_HANDLE Handle, _In_ USHORT ContextSize, _In_ ULONG Tag, _In_ BOOLEAN NetBuffers)
{
    NET_BUFFER_LIST_POOL_PARAMETERS Parameters = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEFAULT,
                    .Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                    .Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 },
        .fAllocateNetBuffer = NetBuffers,
        .ContextSize = ContextSize,
        .PoolTag = Tag,
    };

    return NdisAllocateNetBufferListPool(Handle, &Parameters);
}

static VOID
FreePool(_In_opt_ NDIS_HANDLE Handle)
{
    if (Handle)
        NdisFreeNetBufferListPool(Handle);
}

BREAKS(PoolContext, Halt)
{
    FreePool(MakePool(Call->Adapter, 20, POOL_TAG, TRUE));
}

BREAKS(PoolTagMissing, Halt)
{
    FreePool(MakePool(Call->Adapter, 0, 0, TRUE));
}

KEEPS(PoolContext, Halt)
{
    FreePool(MakePool(Call->Adapter, 32, POOL_TAG, TRUE));
}

BREAKS(PoolWithoutNetBuffers, Halt)
{
    NET_BUFFER_LIST *List;

    Pool = MakePool(Call->Adapter, 0, POOL_TAG, FALSE);
    List = Pool ? NdisAllocateNetBufferAndNetBufferList(Pool, 0, 0, NULL, 0, 0) : NULL;
    if (List)
        NdisFreeNetBufferList(List);
    FreePool(Pool);
}

BREAKS(PoolLeftOver, Initialize)
{
    Pool = MakePool(Call->Adapter, 0, POOL_TAG, TRUE);
}

/* ---- receives ---- */

static VOID
MakeReceive(_In_ NDIS_HANDLE Handle)
{
    Adapter = Handle;
    Pool = MakePool(Handle, 0, POOL_TAG, TRUE);
    Bytes = NdisAllocateMemoryWithTagPriority(Handle, PACKET_SIZE, POOL_TAG, NormalPoolPriority);
    Mdl = Bytes ? NdisAllocateMdl(Handle, Bytes, PACKET_SIZE) : NULL;
    Nbl = Pool && Mdl ? NdisAllocateNetBufferAndNetBufferList(Pool, 0, 0, Mdl, 0, PACKET_SIZE) : NULL;
    if (!Nbl)
        return;
    RtlZeroMemory(Bytes, PACKET_SIZE);
    Bytes[0] = 0x45;
    Nbl->SourceHandle = Handle;
    NdisSetNblFlag(Nbl, NDIS_NBL_FLAGS_IS_IPV4);
    NET_BUFFER_LIST_INFO(Nbl, NetBufferListFrameType) = (PVOID)(ULONG_PTR)RtlUshortByteSwap(0x0800);
}

static VOID
FreeReceive(VOID)
{
    if (Nbl)
        NdisFreeNetBufferList(Nbl);
    if (Mdl)
        NdisFreeMdl(Mdl);
    if (Bytes)
        NdisFreeMemoryWithTagPriority(Adapter, Bytes, POOL_TAG);
    FreePool(Pool);
}

static VOID
Indicate(_In_ ULONG Count)
{
    NdisMIndicateReceiveNetBufferLists(Adapter, Nbl, NDIS_DEFAULT_PORT_NUMBER, Count, 0);
}

/* One NBL is there from initialize to halt; a control request indicates it. */
#define RECEIVES(Kind, Name)                                                                                             \
    SCENE_AT(Kind, Name, Initialize)                                                                                     \
    {                                                                                                                    \
        MakeReceive(Call->Adapter);                                                                                      \
    }                                                                                                                    \
    SCENE_AT(Kind, Name, Halt)                                                                                           \
    {                                                                                                                    \
        UNREFERENCED_PARAMETER(Call);                                                                                    \
        FreeReceive();                                                                                                   \
    }                                                                                                                    \
    SCENE_AT(Kind, Name, Control)

RECEIVES(keeps, Receive)
{
    UNREFERENCED_PARAMETER(Call);
    Indicate(1);
}

RECEIVES(keeps, ReceiveInRestart)
{
    UNREFERENCED_PARAMETER(Call);
}

KEEPS(ReceiveInRestart, Restart)
{
    UNREFERENCED_PARAMETER(Call);
    Indicate(1);
}

RECEIVES(breaks, ReceivePaused)
{
    UNREFERENCED_PARAMETER(Call);
    Indicate(1);
}

RECEIVES(breaks, ReceiveAgain)
{
    UNREFERENCED_PARAMETER(Call);
    Indicate(1);
}

RECEIVES(breaks, ReceiveFreed)
{
    UNREFERENCED_PARAMETER(Call);
    Indicate(1);
    NdisFreeNetBufferList(Nbl);
}

RECEIVES(breaks, ReceiveSource)
{
    UNREFERENCED_PARAMETER(Call);
    Nbl->SourceHandle = DriverHandle;
    Indicate(1);
}

RECEIVES(breaks, ReceiveCount)
{
    UNREFERENCED_PARAMETER(Call);
    Indicate(2);
}

RECEIVES(breaks, ReceiveStatus)
{
    UNREFERENCED_PARAMETER(Call);
    NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_FAILURE;
    Indicate(1);
}

RECEIVES(breaks, ReceiveNothing)
{
    NET_BUFFER *Buffer = NET_BUFFER_LIST_FIRST_NB(Nbl);

    UNREFERENCED_PARAMETER(Call);
    NET_BUFFER_LIST_FIRST_NB(Nbl) = NULL;
    Indicate(1);
    NET_BUFFER_LIST_FIRST_NB(Nbl) = Buffer;
}

RECEIVES(breaks, ReceivePort)
{
    UNREFERENCED_PARAMETER(Call);
    NdisMIndicateReceiveNetBufferLists(Adapter, Nbl, 7, 1, 0);
}

RECEIVES(breaks, ReceiveFlag)
{
    UNREFERENCED_PARAMETER(Call);
    NdisMIndicateReceiveNetBufferLists(Adapter, Nbl, NDIS_DEFAULT_PORT_NUMBER, 1, NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
}

RECEIVES(breaks, ReceiveProtocol)
{
    UNREFERENCED_PARAMETER(Call);
    NET_BUFFER_LIST_INFO(Nbl, NetBufferListFrameType) = NULL;
    Indicate(1);
}

RECEIVES(breaks, ReceiveLong)
{
    UNREFERENCED_PARAMETER(Call);
    NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(Nbl)) = PACKET_SIZE + 1;
    Indicate(1);
    NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(Nbl)) = PACKET_SIZE;
}

static KSPIN_LOCK Lock;

RECEIVES(breaks, ReceiveUnderLock)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Call);
    KeAcquireSpinLock(&Lock, &Irql);
    Indicate(1);
    KeReleaseSpinLock(&Lock, Irql);
}

RECEIVES(breaks, ReturnSleeps)
{
    UNREFERENCED_PARAMETER(Call);
    Indicate(1);
}

BREAKS(ReturnSleeps, Return)
{
    UNREFERENCED_PARAMETER(Call);
    NdisMSleep(1000);
}

SCENE_AT(breaks, ReceiveFreedTwice, Initialize)
{
    MakeReceive(Call->Adapter);
}

SCENE_AT(breaks, ReceiveFreedTwice, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    if (Nbl)
        NdisFreeNetBufferList(Nbl);
    FreeReceive();
}

SCENE_AT(breaks, PoolFreedFirst, Initialize)
{
    MakeReceive(Call->Adapter);
}

SCENE_AT(breaks, PoolFreedFirst, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    FreePool(Pool);
    Pool = NULL;
    FreeReceive();
}
