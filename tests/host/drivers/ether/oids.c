/* OIDs. The multicast list is set by a work item: such requests pend. */
#include "ether.h"

NDIS_IO_WORKITEM_FUNCTION SetMulticast;

const NDIS_OID SupportedOids[] = {
    OID_GEN_MAXIMUM_TOTAL_SIZE,   OID_GEN_VENDOR_ID,         OID_GEN_VENDOR_DRIVER_VERSION, OID_GEN_CURRENT_PACKET_FILTER,
    OID_GEN_CURRENT_LOOKAHEAD,    OID_802_3_CURRENT_ADDRESS, OID_802_3_PERMANENT_ADDRESS,   OID_802_3_MULTICAST_LIST,
    OID_802_3_MAXIMUM_LIST_SIZE,  OID_PNP_QUERY_POWER,       OID_PNP_SET_POWER,
};
const ULONG SupportedOidsSize = sizeof(SupportedOids);

static NDIS_STATUS
Answer(NDIS_OID_REQUEST *Request, const VOID *Data, ULONG Size)
{
    if (Request->DATA.QUERY_INFORMATION.InformationBufferLength < Size)
    {
        Request->DATA.QUERY_INFORMATION.BytesNeeded = Size;
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    }
    RtlCopyMemory(Request->DATA.QUERY_INFORMATION.InformationBuffer, Data, Size);
    Request->DATA.QUERY_INFORMATION.BytesWritten = Size;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
AnswerUlong(NDIS_OID_REQUEST *Request, ULONG Value)
{
    return Answer(Request, &Value, sizeof(Value));
}

static NDIS_STATUS
Query(ETHER *Ether, NDIS_OID_REQUEST *Request)
{
    switch (Request->DATA.QUERY_INFORMATION.Oid)
    {
    case OID_GEN_MAXIMUM_TOTAL_SIZE:
        return AnswerUlong(Request, FRAME_SIZE);
    case OID_GEN_VENDOR_ID:
        return AnswerUlong(Request, 0x00FFFFFF);
    case OID_GEN_VENDOR_DRIVER_VERSION:
        return AnswerUlong(Request, 1 << 16);
    case OID_GEN_CURRENT_PACKET_FILTER:
        return AnswerUlong(Request, Ether->Filter);
    case OID_802_3_CURRENT_ADDRESS:
    case OID_802_3_PERMANENT_ADDRESS:
        return Answer(Request, Ether->Address, ADDRESS_SIZE);
    case OID_802_3_MULTICAST_LIST:
        return Answer(Request, Ether->Multicast, Ether->MulticastCount * ADDRESS_SIZE);
    case OID_802_3_MAXIMUM_LIST_SIZE:
        return AnswerUlong(Request, MULTICAST_MAX);
    case OID_PNP_QUERY_POWER:
        return NDIS_STATUS_SUCCESS;
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

static NDIS_STATUS
Take(NDIS_OID_REQUEST *Request, VOID *To, ULONG Size)
{
    if (Request->DATA.SET_INFORMATION.InformationBufferLength != Size)
    {
        Request->DATA.SET_INFORMATION.BytesNeeded = Size;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    RtlCopyMemory(To, Request->DATA.SET_INFORMATION.InformationBuffer, Size);
    Request->DATA.SET_INFORMATION.BytesRead = Size;
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID
SetMulticast(PVOID Context, NDIS_HANDLE WorkItem)
{
    ETHER *Ether = Context;
    NDIS_OID_REQUEST *Request = Ether->Pended;
    ULONG Length = Request->DATA.SET_INFORMATION.InformationBufferLength;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(WorkItem);
    KeAcquireSpinLock(&Ether->Lock, &Irql);
    RtlCopyMemory(Ether->Multicast, Request->DATA.SET_INFORMATION.InformationBuffer, Length);
    Ether->MulticastCount = Length / ADDRESS_SIZE;
    KeReleaseSpinLock(&Ether->Lock, Irql);
    Request->DATA.SET_INFORMATION.BytesRead = Length;
    NdisMOidRequestComplete(Ether->Adapter, Request, NDIS_STATUS_SUCCESS);
}

static NDIS_STATUS
PendMulticast(ETHER *Ether, NDIS_OID_REQUEST *Request)
{
    ULONG Length = Request->DATA.SET_INFORMATION.InformationBufferLength;

    if (Length % ADDRESS_SIZE)
    {
        Request->DATA.SET_INFORMATION.BytesNeeded = Length - Length % ADDRESS_SIZE + ADDRESS_SIZE;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    if (Length > sizeof(Ether->Multicast))
    {
        Request->DATA.SET_INFORMATION.BytesNeeded = sizeof(Ether->Multicast);
        return NDIS_STATUS_MULTICAST_FULL;
    }
    Ether->Pended = Request;
    NdisQueueIoWorkItem(Ether->WorkItem, SetMulticast, Ether);
    return NDIS_STATUS_PENDING;
}

static NDIS_STATUS
Set(ETHER *Ether, NDIS_OID_REQUEST *Request)
{
    ULONG Value;
    NDIS_STATUS Status;

    switch (Request->DATA.SET_INFORMATION.Oid)
    {
    case OID_GEN_CURRENT_PACKET_FILTER:
        Status = Take(Request, &Value, sizeof(Value));
        if (Status == NDIS_STATUS_SUCCESS)
            Ether->Filter = Value;
        return Status;
    case OID_GEN_CURRENT_LOOKAHEAD:
    case OID_PNP_SET_POWER:
        return Take(Request, &Value, sizeof(Value));
    case OID_802_3_MULTICAST_LIST:
        return PendMulticast(Ether, Request);
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

_Use_decl_annotations_ NDIS_STATUS
EtherOid(NDIS_HANDLE Context, NDIS_OID_REQUEST *Request)
{
    switch (Request->RequestType)
    {
    case NdisRequestQueryInformation:
    case NdisRequestQueryStatistics:
        return Query(Context, Request);
    case NdisRequestSetInformation:
        return Set(Context, Request);
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

_Use_decl_annotations_ VOID
EtherCancelOid(NDIS_HANDLE Context, PVOID RequestId)
{
    UNREFERENCED_PARAMETER(Context); /* what pends ends by itself */
    UNREFERENCED_PARAMETER(RequestId);
}
