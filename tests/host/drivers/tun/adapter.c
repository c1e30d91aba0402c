/* The adapter's life: initialize, restart, pause, halt; and the flow, which counts what pause has to wait for. */
#include "tun.h"
#include "miniport.h"

VOID
FlowEnter(TUN *Tun, ULONG Tokens)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Tun->InFlight += Tokens;
    KeReleaseSpinLock(&Tun->Lock, Irql);
}

/* Nothing may touch the adapter after its last token: the completed pause lets NDIS halt it. */
VOID
FlowLeave(TUN *Tun, ULONG Tokens)
{
    NDIS_HANDLE Adapter = Tun->Adapter;
    BOOLEAN Last;
    KIRQL Irql;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Tun->InFlight -= Tokens;
    Last = Tun->InFlight == 0 && Tun->PausePending;
    if (Last)
        Tun->PausePending = FALSE;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    if (Last && !MISTAKE(PAUSE_NEVER))
        NdisMPauseComplete(Adapter);
}

VOID
IndicateLink(TUN *Tun, BOOLEAN Connected)
{
    IndicateLinkState(Tun->Adapter, Connected, 100000000000);
}

static NDIS_STATUS
SetRegistrationAttributes(TUN *Tun)
{
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes = { 0 };
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES *Registration = &Attributes.RegistrationAttributes;

    Registration->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    Registration->Header.Revision = NdisVersion < (6 << 8 | 30) ? NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1
                                                                : NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    Registration->Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    Registration->MiniportAdapterContext = Tun;
    Registration->AttributeFlags =
        NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND | NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK;
    if (NdisVersion >= (6 << 8 | 30))
        Registration->AttributeFlags |= NDIS_MINIPORT_ATTRIBUTES_NO_PAUSE_ON_SUSPEND;
    Registration->InterfaceType = NdisInterfaceInternal;
    return NdisMSetMiniportAttributes(Tun->Adapter, &Attributes);
}

static VOID
FillPowerCapabilities(NDIS_PM_CAPABILITIES *Power)
{
    Power->Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Power->Header.Revision = NdisVersion < (6 << 8 | 30) ? NDIS_PM_CAPABILITIES_REVISION_1 : NDIS_PM_CAPABILITIES_REVISION_2;
    Power->Header.Size = NdisVersion < (6 << 8 | 30) ? NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1
                                                     : NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_2;
    Power->MinMagicPacketWakeUp = NdisDeviceStateUnspecified;
    Power->MinPatternWakeUp = NdisDeviceStateUnspecified;
    Power->MinLinkChangeWakeUp = NdisDeviceStateUnspecified;
}

static NDIS_STATUS
SetGeneralAttributes(TUN *Tun)
{
    NDIS_PM_CAPABILITIES Power = { 0 };
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes = { 0 };
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *General = &Attributes.GeneralAttributes;

    FillPowerCapabilities(&Power);
    General->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    General->Header.Revision = NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    General->Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    if (MISTAKE(HEADER_SIZE))
        General->Header.Size = 100;
    General->MediaType = NdisMediumIP;
    General->PhysicalMediumType = NdisPhysicalMediumUnspecified;
    General->MtuSize = MTU;
    General->MaxXmitLinkSpeed = General->XmitLinkSpeed = 100000000000;
    General->MaxRcvLinkSpeed = General->RcvLinkSpeed = 100000000000;
    General->MediaConnectState = MediaConnectStateDisconnected;
    General->MediaDuplexState = MediaDuplexStateFull;
    General->LookaheadSize = MTU;
    General->PowerManagementCapabilitiesEx = &Power;
    General->MacOptions =
        NDIS_MAC_OPTION_TRANSFERS_NOT_PEND | NDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA | NDIS_MAC_OPTION_NO_LOOPBACK;
    General->SupportedPacketFilters = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_ALL_MULTICAST |
                                      NDIS_PACKET_TYPE_BROADCAST | NDIS_PACKET_TYPE_ALL_LOCAL |
                                      NDIS_PACKET_TYPE_ALL_FUNCTIONAL;
    General->AccessType = NET_IF_ACCESS_BROADCAST;
    General->DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    General->ConnectionType = NET_IF_CONNECTION_DEDICATED;
    General->IfType = IF_TYPE_PROP_VIRTUAL;
    General->IfConnectorPresent = FALSE;
    General->SupportedStatistics = Tun->Counters.SupportedStatistics;
    General->SupportedPauseFunctions = NdisPauseFunctionsUnsupported;
    General->AutoNegotiationFlags =
        NDIS_LINK_STATE_XMIT_LINK_SPEED_AUTO_NEGOTIATED | NDIS_LINK_STATE_RCV_LINK_SPEED_AUTO_NEGOTIATED |
        NDIS_LINK_STATE_DUPLEX_AUTO_NEGOTIATED | NDIS_LINK_STATE_PAUSE_FUNCTIONS_AUTO_NEGOTIATED;
    General->SupportedOidList = (NDIS_OID *)SupportedOids;
    General->SupportedOidListLength = SupportedOidsSize;
    return NdisMSetMiniportAttributes(Tun->Adapter, &Attributes);
}

