/* One drainer at a time copies packets into the oldest read. */
#include "tun.h"

typedef struct _FILLING
{
    UCHAR *Bytes;
    ULONG Length;
    ULONG Used;
    ULONG Count;
    ULONG64 Octets;
    ULONG Discards;
    ULONG Errors;
    NET_BUFFER_LIST *Done; /* newest first */
} FILLING;

/* Sets the status unless it is success, which leaves each NBL its own. */
VOID
CompleteSends(TUN *Tun, NET_BUFFER_LIST *Chain, NDIS_STATUS Status)
{
    ULONG Count = 0;

    if (!Chain)
        return;
    for (NET_BUFFER_LIST *Nbl = Chain; Nbl; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl))
    {
        if (Status != NDIS_STATUS_SUCCESS)
            NET_BUFFER_LIST_STATUS(Nbl) = Status;
        ++Count;
    }
    NdisMSendNetBufferListsComplete(Tun->Adapter, Chain, 0);
    if (MISTAKE(SEND_COMPLETED_TWICE))
        NdisMSendNetBufferListsComplete(Tun->Adapter, Chain, 0);
    FlowLeave(Tun, Count);
}

static BOOLEAN
CopyPayload(NET_BUFFER *Nb, UCHAR *To)
{
    MDL *Mdl = NET_BUFFER_CURRENT_MDL(Nb);
    ULONG Offset = NET_BUFFER_CURRENT_MDL_OFFSET(Nb);
    ULONG Left = NET_BUFFER_DATA_LENGTH(Nb);

    for (; Left; Mdl = Mdl->Next, Offset = 0)
    {
        UCHAR *From = MapMdl(Mdl);
        ULONG Size = min(MmGetMdlByteCount(Mdl) - Offset, Left);

        if (!From)
            return FALSE;
        RtlCopyMemory(To, From + Offset, Size);
        To += Size;
        Left -= Size;
    }
    return TRUE;
}

static BOOLEAN
PutPacket(FILLING *Read, NET_BUFFER *Nb)
{
    ULONG Size = NET_BUFFER_DATA_LENGTH(Nb);
    ULONG Space = ALIGN_UP_BY(HEADER_SIZE + Size, HEADER_SIZE);
    UCHAR *At = Read->Bytes + Read->Used;

    RtlZeroMemory(At, HEADER_SIZE);
    *(UNALIGNED ULONG *)At = Size;
    RtlZeroMemory(At + HEADER_SIZE + Size, Space - HEADER_SIZE - Size);
    if (!CopyPayload(Nb, At + HEADER_SIZE))
        return FALSE;
    Read->Used += Space;
    Read->Octets += Size;
    ++Read->Count;
    return TRUE;
}

/* TRUE if the NBL was used up; FALSE if the read is full. */
static BOOLEAN
PutPackets(FILLING *Read, NET_BUFFER_LIST *Nbl)
{
    NET_BUFFER **Cursor = CursorOf(Nbl);

    for (; *Cursor; *Cursor = NET_BUFFER_NEXT_NB(*Cursor))
    {
        ULONG Size = NET_BUFFER_DATA_LENGTH(*Cursor);

        if (Size > MTU || Size == 0)
        {
            NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_INVALID_LENGTH;
            ++Read->Discards;
            continue;
        }
        if (Read->Count == MAX_PACKETS || Read->Length - Read->Used < ALIGN_UP_BY(HEADER_SIZE + Size, HEADER_SIZE))
            return FALSE;
        if (!PutPacket(Read, *Cursor))
        {
            NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_RESOURCES;
            ++Read->Errors;
            return TRUE;
        }
    }
    return TRUE;
}

static VOID
Fill(TUN *Tun, FILLING *Read)
{
    NET_BUFFER_LIST *Nbl;

    while ((Nbl = SendsTake(Tun)) != NULL)
    {
        BOOLEAN UsedUp = PutPackets(Read, Nbl);

        if (!UsedUp && SendsPutBack(Tun, Nbl))
            return;
        NET_BUFFER_LIST_NEXT_NBL(Nbl) = Read->Done;
        Read->Done = Nbl;
        if (!UsedUp)
            return;
    }
}

static VOID
CountOut(TUN *Tun, const FILLING *Read)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Tun->Counters.ifHCOutOctets += Read->Octets;
    Tun->Counters.ifHCOutUcastOctets += Read->Octets;
    Tun->Counters.ifHCOutUcastPkts += Read->Count;
    Tun->Counters.ifOutDiscards += Read->Discards;
    Tun->Counters.ifOutErrors += Read->Errors;
    KeReleaseSpinLock(&Tun->Lock, Irql);
}

static BOOLEAN
AnySends(TUN *Tun)
{
    BOOLEAN Any;
    KIRQL Irql;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Any = Tun->Sends.First != NULL;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    return Any;
}

/* TRUE if a read was completed, so that there may be more to do. */
static BOOLEAN
ServeRead(TUN *Tun)
{
    FILLING Read = { 0 };
    IRP *Irp = AnySends(Tun) ? IoCsqRemoveNextIrp(&Tun->Reads, NULL) : NULL;
    NTSTATUS Status = STATUS_SUCCESS;

    if (!Irp)
        return FALSE;
    Read.Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
    Read.Bytes = MapMdl(Irp->MdlAddress);
    if (!Read.Bytes)
    {
        CompleteIrp(Tun, Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
        return TRUE;
    }
    Fill(Tun, &Read);
    CountOut(Tun, &Read);
    if (!Read.Used)
        Status = IoCsqInsertIrpEx(&Tun->Reads, Irp, NULL, Tun);
    if (Read.Used || !NT_SUCCESS(Status))
        CompleteIrp(Tun, Irp, Status, Read.Used);
    CompleteSends(Tun, Read.Done, NDIS_STATUS_SUCCESS);
    return Read.Used != 0 || !NT_SUCCESS(Status);
}

/* The drainer's turn; at DISPATCH_LEVEL it is one read long, and a work item takes over. */
static VOID
DrainOn(TUN *Tun)
{
    BOOLEAN Again;
    KIRQL Irql;

    do
    {
        Again = ServeRead(Tun);
        if (Again && KeGetCurrentIrql() == DISPATCH_LEVEL)
        {
            NdisQueueIoWorkItem(Tun->DrainItem, DrainContinue, Tun);
            return;
        }
        KeAcquireSpinLock(&Tun->Lock, &Irql);
        Again = Again || Tun->DrainAgain;
        Tun->DrainAgain = FALSE;
        Tun->Draining = Again;
        KeReleaseSpinLock(&Tun->Lock, Irql);
    } while (Again);
    FlowLeave(Tun, 1);
}

_Use_decl_annotations_ VOID
DrainContinue(PVOID Context, NDIS_HANDLE WorkItem)
{
    UNREFERENCED_PARAMETER(WorkItem);
    DrainOn(Context);
}

VOID
Drain(TUN *Tun)
{
    BOOLEAN Busy;
    KIRQL Irql;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Busy = Tun->Draining;
    if (Busy)
        Tun->DrainAgain = TRUE;
    else
    {
        Tun->Draining = TRUE;
        ++Tun->InFlight;
    }
    KeReleaseSpinLock(&Tun->Lock, Irql);
    if (!Busy)
        DrainOn(Tun);
}
