/* SPDX-License-Identifier: MIT
 *
 * The protocols above the adapter: what is indicated goes into the log and back, now or later; what a program wants sent is sent.
 */
#include "test_ndis.h"
#include "exports.h"

static KSPIN_LOCK Lock;
static BOOLEAN Holding;
static PNET_BUFFER_LIST Held; /* the latest first */
static LONG Sent;

void
PacketsBegin(void)
{
    KeInitializeSpinLock(&Lock);
    Holding = FALSE;
    Held = NULL;
    Sent = 0;
}

/* ---- receive ---- */

static void
LogReceived(const NET_BUFFER_LIST *Nbl)
{
    ULONG Frame = (ULONG)(ULONG_PTR)Nbl->NetBufferListInfo[NetBufferListFrameType];
    PNET_BUFFER Packet;
    char Start[32];

    Frame = (Frame & 0xFF) << 8 | Frame >> 8;
    RtlCopyMemory(Start, "received 0000 ", sizeof("received 0000 "));
    Start[9] = "0123456789abcdef"[Frame >> 12 & 15];
    Start[10] = "0123456789abcdef"[Frame >> 8 & 15];
    Start[11] = "0123456789abcdef"[Frame >> 4 & 15];
    Start[12] = "0123456789abcdef"[Frame & 15];
    for (Packet = Nbl->FirstNetBuffer; Packet != NULL; Packet = Packet->Next)
    {
        UCHAR *Storage = Allocate(Packet->DataLength);
        const UCHAR *Data = Storage == NULL ? NULL : TestNdisGetDataBuffer(Packet, Packet->DataLength, Storage, 1, 0);

        if (Data != NULL)
            LogBytes(Start, Data, Packet->DataLength);
        else
            LogLine("mistake packet-without-data %lu\n", Packet->DataLength);
        if (Storage != NULL)
            ExFreePoolWithTag(Storage, POOL_TAG);
    }
}

void
TestNdisMIndicateReceiveNetBufferLists(
    NDIS_HANDLE MiniportAdapterHandle,
    PNET_BUFFER_LIST NetBufferList,
    NDIS_PORT_NUMBER PortNumber,
    ULONG NumberOfNetBufferLists,
    ULONG ReceiveFlags)
{
    PNET_BUFFER_LIST Nbl = NetBufferList;
    PNET_BUFFER_LIST Next;
    ULONG Count = 0;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(MiniportAdapterHandle);
    UNREFERENCED_PARAMETER(PortNumber);
    for (; Nbl != NULL; Nbl = Nbl->Next, ++Count)
        LogReceived(Nbl);
    if (Count != NumberOfNetBufferLists)
        LogLine("mistake indicated-number %lu\n", NumberOfNetBufferLists);
    if (NDIS_TEST_RECEIVE_CANNOT_PEND(ReceiveFlags))
        return;
    if (!Holding)
    {
        Driver.Characteristics.ReturnNetBufferListsHandler(Adapter.Context, NetBufferList, 0);
        return;
    }
    KeAcquireSpinLock(&Lock, &Irql);
    for (Nbl = NetBufferList; Nbl != NULL; Nbl = Next)
    {
        Next = Nbl->Next;
        Nbl->Next = Held;
        Held = Nbl;
    }
    KeReleaseSpinLock(&Lock, Irql);
}

void
PacketsHold(BOOLEAN Hold)
{
    Holding = Hold;
}

ULONG
PacketsReturn(BOOLEAN Reverse)
{
    PNET_BUFFER_LIST Chain = NULL;
    PNET_BUFFER_LIST Nbl;
    PNET_BUFFER_LIST Next;
    ULONG Count = 0;
    KIRQL Irql;

    KeAcquireSpinLock(&Lock, &Irql);
    Nbl = Held;
    Held = NULL;
    KeReleaseSpinLock(&Lock, Irql);
    if (Reverse)
        Chain = Nbl;
    else
        for (; Nbl != NULL; Nbl = Next)
        {
            Next = Nbl->Next;
            Nbl->Next = Chain;
            Chain = Nbl;
        }
    for (Nbl = Chain; Nbl != NULL; Nbl = Next, ++Count)
    {
        Next = Nbl->Next;
        Nbl->Next = NULL;
        Driver.Characteristics.ReturnNetBufferListsHandler(Adapter.Context, Nbl, 0);
    }
    return Count;
}

/* ---- send ---- */

/* One NB and its only MDL, in front of the data. */
typedef struct _SEND_BUFFER
{
    NET_BUFFER Nb;
    MDL Mdl;
    PFN_NUMBER Pages[18]; /* of 64 KB at any address */
    UCHAR Data[];
} SEND_BUFFER;

