/* The adapter's life. The link is down at first; a timer brings it up some time after each restart. */
#include "ether.h"
#include "miniport.h"

NDIS_TIMER_FUNCTION LinkElapsed;

static VOID
IndicateLink(ETHER *Ether, BOOLEAN Connected)
{
    IndicateLinkState(Ether->Adapter, Connected, 1000000000);
}

_Use_decl_annotations_ VOID
LinkElapsed(PVOID Specific1, PVOID Context, PVOID Specific2, PVOID Specific3)
{
    UNREFERENCED_PARAMETER(Specific1);
    UNREFERENCED_PARAMETER(Specific2);
    UNREFERENCED_PARAMETER(Specific3);
    IndicateLink(Context, TRUE);
    KeSetEvent(&Driver.Look, IO_NO_INCREMENT, FALSE);
}

/* ---- what the registry says ---- */

static VOID
ReadDepth(ETHER *Ether, NDIS_HANDLE Configuration)
{
    NDIS_STRING Keyword = NDIS_STRING_CONST("Depth");
    NDIS_CONFIGURATION_PARAMETER *Value;
    NDIS_STATUS Status;

    NdisReadConfiguration(&Status, &Value, Configuration, &Keyword, NdisParameterInteger);
    Ether->Depth = Status == NDIS_STATUS_SUCCESS ? Value->ParameterData.IntegerData : 64;
}

/* A locally administered address by the interface's number, unless the registry has one. */
static VOID
ReadAddress(ETHER *Ether, NDIS_HANDLE Configuration, ULONG Index)
{
    const UCHAR Own[ADDRESS_SIZE] = { 2, 0, 0, 0, (UCHAR)(Index >> 8), (UCHAR)Index };
    VOID *Address;
    UINT Length;
    NDIS_STATUS Status;

    RtlCopyMemory(Ether->Address, Own, ADDRESS_SIZE);
    NdisReadNetworkAddress(&Status, &Address, &Length, Configuration);
    if (Status == NDIS_STATUS_SUCCESS && Length == ADDRESS_SIZE)
        RtlCopyMemory(Ether->Address, Address, ADDRESS_SIZE);
}

static NDIS_STATUS
ReadRegistry(ETHER *Ether, ULONG Index)
{
    NDIS_CONFIGURATION_OBJECT Object = {
        .Header = { .Type = NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT,
                    .Revision = NDIS_CONFIGURATION_OBJECT_REVISION_1,
                    .Size = NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1 },
        .NdisHandle = Ether->Adapter,
    };
    NDIS_HANDLE Configuration;
    NDIS_STATUS Status = NdisOpenConfigurationEx(&Object, &Configuration);

    if (Status != NDIS_STATUS_SUCCESS)
        return Status;
    ReadDepth(Ether, Configuration);
    ReadAddress(Ether, Configuration, Index);
    NdisCloseConfiguration(Configuration);
    return NDIS_STATUS_SUCCESS;
}

/* ---- what NDIS is told ---- */

static NDIS_STATUS
SetRegistrationAttributes(ETHER *Ether)
{
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes = { 0 };
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES *Registration = &Attributes.RegistrationAttributes;

    Registration->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    Registration->Header.Revision = NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    Registration->Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    Registration->MiniportAdapterContext = Ether;
    Registration->AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND | NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK;
    Registration->InterfaceType = NdisInterfaceInternal;
    return NdisMSetMiniportAttributes(Ether->Adapter, &Attributes);
}

static NDIS_STATUS
SetGeneralAttributes(ETHER *Ether)
{
    NDIS_PM_CAPABILITIES Power = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEFAULT,
                    .Revision = NDIS_PM_CAPABILITIES_REVISION_2,
                    .Size = NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_2 },
        .MinMagicPacketWakeUp = NdisDeviceStateUnspecified,
        .MinPatternWakeUp = NdisDeviceStateUnspecified,
        .MinLinkChangeWakeUp = NdisDeviceStateUnspecified,
    };
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes = { 0 };
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *General = &Attributes.GeneralAttributes;

    General->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    General->Header.Revision = NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    General->Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    General->MediaType = NdisMedium802_3;
    General->PhysicalMediumType = NdisPhysicalMedium802_3;
    General->MtuSize = FRAME_SIZE - FRAME_HEADER_SIZE;
    General->MaxXmitLinkSpeed = General->XmitLinkSpeed = 1000000000;
    General->MaxRcvLinkSpeed = General->RcvLinkSpeed = 1000000000;
    General->MediaConnectState = MediaConnectStateDisconnected;
    General->MediaDuplexState = MediaDuplexStateFull;
    General->LookaheadSize = FRAME_SIZE - FRAME_HEADER_SIZE;
    General->PowerManagementCapabilitiesEx = &Power;
    General->MacOptions = NDIS_MAC_OPTION_TRANSFERS_NOT_PEND | NDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA | NDIS_MAC_OPTION_NO_LOOPBACK;
    General->SupportedPacketFilters = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_ALL_MULTICAST |
                                      NDIS_PACKET_TYPE_BROADCAST | NDIS_PACKET_TYPE_PROMISCUOUS;
    General->MaxMulticastListSize = MULTICAST_MAX;
    General->MacAddressLength = ADDRESS_SIZE;
    RtlCopyMemory(General->PermanentMacAddress, Ether->Address, ADDRESS_SIZE);
    RtlCopyMemory(General->CurrentMacAddress, Ether->Address, ADDRESS_SIZE);
    General->AccessType = NET_IF_ACCESS_BROADCAST;
    General->DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    General->ConnectionType = NET_IF_CONNECTION_DEDICATED;
    General->IfType = IF_TYPE_ETHERNET_CSMACD;
    General->IfConnectorPresent = FALSE;
    General->SupportedPauseFunctions = NdisPauseFunctionsUnsupported;
    General->SupportedOidList = (NDIS_OID *)SupportedOids;
    General->SupportedOidListLength = SupportedOidsSize;
    return NdisMSetMiniportAttributes(Ether->Adapter, &Attributes);
}