/* What was made, in reverse. The device goes last: the adapter's state lives in its extension. */
static VOID
Release(TUN *Tun)
{
    if (Tun->DrainItem)
        NdisFreeIoWorkItem(Tun->DrainItem);
    if (Tun->AgeTimer && !(MISTAKE(INITIALIZE_LEAK) && !Tun->DrainItem))
        NdisFreeTimerObject(Tun->AgeTimer);
    if (Tun->NblPool)
        NdisFreeNetBufferListPool(Tun->NblPool);
    NdisDeregisterDeviceEx(Tun->DeviceHandle);
}

static NDIS_STATUS
AllocateResources(TUN *Tun)
{
    Tun->NblPool = AllocateNblPool(Tun->Adapter, POOL_TAG);
    if (!Tun->NblPool)
        return NDIS_STATUS_RESOURCES;
    Tun->AgeTimer = AllocateTimer(Tun->Adapter, POOL_TAG, AgeElapsed, Tun);
    if (!Tun->AgeTimer)
        return NDIS_STATUS_RESOURCES;
    Tun->DrainItem = NdisAllocateIoWorkItem(Tun->Adapter);
    return Tun->DrainItem ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

static VOID
FillCounters(NDIS_STATISTICS_INFO *Counters)
{
    Counters->Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Counters->Header.Revision = NDIS_STATISTICS_INFO_REVISION_1;
    Counters->Header.Size = NDIS_SIZEOF_STATISTICS_INFO_REVISION_1;
    Counters->SupportedStatistics =
        NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_RCV | NDIS_STATISTICS_FLAGS_VALID_MULTICAST_FRAMES_RCV |
        NDIS_STATISTICS_FLAGS_VALID_BROADCAST_FRAMES_RCV | NDIS_STATISTICS_FLAGS_VALID_BYTES_RCV |
        NDIS_STATISTICS_FLAGS_VALID_RCV_DISCARDS | NDIS_STATISTICS_FLAGS_VALID_RCV_ERROR |
        NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_XMIT | NDIS_STATISTICS_FLAGS_VALID_MULTICAST_FRAMES_XMIT |
        NDIS_STATISTICS_FLAGS_VALID_BROADCAST_FRAMES_XMIT | NDIS_STATISTICS_FLAGS_VALID_BYTES_XMIT |
        NDIS_STATISTICS_FLAGS_VALID_XMIT_ERROR | NDIS_STATISTICS_FLAGS_VALID_XMIT_DISCARDS |
        NDIS_STATISTICS_FLAGS_VALID_DIRECTED_BYTES_RCV | NDIS_STATISTICS_FLAGS_VALID_MULTICAST_BYTES_RCV |
        NDIS_STATISTICS_FLAGS_VALID_BROADCAST_BYTES_RCV | NDIS_STATISTICS_FLAGS_VALID_DIRECTED_BYTES_XMIT |
        NDIS_STATISTICS_FLAGS_VALID_MULTICAST_BYTES_XMIT | NDIS_STATISTICS_FLAGS_VALID_BROADCAST_BYTES_XMIT;
}

_Use_decl_annotations_ NDIS_STATUS
TunInitialize(NDIS_HANDLE Adapter, NDIS_HANDLE DriverContext, NDIS_MINIPORT_INIT_PARAMETERS *Parameters)
{
    NDIS_STATUS Status;
    TUN *Tun;

    UNREFERENCED_PARAMETER(DriverContext);
    Status = DeviceRegister(Adapter, (ULONG)Parameters->NetLuid.Info.NetLuidIndex, &Tun);
    if (Status != NDIS_STATUS_SUCCESS)
        return Status;
    FillCounters(&Tun->Counters);
    Status = SetRegistrationAttributes(Tun);
    if (Status == NDIS_STATUS_SUCCESS)
        Status = SetGeneralAttributes(Tun);
    if (Status == NDIS_STATUS_SUCCESS)
        Status = AllocateResources(Tun);
    if (Status != NDIS_STATUS_SUCCESS)
    {
        Release(Tun);
        return Status;
    }
    Tun->Halting = FALSE;
    if (MISTAKE(GROWS))
        KeepBlock();
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_ NDIS_STATUS
TunRestart(NDIS_HANDLE Context, NDIS_MINIPORT_RESTART_PARAMETERS *Parameters)
{
    TUN *Tun = Context;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Parameters);
    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Tun->Paused = FALSE;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_ NDIS_STATUS
TunPause(NDIS_HANDLE Context, NDIS_MINIPORT_PAUSE_PARAMETERS *Parameters)
{
    TUN *Tun = Context;
    BOOLEAN Idle;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Parameters);
    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Tun->Paused = TRUE;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    SendsFlush(Tun, NDIS_STATUS_PAUSED);
    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Idle = Tun->InFlight == 0 || MISTAKE(PAUSE_EARLY);
    if (MISTAKE(PAUSE_LOST))
    {
        KeReleaseSpinLock(&Tun->Lock, Irql);
        KeAcquireSpinLock(&Tun->Lock, &Irql);
    }
    Tun->PausePending = !Idle;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    if (MISTAKE(PAUSE_FAILS))
        return NDIS_STATUS_FAILURE;
    return Idle ? NDIS_STATUS_SUCCESS : NDIS_STATUS_PENDING;
}

/* No CREATE, READ or WRITE gets in any more. */
static VOID
Refuse(TUN *Tun)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Tun->Halting = TRUE;
    KeReleaseSpinLock(&Tun->Lock, Irql);
}

