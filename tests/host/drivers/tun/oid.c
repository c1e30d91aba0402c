/* OID requests. */
#include "tun.h"

#define VENDOR_VERSION (1 << 16)

const NDIS_OID SupportedOids[] = {
    OID_GEN_MAXIMUM_TOTAL_SIZE,  OID_GEN_TRANSMIT_BLOCK_SIZE,   OID_GEN_RECEIVE_BLOCK_SIZE,
    OID_GEN_TRANSMIT_BUFFER_SPACE, OID_GEN_RECEIVE_BUFFER_SPACE, OID_GEN_VENDOR_ID,
    OID_GEN_VENDOR_DESCRIPTION,  OID_GEN_VENDOR_DRIVER_VERSION, OID_GEN_XMIT_OK,
    OID_GEN_RCV_OK,              OID_GEN_STATISTICS,            OID_GEN_INTERRUPT_MODERATION,
    OID_GEN_CURRENT_PACKET_FILTER, OID_GEN_CURRENT_LOOKAHEAD,   OID_GEN_LINK_PARAMETERS,
    OID_PNP_QUERY_POWER,         OID_PNP_SET_POWER,             OID_PM_PARAMETERS,
};
const ULONG SupportedOidsSize = sizeof(SupportedOids);

static const CHAR VendorDescription[] = "Test Tunnel";

static NDIS_STATUS
Answer(NDIS_OID_REQUEST *Request, const VOID *Data, ULONG Size)
{
    if (Request->DATA.QUERY_INFORMATION.InformationBufferLength < Size)
    {
        Request->DATA.QUERY_INFORMATION.BytesNeeded = MISTAKE(OID_WRONG_NEED) ? Size - 1 : Size;
        Request->DATA.QUERY_INFORMATION.BytesWritten = 0;
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    }
    RtlCopyMemory(Request->DATA.QUERY_INFORMATION.InformationBuffer, Data, Size);
    Request->DATA.QUERY_INFORMATION.BytesWritten = MISTAKE(OID_WRONG_BYTES) ? Size - 1 : Size;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
AnswerUlong(NDIS_OID_REQUEST *Request, ULONG Value)
{
    return Answer(Request, &Value, sizeof(Value));
}

/* A counter fits into 8 bytes, or its low half into 4. */
static NDIS_STATUS
AnswerCounter(NDIS_OID_REQUEST *Request, ULONG64 Value)
{
    ULONG Length = Request->DATA.QUERY_INFORMATION.InformationBufferLength;
    NDIS_STATUS Status = Answer(Request, &Value, Length >= 4 && Length < 8 ? 4 : 8);

    Request->DATA.QUERY_INFORMATION.BytesNeeded = sizeof(Value);
    return Status;
}

static NDIS_STATUS
AnswerStatistics(TUN *Tun, NDIS_OID_REQUEST *Request)
{
    NDIS_STATISTICS_INFO Counters;
    KIRQL Irql;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Counters = Tun->Counters;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    return Answer(Request, &Counters, sizeof(Counters));
}

static NDIS_STATUS
AnswerInterruptModeration(NDIS_OID_REQUEST *Request)
{
    NDIS_INTERRUPT_MODERATION_PARAMETERS Parameters = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEFAULT,
                    .Revision = NDIS_INTERRUPT_MODERATION_PARAMETERS_REVISION_1,
                    .Size = NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1 },
        .InterruptModeration = NdisInterruptModerationNotSupported,
    };

    return Answer(Request, &Parameters, sizeof(Parameters));
}