typedef struct _READER
{
    const UCHAR *At;
    ULONG Left;
    BOOLEAN Failed;
} READER;

static ULONG
Take(READER *Reader)
{
    ULONG Value = 0;

    if (Reader->Left < sizeof(Value))
    {
        Reader->Failed = TRUE;
        return 0;
    }
    RtlCopyMemory(&Value, Reader->At, sizeof(Value));
    Reader->At += sizeof(Value);
    Reader->Left -= sizeof(Value);
    return Value;
}

static PNET_BUFFER
MakeBuffer(READER *Reader)
{
    ULONG Size = Take(Reader);
    SEND_BUFFER *Buffer;

    if (Reader->Failed || Size > Reader->Left || (Buffer = Allocate(sizeof(*Buffer) + Size)) == NULL)
    {
        Reader->Failed = TRUE;
        return NULL;
    }
    RtlCopyMemory(Buffer->Data, Reader->At, Size);
    Reader->At += Size;
    Reader->Left -= Size;
    MmInitializeMdl(&Buffer->Mdl, Buffer->Data, Size);
    Buffer->Mdl.MappedSystemVa = Buffer->Data;
    Buffer->Mdl.MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
    Buffer->Nb.MdlChain = Buffer->Nb.CurrentMdl = &Buffer->Mdl;
    Buffer->Nb.DataLength = Size;
    return &Buffer->Nb;
}

static void
FreeSend(PNET_BUFFER_LIST Nbl)
{
    PNET_BUFFER Packet = Nbl->FirstNetBuffer;
    PNET_BUFFER Next;

    for (; Packet != NULL; Packet = Next)
    {
        Next = Packet->Next;
        ExFreePoolWithTag(CONTAINING_RECORD(Packet, SEND_BUFFER, Nb), POOL_TAG);
    }
    ExFreePoolWithTag(Nbl, POOL_TAG);
}

static PNET_BUFFER_LIST
MakeList(READER *Reader)
{
    PNET_BUFFER_LIST Nbl = Allocate(sizeof(*Nbl));
    ULONG CancelId = Take(Reader);
    ULONG Count = Take(Reader);
    PNET_BUFFER *Tail;

    if (Nbl == NULL)
    {
        Reader->Failed = TRUE;
        return NULL;
    }
    NDIS_SET_NET_BUFFER_LIST_CANCEL_ID(Nbl, (PVOID)(ULONG_PTR)CancelId);
    Nbl->SourceHandle = &Driver;
    Tail = &Nbl->FirstNetBuffer;
    for (; Count != 0 && !Reader->Failed; --Count)
        if ((*Tail = MakeBuffer(Reader)) != NULL)
            Tail = &(*Tail)->Next;
    return Nbl;
}

NTSTATUS
PacketsSend(const UCHAR *Data, ULONG Size)
{
    READER Reader = { Data, Size, FALSE };
    PNET_BUFFER_LIST Chain = NULL;
    PNET_BUFFER_LIST *Tail = &Chain;
    PNET_BUFFER_LIST Nbl;
    ULONG Count = Take(&Reader);

    for (; Count != 0 && !Reader.Failed; --Count)
        if ((*Tail = MakeList(&Reader)) != NULL)
            Tail = &(*Tail)->Next;
    if (!Reader.Failed && Chain != NULL)
    {
        for (Nbl = Chain; Nbl != NULL; Nbl = Nbl->Next)
            Nbl->ProtocolReserved[0] = (PVOID)(ULONG_PTR)(InterlockedIncrement(&Sent) - 1);
        Driver.Characteristics.SendNetBufferListsHandler(Adapter.Context, Chain, 0, 0);
        return STATUS_SUCCESS;
    }
    for (; Chain != NULL; Chain = Nbl)
    {
        Nbl = Chain->Next;
        FreeSend(Chain);
    }
    return STATUS_INVALID_PARAMETER;
}

void
PacketsCancel(ULONG CancelId)
{
    Driver.Characteristics.CancelSendHandler(Adapter.Context, (PVOID)(ULONG_PTR)CancelId);
}

void
TestNdisMSendNetBufferListsComplete(NDIS_HANDLE MiniportAdapterHandle, PNET_BUFFER_LIST NetBufferList, ULONG Flags)
{
    PNET_BUFFER_LIST Next;

    UNREFERENCED_PARAMETER(MiniportAdapterHandle);
    UNREFERENCED_PARAMETER(Flags);
    for (; NetBufferList != NULL; NetBufferList = Next)
    {
        Next = NetBufferList->Next;
        LogLine("sent %lu %08lx\n", (ULONG)(ULONG_PTR)NetBufferList->ProtocolReserved[0], (ULONG)NetBufferList->Status);
        FreeSend(NetBufferList);
    }
}
