/* Frames: a send copies each to whom it is for and ends at once; a DPC of the receiver indicates what has come. */
#include "ether.h"

static BOOLEAN
SameAddress(const UCHAR *A, const UCHAR *B)
{
    return RtlCompareMemory(A, B, ADDRESS_SIZE) == ADDRESS_SIZE;
}

/* Under the lock of the receiver. */
static BOOLEAN
Wants(const ETHER *Ether, const UCHAR *Destination)
{
    static const UCHAR Broadcast[ADDRESS_SIZE] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };

    if (Ether->Filter & NDIS_PACKET_TYPE_PROMISCUOUS)
        return TRUE;
    if (SameAddress(Destination, Broadcast))
        return (Ether->Filter & NDIS_PACKET_TYPE_BROADCAST) != 0;
    if (!(Destination[0] & 1))
        return (Ether->Filter & NDIS_PACKET_TYPE_DIRECTED) && SameAddress(Destination, Ether->Address);
    if (Ether->Filter & NDIS_PACKET_TYPE_ALL_MULTICAST)
        return TRUE;
    for (ULONG I = 0; (Ether->Filter & NDIS_PACKET_TYPE_MULTICAST) && I < Ether->MulticastCount; ++I)
        if (SameAddress(Destination, Ether->Multicast[I]))
            return TRUE;
    return FALSE;
}

static FRAME *
CopyFrame(const UCHAR *Bytes, ULONG Size)
{
    FRAME *Frame = ExAllocateFromNPagedLookasideList(&Driver.FrameList);

    if (Frame)
    {
        RtlCopyMemory(Frame->Bytes, Bytes, Size);
        Frame->Size = Size;
    }
    return Frame;
}

/* Room for one more frame, and whom to wake. Under no lock. */
static VOID
Put(ETHER *Ether, const UCHAR *Bytes, ULONG Size)
{
    FRAME *Frame = NULL;
    BOOLEAN Wake = FALSE;
    KIRQL Irql;

    KeAcquireSpinLock(&Ether->Lock, &Irql);
    if (Ether->Running && Wants(Ether, Bytes))
    {
        if (Ether->Waiting < Ether->Depth)
            Frame = CopyFrame(Bytes, Size);
        if (Frame)
        {
            InsertTailList(&Ether->Frames, &Frame->Entry);
            ++Ether->Waiting;
            Wake = !Ether->DpcQueued;
            Ether->DpcQueued = TRUE;
            Ether->InFlight += Wake;
        }
        else
            ++Ether->Dropped;
    }
    KeReleaseSpinLock(&Ether->Lock, Irql);
    if (Wake)
        KeInsertQueueDpc(&Ether->Dpc, NULL, NULL);
}

static VOID
PutOnWire(const ETHER *From, const UCHAR *Bytes, ULONG Size)
{
    LOCK_STATE_EX State;

    NdisAcquireRWLockRead(Driver.WireLock, &State, 0);
    for (LIST_ENTRY *Entry = Driver.Wire.Flink; Entry != &Driver.Wire; Entry = Entry->Flink)
    {
        ETHER *Ether = CONTAINING_RECORD(Entry, ETHER, Entry);

        if (Ether != From)
            Put(Ether, Bytes, Size);
    }
    NdisReleaseRWLock(Driver.WireLock, &State);
}

static VOID
SendFrame(ETHER *Ether, NET_BUFFER *Nb)
{
    UCHAR *Storage = ExAllocatePoolWithTag(NonPagedPoolNx, FRAME_SIZE, POOL_TAG);
    ULONG Size = NET_BUFFER_DATA_LENGTH(Nb);
    UCHAR *Bytes = NULL;

    if (Storage && Size >= FRAME_HEADER_SIZE && Size <= FRAME_SIZE)
        Bytes = NdisGetDataBuffer(Nb, Size, Storage, 1, 0);
    if (Bytes)
        PutOnWire(Ether, Bytes, Size);
    if (Storage)
        ExFreePoolWithTag(Storage, POOL_TAG);
}

_Use_decl_annotations_ VOID
EtherSend(NDIS_HANDLE Context, NET_BUFFER_LIST *Chain, NDIS_PORT_NUMBER Port, ULONG Flags)
{
    ETHER *Ether = Context;
    NDIS_STATUS Status;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Port);
    KeAcquireSpinLock(&Ether->Lock, &Irql);
    Status = Ether->Running ? NDIS_STATUS_SUCCESS : NDIS_STATUS_PAUSED;
    Ether->InFlight += Status == NDIS_STATUS_SUCCESS;
    KeReleaseSpinLock(&Ether->Lock, Irql);
    for (NET_BUFFER_LIST *Nbl = Chain; Nbl; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl))
    {
        NET_BUFFER_LIST_STATUS(Nbl) = Status;
        for (NET_BUFFER *Nb = NET_BUFFER_LIST_FIRST_NB(Nbl); Nb && Status == NDIS_STATUS_SUCCESS; Nb = NET_BUFFER_NEXT_NB(Nb))
        {
            SendFrame(Ether, Nb);
            InterlockedIncrement64((volatile LONG64 *)&Ether->Sent);
        }
    }
    NdisMSendNetBufferListsComplete(Ether->Adapter, Chain,
                                    NDIS_TEST_SEND_AT_DISPATCH_LEVEL(Flags) ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0);
    if (Status == NDIS_STATUS_SUCCESS)
        FlowLeave(Ether, 1);
}