/* ---- what it needs ---- */

static VOID
Release(ETHER *Ether)
{
    if (Ether->WorkItem)
        NdisFreeIoWorkItem(Ether->WorkItem);
    if (Ether->LinkTimer)
        NdisFreeTimerObject(Ether->LinkTimer);
    if (Ether->NblPool)
        NdisFreeNetBufferListPool(Ether->NblPool);
    NdisFreeMemory(Ether, 0, 0);
}

static NDIS_STATUS
Allocate(ETHER *Ether)
{
    Ether->NblPool = AllocateNblPool(Ether->Adapter, POOL_TAG);
    Ether->LinkTimer = AllocateTimer(Ether->Adapter, POOL_TAG, LinkElapsed, Ether);
    Ether->WorkItem = NdisAllocateIoWorkItem(Ether->Adapter);
    return Ether->NblPool && Ether->LinkTimer && Ether->WorkItem ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

static ETHER *
Make(NDIS_HANDLE Adapter)
{
    ETHER *Ether = NdisAllocateMemoryWithTagPriority(Adapter, sizeof(*Ether), POOL_TAG, NormalPoolPriority);

    if (!Ether)
        return NULL;
    RtlZeroMemory(Ether, sizeof(*Ether));
    Ether->Adapter = Adapter;
    KeInitializeSpinLock(&Ether->Lock);
    KeInitializeDpc(&Ether->Dpc, EtherDeliver, Ether);
    InitializeListHead(&Ether->Frames);
    return Ether;
}

static VOID
Plug(ETHER *Ether)
{
    LOCK_STATE_EX State;

    NdisAcquireRWLockWrite(Driver.WireLock, &State, 0);
    InsertTailList(&Driver.Wire, &Ether->Entry);
    NdisReleaseRWLock(Driver.WireLock, &State);
}

static VOID
Unplug(ETHER *Ether)
{
    LOCK_STATE_EX State;

    NdisAcquireRWLockWrite(Driver.WireLock, &State, 0);
    RemoveEntryList(&Ether->Entry);
    NdisReleaseRWLock(Driver.WireLock, &State);
}

/* ---- NDIS's calls ---- */

_Use_decl_annotations_ NDIS_STATUS
EtherInitialize(NDIS_HANDLE Adapter, NDIS_HANDLE DriverContext, NDIS_MINIPORT_INIT_PARAMETERS *Parameters)
{
    ETHER *Ether = Make(Adapter);
    NDIS_STATUS Status;

    UNREFERENCED_PARAMETER(DriverContext);
    if (!Ether)
        return NDIS_STATUS_RESOURCES;
    Status = ReadRegistry(Ether, (ULONG)Parameters->NetLuid.Info.NetLuidIndex);
    if (Status == NDIS_STATUS_SUCCESS)
        Status = SetRegistrationAttributes(Ether);
    if (Status == NDIS_STATUS_SUCCESS)
        Status = SetGeneralAttributes(Ether);
    if (Status == NDIS_STATUS_SUCCESS)
        Status = Allocate(Ether);
    if (Status != NDIS_STATUS_SUCCESS)
    {
        Release(Ether);
        return Status;
    }
    Plug(Ether);
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID
EtherHalt(NDIS_HANDLE Context, NDIS_HALT_ACTION Action)
{
    ETHER *Ether = Context;

    UNREFERENCED_PARAMETER(Action);
    Unplug(Ether);
    KeFlushQueuedDpcs();
    Release(Ether);
}

_Use_decl_annotations_ NDIS_STATUS
EtherRestart(NDIS_HANDLE Context, NDIS_MINIPORT_RESTART_PARAMETERS *Parameters)
{
    ETHER *Ether = Context;
    LARGE_INTEGER Due = { .QuadPart = -10000LL * LINK_DELAY };
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Parameters);
    KeAcquireSpinLock(&Ether->Lock, &Irql);
    Ether->Running = TRUE;
    KeReleaseSpinLock(&Ether->Lock, Irql);
    NdisSetTimerObject(Ether->LinkTimer, Due, 0, NULL);
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_ NDIS_STATUS
EtherPause(NDIS_HANDLE Context, NDIS_MINIPORT_PAUSE_PARAMETERS *Parameters)
{
    ETHER *Ether = Context;
    BOOLEAN Busy;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Parameters);
    if (!NdisCancelTimerObject(Ether->LinkTimer))
        KeFlushQueuedDpcs();
    KeAcquireSpinLock(&Ether->Lock, &Irql);
    Ether->Running = FALSE;
    KeReleaseSpinLock(&Ether->Lock, Irql);
    DropFrames(Ether);
    KeAcquireSpinLock(&Ether->Lock, &Irql);
    Busy = Ether->InFlight != 0;
    Ether->PausePending = Busy;
    KeReleaseSpinLock(&Ether->Lock, Irql);
    return Busy ? NDIS_STATUS_PENDING : NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID
EtherShutdown(NDIS_HANDLE Context, NDIS_SHUTDOWN_ACTION Action)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Action);
}

_Use_decl_annotations_ VOID
EtherPnpEvent(NDIS_HANDLE Context, NET_DEVICE_PNP_EVENT *Event)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Event);
}