_Use_decl_annotations_ VOID
TunHalt(NDIS_HANDLE Context, NDIS_HALT_ACTION Action)
{
    TUN *Tun = Context;

    UNREFERENCED_PARAMETER(Action);
    Refuse(Tun);
    SendsFlush(Tun, NDIS_STATUS_SEND_ABORTED);
    ReadsCancel(Tun, NULL, STATUS_FILE_FORCED_CLOSED);
    CloseHandlesByForce(Tun);
    ExWaitForRundownProtectionRelease(&Tun->Requests);
    if (MISTAKE(TIMER_ARMED))
    {
        NdisSetTimerObject(Tun->AgeTimer, (LARGE_INTEGER){ .QuadPart = -10000000LL }, 0, NULL);
        Tun->AgeTimer = NULL;
    }
    Release(Tun);
}

_Use_decl_annotations_ VOID
TunShutdown(NDIS_HANDLE Context, NDIS_SHUTDOWN_ACTION Action)
{
    if (Action != NdisShutdownBugCheck)
        Refuse(Context);
}

_Use_decl_annotations_ VOID
TunPnpEvent(NDIS_HANDLE Context, NET_DEVICE_PNP_EVENT *Event)
{
    TUN *Tun = Context;
    KIRQL Irql;

    if (Event->DevicePnPEvent != NdisDevicePnPEventSurpriseRemoved)
        return;
    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Tun->Removed = TRUE;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    SendsFlush(Tun, NDIS_STATUS_NOT_ACCEPTED);
}