static NDIS_STATUS
Query(TUN *Tun, NDIS_OID_REQUEST *Request)
{
    static const UCHAR VendorId[4] = { 0xFF, 0xFF, 0xFF, 0 };

    switch (Request->DATA.QUERY_INFORMATION.Oid)
    {
    case OID_GEN_MAXIMUM_TOTAL_SIZE:
    case OID_GEN_TRANSMIT_BLOCK_SIZE:
    case OID_GEN_RECEIVE_BLOCK_SIZE:
        return AnswerUlong(Request, MTU);
    case OID_GEN_TRANSMIT_BUFFER_SPACE:
        return AnswerUlong(Request, MTU * MAX_QUEUED);
    case OID_GEN_RECEIVE_BUFFER_SPACE:
        return AnswerUlong(Request, MTU * MAX_PACKETS);
    case OID_GEN_VENDOR_ID:
        return Answer(Request, VendorId, sizeof(VendorId));
    case OID_GEN_VENDOR_DESCRIPTION:
        return Answer(Request, VendorDescription, sizeof(VendorDescription));
    case OID_GEN_VENDOR_DRIVER_VERSION:
        return AnswerUlong(Request, VENDOR_VERSION);
    case OID_GEN_XMIT_OK:
        return AnswerCounter(Request, Tun->Counters.ifHCOutUcastPkts);
    case OID_GEN_RCV_OK:
        return AnswerCounter(Request, Tun->Counters.ifHCInUcastPkts);
    case OID_GEN_STATISTICS:
        return AnswerStatistics(Tun, Request);
    case OID_GEN_INTERRUPT_MODERATION:
        return AnswerInterruptModeration(Request);
    case OID_PNP_QUERY_POWER:
        return NDIS_STATUS_SUCCESS;
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

/* Exactly this length. */
static BOOLEAN
Takes(NDIS_OID_REQUEST *Request, ULONG Size)
{
    if (Request->DATA.SET_INFORMATION.InformationBufferLength != Size)
    {
        Request->DATA.SET_INFORMATION.BytesNeeded = Size;
        return FALSE;
    }
    Request->DATA.SET_INFORMATION.BytesRead = Size;
    return TRUE;
}

static NDIS_STATUS
SetPower(TUN *Tun, NDIS_OID_REQUEST *Request)
{
    NDIS_DEVICE_POWER_STATE State;
    KIRQL Irql;

    if (!Takes(Request, sizeof(State)))
        return NDIS_STATUS_INVALID_LENGTH;
    State = *(NDIS_DEVICE_POWER_STATE *)Request->DATA.SET_INFORMATION.InformationBuffer;
    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Tun->LowPower = State != NdisDeviceStateD0;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    if (State != NdisDeviceStateD0)
        SendsFlush(Tun, NDIS_STATUS_LOW_POWER_STATE);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
SetPowerManagement(NDIS_OID_REQUEST *Request)
{
    const NDIS_PM_PARAMETERS *Parameters = Request->DATA.SET_INFORMATION.InformationBuffer;

    if (Request->DATA.SET_INFORMATION.InformationBufferLength < NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1)
    {
        Request->DATA.SET_INFORMATION.BytesNeeded = NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    if (Parameters->Header.Type != NDIS_OBJECT_TYPE_DEFAULT || Parameters->Header.Revision == 0 ||
        Parameters->Header.Size < NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1)
        return NDIS_STATUS_INVALID_PARAMETER;
    if (Parameters->EnabledWoLPacketPatterns || Parameters->EnabledProtocolOffloads || Parameters->WakeUpFlags)
        return NDIS_STATUS_INVALID_PARAMETER;
    Request->DATA.SET_INFORMATION.BytesRead = NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
Set(TUN *Tun, NDIS_OID_REQUEST *Request)
{
    switch (Request->DATA.SET_INFORMATION.Oid)
    {
    case OID_GEN_CURRENT_PACKET_FILTER:
    case OID_GEN_CURRENT_LOOKAHEAD:
        return Takes(Request, sizeof(ULONG)) ? NDIS_STATUS_SUCCESS : NDIS_STATUS_INVALID_LENGTH;
    case OID_GEN_LINK_PARAMETERS:
        Request->DATA.SET_INFORMATION.BytesRead = Request->DATA.SET_INFORMATION.InformationBufferLength;
        return NDIS_STATUS_SUCCESS;
    case OID_GEN_INTERRUPT_MODERATION:
        return NDIS_STATUS_INVALID_DATA;
    case OID_PNP_SET_POWER:
        return SetPower(Tun, Request);
    case OID_PM_PARAMETERS:
        return SetPowerManagement(Request);
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

_Use_decl_annotations_ NDIS_STATUS
TunOid(NDIS_HANDLE Context, NDIS_OID_REQUEST *Request)
{
    TUN *Tun = Context;

    if (MISTAKE(OID_NEVER_COMPLETED) && Request->DATA.SET_INFORMATION.Oid == OID_GEN_VENDOR_ID)
        return NDIS_STATUS_PENDING;
    if (MISTAKE(OID_COMPLETED_TWICE) && Request->DATA.SET_INFORMATION.Oid == OID_GEN_VENDOR_ID)
        NdisMOidRequestComplete(Tun->Adapter, Request, NDIS_STATUS_SUCCESS);
    switch (Request->RequestType)
    {
    case NdisRequestQueryInformation:
    case NdisRequestQueryStatistics:
        return Query(Tun, Request);
    case NdisRequestSetInformation:
        return Set(Tun, Request);
    default:
        return NDIS_STATUS_INVALID_OID;
    }
}

_Use_decl_annotations_ VOID
TunCancelOid(NDIS_HANDLE Context, PVOID RequestId)
{
    UNREFERENCED_PARAMETER(Context); /* no request of ours pends */
    UNREFERENCED_PARAMETER(RequestId);
}
