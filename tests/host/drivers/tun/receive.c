/* A write's packets go to the stack where they are: partial MDLs over the writer's pages, and the write waits for their return. */
#include "tun.h"

typedef struct _CHAIN
{
    NET_BUFFER_LIST *First;
    NET_BUFFER_LIST **Last;
    ULONG Count;
} CHAIN;

typedef struct _BUNDLE
{
    CHAIN Ipv4;
    CHAIN Ipv6;
} BUNDLE;

/* A packet's header, read once: user mode can change its memory at any moment. */
typedef struct _PACKET
{
    ULONG Size;
    ULONG Space;
    USHORT Protocol; /* in host order; 0: no IP packet */
} PACKET;

/* The IRP's words: how many NBLs (and this thread) still use its pages. */
static volatile LONG *
SharesOf(IRP *Irp)
{
    return (volatile LONG *)&Irp->Tail.Overlay.DriverContext[0];
}

static IRP **
IrpOf(NET_BUFFER_LIST *Nbl)
{
    return (IRP **)&NET_BUFFER_LIST_MINIPORT_RESERVED(Nbl)[0];
}

static ULONG *
SizeOf(NET_BUFFER_LIST *Nbl)
{
    return (ULONG *)&NET_BUFFER_LIST_MINIPORT_RESERVED(Nbl)[1];
}

static VOID
DropShare(TUN *Tun, IRP *Irp)
{
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    KIRQL Irql;

    if (InterlockedDecrement(SharesOf(Irp)) != 0)
        return;
    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Tun->Lent -= Length;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    if (MISTAKE(WRITE_NEVER_COMPLETED))
        return;
    CompleteIrp(Tun, Irp, STATUS_SUCCESS, Length);
}

static BOOLEAN
ParsePacket(const volatile UCHAR *At, ULONG Left, PACKET *Packet)
{
    UCHAR Version;

    if (Left < HEADER_SIZE + IPV4_HEADER_SIZE)
        return FALSE;
    Packet->Size = *(const volatile UNALIGNED ULONG *)At;
    Version = At[HEADER_SIZE] >> 4;
    if (Packet->Size > MTU)
        return FALSE;
    Packet->Space = ALIGN_UP_BY(HEADER_SIZE + Packet->Size, HEADER_SIZE);
    if (Packet->Space > Left)
        return FALSE;
    if (Version == 4 && Packet->Size >= IPV4_HEADER_SIZE)
        Packet->Protocol = NDIS_ETH_TYPE_IPV4;
    else if (Version == 6 && Packet->Size >= IPV6_HEADER_SIZE)
        Packet->Protocol = NDIS_ETH_TYPE_IPV6;
    else
        return FALSE;
    return TRUE;
}

static VOID
FreeNbl(NET_BUFFER_LIST *Nbl)
{
    MDL *Mdl = NET_BUFFER_FIRST_MDL(NET_BUFFER_LIST_FIRST_NB(Nbl));

    NdisFreeNetBufferList(Nbl);
    if (MISTAKE(NBL_FREED_TWICE))
        NdisFreeNetBufferList(Nbl);
    if (!MISTAKE(MDL_LEAK))
        IoFreeMdl(Mdl);
}

static VOID
FreeChain(CHAIN *Chain)
{
    NET_BUFFER_LIST *Next;

    for (NET_BUFFER_LIST *Nbl = Chain->First; Nbl; Nbl = Next)
    {
        Next = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        FreeNbl(Nbl);
    }
}

/* An NBL over `Size` bytes of the IRP's pages. */
static NET_BUFFER_LIST *
AllocateNbl(TUN *Tun, IRP *Irp, ULONG Offset, const PACKET *Packet)
{
    UCHAR *Address = (UCHAR *)MmGetMdlVirtualAddress(Irp->MdlAddress) + Offset;
    MDL *Mdl = IoAllocateMdl(Address, Packet->Size, FALSE, FALSE, NULL);
    NET_BUFFER_LIST *Nbl;

    if (!Mdl && !MISTAKE(UNCHECKED_ALLOCATION))
        return NULL;
    IoBuildPartialMdl(Irp->MdlAddress, Mdl, Address, Packet->Size);
    Nbl = NdisAllocateNetBufferAndNetBufferList(Tun->NblPool, 0, 0, Mdl, 0, Packet->Size);
    if (!Nbl)
    {
        IoFreeMdl(Mdl);
        return NULL;
    }
    Nbl->SourceHandle = Tun->Adapter;
    NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_SUCCESS;
    NET_BUFFER_LIST_INFO(Nbl, NetBufferListFrameType) = UlongToPtr(RtlUshortByteSwap(Packet->Protocol));
    NdisSetNblFlag(Nbl, Packet->Protocol == NDIS_ETH_TYPE_IPV4 ? NDIS_NBL_FLAGS_IS_IPV4 : NDIS_NBL_FLAGS_IS_IPV6);
    NdisSetNblFlag(Nbl, NDIS_NBL_FLAGS_RECV_READ_ONLY);
    *IrpOf(Nbl) = Irp;
    *SizeOf(Nbl) = Packet->Size;
    return Nbl;
}

static VOID
ChainAppend(CHAIN *Chain, NET_BUFFER_LIST *Nbl)
{
    if (!Chain->Last)
        Chain->Last = &Chain->First;
    *Chain->Last = Nbl;
    Chain->Last = &NET_BUFFER_LIST_NEXT_NBL(Nbl);
    ++Chain->Count;
}

