/* The adapter's life and traffic: sends are completed at once, OIDs answered in the call. */
#include "probe.h"

#define MTU 1500

static const NDIS_OID SupportedOids[] = {
    OID_GEN_VENDOR_ID,    OID_GEN_CURRENT_PACKET_FILTER, OID_GEN_CURRENT_LOOKAHEAD,
    OID_PNP_QUERY_POWER,  OID_PNP_SET_POWER,
};

static NDIS_STATUS
SetRegistrationAttributes(_In_ NDIS_HANDLE Adapter, _Inout_ CALL *Call)
{
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes = { 0 };
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES *Registration = &Attributes.RegistrationAttributes;

    Registration->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    Registration->Header.Revision = NdisVersion < (6 << 8 | 30) ? NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1
                                                                : NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    Registration->Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    Registration->MiniportAdapterContext = Adapter;
    Registration->AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_NDIS_WDM | NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND |
                                   NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK;
    Registration->InterfaceType = NdisInterfaceInternal;
    Call->Registration = Registration;
    RunScene(HOOK_Attributes, Call);
    return Call->Taken ? Call->Status : NdisMSetMiniportAttributes(Adapter, &Attributes);
}

static VOID
FillPowerCapabilities(_Out_ NDIS_PM_CAPABILITIES *Power)
{
    BOOLEAN Older = NdisVersion < (6 << 8 | 30);

    RtlZeroMemory(Power, sizeof(*Power));
    Power->Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Power->Header.Revision = Older ? NDIS_PM_CAPABILITIES_REVISION_1 : NDIS_PM_CAPABILITIES_REVISION_2;
    Power->Header.Size = Older ? NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1 : NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_2;
    Power->MinMagicPacketWakeUp = NdisDeviceStateUnspecified;
    Power->MinPatternWakeUp = NdisDeviceStateUnspecified;
    Power->MinLinkChangeWakeUp = NdisDeviceStateUnspecified;
}

static NDIS_STATUS
SetGeneralAttributes(_In_ NDIS_HANDLE Adapter, _Inout_ CALL *Call)
{
    NDIS_PM_CAPABILITIES Power;
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes = { 0 };
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *General = &Attributes.GeneralAttributes;

    FillPowerCapabilities(&Power);
    General->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    General->Header.Revision = NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    General->Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    General->MediaType = NdisMediumIP;
    General->MtuSize = General->LookaheadSize = MTU;
    General->MaxXmitLinkSpeed = General->XmitLinkSpeed = General->MaxRcvLinkSpeed = General->RcvLinkSpeed = 1000000000;
    General->MediaConnectState = MediaConnectStateConnected;
    General->MediaDuplexState = MediaDuplexStateFull;
    General->PowerManagementCapabilitiesEx = &Power;
    General->MacOptions = NDIS_MAC_OPTION_NO_LOOPBACK;
    General->SupportedPacketFilters = NDIS_PACKET_TYPE_DIRECTED;
    General->AccessType = NET_IF_ACCESS_BROADCAST;
    General->DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    General->ConnectionType = NET_IF_CONNECTION_DEDICATED;
    General->IfType = IF_TYPE_PROP_VIRTUAL;
    General->SupportedPauseFunctions = NdisPauseFunctionsUnsupported;
    General->SupportedOidList = (NDIS_OID *)SupportedOids;
    General->SupportedOidListLength = sizeof(SupportedOids);
    Call->General = General;
    RunScene(HOOK_General, Call);
    return Call->Taken ? Call->Status : NdisMSetMiniportAttributes(Adapter, &Attributes);
}

_Use_decl_annotations_ NDIS_STATUS
ProbeInitialize(NDIS_HANDLE Adapter, NDIS_HANDLE DriverContext, NDIS_MINIPORT_INIT_PARAMETERS *Parameters)
{
    CALL Call = { .Adapter = Adapter };
    NDIS_STATUS Status;

    UNREFERENCED_PARAMETER(DriverContext);
    UNREFERENCED_PARAMETER(Parameters);
    Status = SetRegistrationAttributes(Adapter, &Call);
    if (Status == NDIS_STATUS_SUCCESS)
        Status = SetGeneralAttributes(Adapter, &Call);
    if (Status != NDIS_STATUS_SUCCESS)
        return Status;
    RunScene(HOOK_Initialize, &Call);
    return Call.Status;
}

_Use_decl_annotations_ NDIS_STATUS
ProbeRestart(NDIS_HANDLE Context, NDIS_MINIPORT_RESTART_PARAMETERS *Parameters)
{
    CALL Call = { .Adapter = Context };

    UNREFERENCED_PARAMETER(Parameters);
    RunScene(HOOK_Restart, &Call);
    return Call.Status;
}

