/* OIDs: how often, when and with what they are completed. */
#include "probe.h"

static NDIS_HANDLE Adapter;
static NDIS_OID_REQUEST *Pended;
static NDIS_HANDLE Item;

static BOOLEAN
IsTheQuery(_In_ const CALL *Call)
{
    return Call->Request->DATA.QUERY_INFORMATION.Oid == OID_GEN_VENDOR_ID;
}

static VOID
Answer(_Inout_ CALL *Call, _In_ NDIS_STATUS Status)
{
    Call->Taken = TRUE;
    Call->Status = Status;
}

static VOID
Pend(_Inout_ CALL *Call)
{
    Adapter = Call->Adapter;
    Pended = Call->Request;
    Answer(Call, NDIS_STATUS_PENDING);
}

static VOID
CompletePended(VOID)
{
    NdisMOidRequestComplete(Adapter, Pended, NDIS_STATUS_NOT_SUPPORTED);
}

/* Answered in the call, and completed later: a pause comes after it. */
BREAKS(DoubleComplete, Oid)
{
    if (!IsTheQuery(Call))
        return;
    Pend(Call);
    Call->Status = NDIS_STATUS_NOT_SUPPORTED;
}

BREAKS(DoubleComplete, Pause)
{
    UNREFERENCED_PARAMETER(Call);
    CompletePended();
}

KEEPS(DoubleComplete, Oid)
{
    if (IsTheQuery(Call))
        Answer(Call, NDIS_STATUS_NOT_SUPPORTED);
}

static NDIS_IO_WORKITEM_FUNCTION CompleteOnce;
static NDIS_IO_WORKITEM_FUNCTION CompleteTwice;

_Use_decl_annotations_ static VOID
CompleteOnce(PVOID Context, NDIS_HANDLE WorkItem)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(WorkItem);
    CompletePended();
}

_Use_decl_annotations_ static VOID
CompleteTwice(PVOID Context, NDIS_HANDLE WorkItem)
{
    CompleteOnce(Context, WorkItem);
    CompletePended();
}

static VOID
PendForWorkItem(_Inout_ CALL *Call, _In_ NDIS_IO_WORKITEM_ROUTINE Function)
{
    Item = NdisAllocateIoWorkItem(Call->Adapter);
    if (!Item)
        return;
    Pend(Call);
    NdisQueueIoWorkItem(Item, Function, NULL);
}

BREAKS(DoubleCompleteWorkItem, Oid)
{
    if (IsTheQuery(Call))
        PendForWorkItem(Call, CompleteTwice);
}

BREAKS(DoubleCompleteWorkItem, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    NdisFreeIoWorkItem(Item);
}

KEEPS(DoubleCompleteWorkItem, Oid)
{
    if (IsTheQuery(Call))
        PendForWorkItem(Call, CompleteOnce);
}

KEEPS(DoubleCompleteWorkItem, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    NdisFreeIoWorkItem(Item);
}

/* The final status of an OID is never pending. */
BREAKS(NdisOidComplete, Oid)
{
    if (!IsTheQuery(Call))
        return;
    Pend(Call);
    NdisMOidRequestComplete(Adapter, Pended, NDIS_STATUS_PENDING);
}

/* Going to sleep cannot fail for want of support. */
BREAKS(NdisOidComplete_Power, Oid)
{
    if (Call->Request->DATA.QUERY_INFORMATION.Oid == OID_PNP_SET_POWER)
        Answer(Call, NDIS_STATUS_NOT_SUPPORTED);
}

BREAKS(NdisOidComplete_QueryPower, Oid)
{
    if (Call->Request->DATA.QUERY_INFORMATION.Oid == OID_PNP_QUERY_POWER)
        Answer(Call, NDIS_STATUS_FAILURE);
}

KEEPS(NdisOidComplete, Oid)
{
    if (Call->Request->DATA.QUERY_INFORMATION.Oid == OID_PNP_SET_POWER)
        Answer(Call, NDIS_STATUS_NOT_ACCEPTED);
}

BREAKS(NdisOidDoubleComplete, Oid)
{
    if (!IsTheQuery(Call))
        return;
    Pend(Call);
    CompletePended();
    CompletePended();
}

KEEPS(NdisOidDoubleComplete, Oid)
{
    if (!IsTheQuery(Call))
        return;
    Pend(Call);
    CompletePended();
}

BREAKS(NdisOidDoubleRequest, Oid)
{
    if (IsTheQuery(Call))
        Pend(Call);
}

/* Pended until a control request. */
KEEPS(NdisOidDoubleRequest, Oid)
{
    if (IsTheQuery(Call))
        Pend(Call);
}

KEEPS(NdisOidDoubleRequest, Control)
{
    UNREFERENCED_PARAMETER(Call);
    CompletePended();
}

BREAKS(NdisTimedOidComplete, Oid)
{
    if (IsTheQuery(Call))
        Pend(Call);
}

BREAKS(NdisTimedOidComplete, Control)
{
    UNREFERENCED_PARAMETER(Call);
    CompletePended();
}

KEEPS(NdisTimedOidComplete, Oid)
{
    if (IsTheQuery(Call))
        Pend(Call);
}

KEEPS(NdisTimedOidComplete, Control)
{
    UNREFERENCED_PARAMETER(Call);
    CompletePended();
}