/* The whole bundle as NBLs, or nothing. */
static NTSTATUS
BuildChains(TUN *Tun, IRP *Irp, const UCHAR *Bytes, ULONG Length, BUNDLE *Bundle)
{
    PACKET Packet;

    for (ULONG At = 0; At < Length; At += Packet.Space)
    {
        NET_BUFFER_LIST *Nbl;

        if (Bundle->Ipv4.Count + Bundle->Ipv6.Count == MAX_PACKETS || !ParsePacket(Bytes + At, Length - At, &Packet))
            return STATUS_INVALID_USER_BUFFER;
        Nbl = AllocateNbl(Tun, Irp, At + HEADER_SIZE, &Packet);
        if (!Nbl)
            return STATUS_INSUFFICIENT_RESOURCES;
        ChainAppend(Packet.Protocol == NDIS_ETH_TYPE_IPV4 ? &Bundle->Ipv4 : &Bundle->Ipv6, Nbl);
    }
    return STATUS_SUCCESS;
}

/* Enter the flow with tokens for the NBLs and this thread. FALSE: it is stopped, and the packets were counted as discards. */
static BOOLEAN
Admit(TUN *Tun, ULONG Count, ULONG Length, NTSTATUS *Status)
{
    BOOLEAN Admitted = FALSE;
    KIRQL Irql;

    *Status = STATUS_SUCCESS;
    KeAcquireSpinLock(&Tun->Lock, &Irql);
    if (Tun->Paused || Tun->LowPower)
        Tun->Counters.ifInDiscards += Count;
    else if (Tun->Lent + Length > MAX_LENT)
        *Status = STATUS_INSUFFICIENT_RESOURCES;
    else
    {
        Tun->InFlight += Count + 1;
        Tun->Lent += Length;
        Admitted = TRUE;
    }
    KeReleaseSpinLock(&Tun->Lock, Irql);
    return Admitted;
}

static VOID
Indicate(TUN *Tun, const CHAIN *Chain)
{
    if (Chain->First)
        NdisMIndicateReceiveNetBufferLists(Tun->Adapter, Chain->First, NDIS_DEFAULT_PORT_NUMBER, Chain->Count,
                                           NDIS_RECEIVE_FLAGS_SINGLE_ETHER_TYPE);
}

/* The write is pending from here on; each NBL and this thread hold a share of it. */
static NTSTATUS
Lend(TUN *Tun, IRP *Irp, BUNDLE *Bundle)
{
    IoMarkIrpPending(Irp);
    *SharesOf(Irp) = MISTAKE(WRITE_COMPLETED_EARLY) ? 1 : (LONG)(Bundle->Ipv4.Count + Bundle->Ipv6.Count + 1);
    Indicate(Tun, &Bundle->Ipv4);
    Indicate(Tun, &Bundle->Ipv6);
    DropShare(Tun, Irp);
    if (MISTAKE(WRITE_COMPLETED_TWICE))
        CompleteIrp(Tun, Irp, STATUS_SUCCESS, 0);
    FlowLeave(Tun, 1);
    return STATUS_PENDING;
}

NTSTATUS
WriteDispatch(TUN *Tun, IRP *Irp)
{
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    BUNDLE Bundle = { 0 };
    UCHAR *Bytes;
    NTSTATUS Status;

    if (Tun->Halting || Tun->Removed)
        Status = STATUS_FILE_FORCED_CLOSED;
    else
        Status = CheckBuffer(Irp->MdlAddress, Length, MIN_WRITE, &Bytes);
    if (NT_SUCCESS(Status))
        Status = BuildChains(Tun, Irp, Bytes, Length, &Bundle);
    if (MISTAKE(WRITES_INTO_WRITE) && NT_SUCCESS(Status))
        *Bytes = 1;
    if (NT_SUCCESS(Status) && Admit(Tun, Bundle.Ipv4.Count + Bundle.Ipv6.Count, Length, &Status))
        return Lend(Tun, Irp, &Bundle);
    FreeChain(&Bundle.Ipv4);
    FreeChain(&Bundle.Ipv6);
    CompleteIrp(Tun, Irp, Status, NT_SUCCESS(Status) ? Length : 0);
    return Status;
}

_Use_decl_annotations_ VOID
TunReturn(NDIS_HANDLE Context, NET_BUFFER_LIST *Chain, ULONG Flags)
{
    TUN *Tun = Context;
    ULONG Count = 0;
    ULONG Errors = 0;
    ULONG64 Octets = 0;
    NET_BUFFER_LIST *Next;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Flags);
    for (NET_BUFFER_LIST *Nbl = Chain; Nbl; Nbl = Next)
    {
        IRP *Irp = *IrpOf(Nbl);

        Next = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        Octets += *SizeOf(Nbl);
        Errors += NET_BUFFER_LIST_STATUS(Nbl) != NDIS_STATUS_SUCCESS;
        ++Count;
        FreeNbl(Nbl);
        if (!MISTAKE(WRITE_COMPLETED_EARLY))
            DropShare(Tun, Irp);
    }
    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Tun->Counters.ifHCInOctets += Octets;
    Tun->Counters.ifHCInUcastOctets += Octets;
    Tun->Counters.ifHCInUcastPkts += Count;
    Tun->Counters.ifInErrors += Errors;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    FlowLeave(Tun, Count);
}