_Use_decl_annotations_ NDIS_STATUS
ProbePause(NDIS_HANDLE Context, NDIS_MINIPORT_PAUSE_PARAMETERS *Parameters)
{
    CALL Call = { .Adapter = Context };

    UNREFERENCED_PARAMETER(Parameters);
    RunScene(HOOK_Pause, &Call);
    return Call.Status;
}

_Use_decl_annotations_ VOID
ProbeHalt(NDIS_HANDLE Context, NDIS_HALT_ACTION Action)
{
    CALL Call = { .Adapter = Context };

    UNREFERENCED_PARAMETER(Action);
    RunScene(HOOK_Halt, &Call);
}

_Use_decl_annotations_ VOID
ProbeShutdown(NDIS_HANDLE Context, NDIS_SHUTDOWN_ACTION Action)
{
    CALL Call = { .Adapter = Context };

    UNREFERENCED_PARAMETER(Action);
    RunScene(HOOK_Shutdown, &Call);
}

_Use_decl_annotations_ VOID
ProbePnpEvent(NDIS_HANDLE Context, NET_DEVICE_PNP_EVENT *Event)
{
    CALL Call = { .Adapter = Context };

    UNREFERENCED_PARAMETER(Event);
    RunScene(HOOK_PnpEvent, &Call);
}

static NDIS_STATUS
AnswerOid(_Inout_ NDIS_OID_REQUEST *Request)
{
    static const ULONG Vendor = 0xFFFFFFFF;

    switch (Request->DATA.QUERY_INFORMATION.Oid)
    {
    case OID_GEN_VENDOR_ID:
        if (Request->DATA.QUERY_INFORMATION.InformationBufferLength < sizeof(Vendor))
        {
            Request->DATA.QUERY_INFORMATION.BytesNeeded = sizeof(Vendor);
            return NDIS_STATUS_BUFFER_TOO_SHORT;
        }
        RtlCopyMemory(Request->DATA.QUERY_INFORMATION.InformationBuffer, &Vendor, sizeof(Vendor));
        Request->DATA.QUERY_INFORMATION.BytesWritten = sizeof(Vendor);
        return NDIS_STATUS_SUCCESS;
    case OID_GEN_CURRENT_PACKET_FILTER:
    case OID_GEN_CURRENT_LOOKAHEAD:
    case OID_PNP_SET_POWER:
        Request->DATA.SET_INFORMATION.BytesRead = sizeof(ULONG);
        return NDIS_STATUS_SUCCESS;
    case OID_PNP_QUERY_POWER:
        return NDIS_STATUS_SUCCESS;
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

_Use_decl_annotations_ NDIS_STATUS
ProbeOid(NDIS_HANDLE Context, NDIS_OID_REQUEST *Request)
{
    CALL Call = { .Adapter = Context, .Request = Request };

    RunScene(HOOK_Oid, &Call);
    return Call.Taken ? Call.Status : AnswerOid(Request);
}

_Use_decl_annotations_ VOID
ProbeCancelOid(NDIS_HANDLE Context, PVOID RequestId)
{
    CALL Call = { .Adapter = Context, .Id = RequestId };

    RunScene(HOOK_CancelOid, &Call);
}

_Use_decl_annotations_ VOID
CompleteSends(NDIS_HANDLE Adapter, NET_BUFFER_LIST *Chain, NDIS_STATUS Status, ULONG Flags)
{
    for (NET_BUFFER_LIST *Nbl = Chain; Nbl; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl))
        NET_BUFFER_LIST_STATUS(Nbl) = Status;
    NdisMSendNetBufferListsComplete(Adapter, Chain, Flags);
}

_Use_decl_annotations_ VOID
ProbeSend(NDIS_HANDLE Context, NET_BUFFER_LIST *Chain, NDIS_PORT_NUMBER Port, ULONG Flags)
{
    CALL Call = { .Adapter = Context, .Chain = Chain, .Flags = Flags };
    BOOLEAN Dispatch = NDIS_TEST_SEND_AT_DISPATCH_LEVEL(Flags) != 0;

    UNREFERENCED_PARAMETER(Port);
    RunScene(HOOK_Send, &Call);
    if (!Call.Taken)
        CompleteSends(Context, Chain, Call.Status, Dispatch ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0);
}

_Use_decl_annotations_ VOID
ProbeCancelSend(NDIS_HANDLE Context, PVOID CancelId)
{
    CALL Call = { .Adapter = Context, .Id = CancelId };

    RunScene(HOOK_CancelSend, &Call);
}

_Use_decl_annotations_ VOID
ProbeReturn(NDIS_HANDLE Context, NET_BUFFER_LIST *Chain, ULONG Flags)
{
    CALL Call = { .Adapter = Context, .Chain = Chain, .Flags = Flags };

    RunScene(HOOK_Return, &Call);
}