_Use_decl_annotations_ VOID
EtherCancelSend(NDIS_HANDLE Context, PVOID CancelId)
{
    UNREFERENCED_PARAMETER(Context); /* no send waits */
    UNREFERENCED_PARAMETER(CancelId);
}

/* ---- receive ---- */

static FRAME **
FrameOf(NET_BUFFER_LIST *Nbl)
{
    return (FRAME **)&NET_BUFFER_LIST_MINIPORT_RESERVED(Nbl)[0];
}

static NET_BUFFER_LIST *
Wrap(ETHER *Ether, FRAME *Frame)
{
    NET_BUFFER_LIST *Nbl = NULL;

    Frame->Mdl = NdisAllocateMdl(Ether->Adapter, Frame->Bytes, Frame->Size);
    if (Frame->Mdl)
        Nbl = NdisAllocateNetBufferAndNetBufferList(Ether->NblPool, 0, 0, Frame->Mdl, 0, Frame->Size);
    if (!Nbl)
    {
        if (Frame->Mdl)
            NdisFreeMdl(Frame->Mdl);
        ExFreeToNPagedLookasideList(&Driver.FrameList, Frame);
        return NULL;
    }
    Nbl->SourceHandle = Ether->Adapter;
    NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_SUCCESS;
    *FrameOf(Nbl) = Frame;
    return Nbl;
}

static VOID
TakeFrames(ETHER *Ether, LIST_ENTRY *Frames)
{
    InitializeListHead(Frames);
    KeAcquireSpinLockAtDpcLevel(&Ether->Lock);
    Ether->DpcQueued = FALSE;
    while (!IsListEmpty(&Ether->Frames))
    {
        InsertTailList(Frames, RemoveHeadList(&Ether->Frames));
        --Ether->Waiting;
        ++Ether->InFlight;
        ++Ether->Received;
    }
    KeReleaseSpinLockFromDpcLevel(&Ether->Lock);
}

_Use_decl_annotations_ VOID
EtherDeliver(KDPC *Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    ETHER *Ether = Context;
    NET_BUFFER_LIST *First = NULL;
    NET_BUFFER_LIST **Last = &First;
    ULONG Count = 0;
    ULONG Lost = 0;
    LIST_ENTRY Frames;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    TakeFrames(Ether, &Frames);
    while (!IsListEmpty(&Frames))
    {
        NET_BUFFER_LIST *Nbl = Wrap(Ether, CONTAINING_RECORD(RemoveHeadList(&Frames), FRAME, Entry));

        if (!Nbl)
        {
            ++Lost;
            continue;
        }
        *Last = Nbl;
        Last = &NET_BUFFER_LIST_NEXT_NBL(Nbl);
        ++Count;
    }
    if (First)
        NdisMIndicateReceiveNetBufferLists(Ether->Adapter, First, NDIS_DEFAULT_PORT_NUMBER, Count, NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
    FlowLeave(Ether, Lost + 1);
}

_Use_decl_annotations_ VOID
EtherReturn(NDIS_HANDLE Context, NET_BUFFER_LIST *Chain, ULONG Flags)
{
    NET_BUFFER_LIST *Next;
    ULONG Count = 0;

    UNREFERENCED_PARAMETER(Flags);
    for (NET_BUFFER_LIST *Nbl = Chain; Nbl; Nbl = Next, ++Count)
    {
        FRAME *Frame = *FrameOf(Nbl);

        Next = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        NdisFreeNetBufferList(Nbl);
        NdisFreeMdl(Frame->Mdl);
        ExFreeToNPagedLookasideList(&Driver.FrameList, Frame);
    }
    FlowLeave(Context, Count);
}

/* After the last token nothing may touch the adapter: the completed pause lets NDIS halt it. */
VOID
FlowLeave(ETHER *Ether, ULONG Count)
{
    NDIS_HANDLE Adapter = Ether->Adapter;
    BOOLEAN Last;
    KIRQL Irql;

    KeAcquireSpinLock(&Ether->Lock, &Irql);
    Ether->InFlight -= Count;
    Last = Ether->InFlight == 0 && Ether->PausePending;
    if (Last)
        Ether->PausePending = FALSE;
    KeReleaseSpinLock(&Ether->Lock, Irql);
    if (Last)
        NdisMPauseComplete(Adapter);
}

/* What has come and is not indicated yet. */
VOID
DropFrames(ETHER *Ether)
{
    LIST_ENTRY Frames;
    KIRQL Irql;

    InitializeListHead(&Frames);
    KeAcquireSpinLock(&Ether->Lock, &Irql);
    while (!IsListEmpty(&Ether->Frames))
        InsertTailList(&Frames, RemoveHeadList(&Ether->Frames));
    Ether->Waiting = 0;
    KeReleaseSpinLock(&Ether->Lock, Irql);
    while (!IsListEmpty(&Frames))
        ExFreeToNPagedLookasideList(&Driver.FrameList, CONTAINING_RECORD(RemoveHeadList(&Frames), FRAME, Entry));
}
