/* Each family of NDIS calls, at an IRQL where it may not be called, and where it may. */
#include "probe.h"
#include "miniport.h"

#define DEVICE_IRQL (DISPATCH_LEVEL + 1) /* above what NDIS allows for nearly everything */

static VOID
GetProperty(_In_ NDIS_HANDLE Adapter)
{
    DEVICE_OBJECT *Physical;

    NdisMGetDeviceProperty(Adapter, &Physical, NULL, NULL, NULL, NULL);
}

static VOID
AtIrql(_In_ KIRQL Irql, _In_ SCENE_FUNCTION *Function, _Inout_ CALL *Call)
{
    KIRQL Old;

    KeRaiseIrql(Irql, &Old);
    Function(Call);
    KeLowerIrql(Old);
}

static VOID
Property(_Inout_ CALL *Call)
{
    GetProperty(Call->Adapter);
}

BREAKS(Irql_Miniport_Driver_Function, Halt)
{
    AtIrql(DISPATCH_LEVEL, Property, Call);
}

KEEPS(Irql_Miniport_Driver_Function, Halt)
{
    Property(Call);
}

static VOID
Memory(_Inout_ CALL *Call)
{
    PVOID Block = NdisAllocateMemoryWithTagPriority(Call->Adapter, 16, POOL_TAG, NormalPoolPriority);

    if (Block)
        NdisFreeMemoryWithTagPriority(Call->Adapter, Block, POOL_TAG);
}

static VOID
ReadConfiguration(_Inout_ CALL *Call)
{
    NDIS_CONFIGURATION_OBJECT Object = {
        .Header = { .Type = NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT,
                    .Revision = NDIS_CONFIGURATION_OBJECT_REVISION_1,
                    .Size = NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1 },
        .NdisHandle = Call->Adapter,
    };
    NDIS_HANDLE Configuration;

    if (NdisOpenConfigurationEx(&Object, &Configuration) == NDIS_STATUS_SUCCESS)
        NdisCloseConfiguration(Configuration);
}

BREAKS(Irql_Miscellaneous_Function, Halt)
{
    AtIrql(DISPATCH_LEVEL, ReadConfiguration, Call);
}

KEEPS(Irql_Miscellaneous_Function, Halt)
{
    ReadConfiguration(Call);
    AtIrql(DISPATCH_LEVEL, Memory, Call);
}

static VOID
Pool(_Inout_ CALL *Call)
{
    NET_BUFFER_LIST_POOL_PARAMETERS Parameters = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEFAULT,
                    .Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                    .Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 },
        .fAllocateNetBuffer = TRUE,
        .PoolTag = POOL_TAG,
    };
    NDIS_HANDLE Handle = NdisAllocateNetBufferListPool(Call->Adapter, &Parameters);
    NET_BUFFER_LIST *Nbl = Handle ? NdisAllocateNetBufferAndNetBufferList(Handle, 0, 0, NULL, 0, 0) : NULL;

    if (Nbl)
        NdisFreeNetBufferList(Nbl);
    if (Handle)
        NdisFreeNetBufferListPool(Handle);
}

BREAKS(Irql_NetBuffer_Function, Halt)
{
    AtIrql(DEVICE_IRQL, Pool, Call);
}

KEEPS(Irql_NetBuffer_Function, Halt)
{
    AtIrql(DISPATCH_LEVEL, Pool, Call);
}

static VOID
CompleteOid(_Inout_ CALL *Call)
{
    NdisMOidRequestComplete(Call->Adapter, Call->Request, NDIS_STATUS_NOT_SUPPORTED);
    Call->Taken = TRUE;
    Call->Status = NDIS_STATUS_PENDING;
}

BREAKS(Irql_OID_Function, Oid)
{
    if (Call->Request->DATA.QUERY_INFORMATION.Oid == OID_GEN_VENDOR_ID)
        AtIrql(DEVICE_IRQL, CompleteOid, Call);
}

KEEPS(Irql_OID_Function, Oid)
{
    if (Call->Request->DATA.QUERY_INFORMATION.Oid == OID_GEN_VENDOR_ID)
        AtIrql(DISPATCH_LEVEL, CompleteOid, Call);
}

static VOID
CompleteSend(_Inout_ CALL *Call)
{
    CompleteSends(Call->Adapter, Call->Chain, NDIS_STATUS_SUCCESS, NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL);
    Call->Taken = TRUE;
}

/* The flag says DISPATCH_LEVEL. */
BREAKS(Irql_SendRcv_Function, Send)
{
    CompleteSend(Call);
}

BREAKS(Irql_SendRcv_Function_High, Send)
{
    CompleteSends(Call->Adapter, NULL, NDIS_STATUS_SUCCESS, 0);
    AtIrql(DEVICE_IRQL, CompleteSend, Call);
}

KEEPS(Irql_SendRcv_Function, Send)
{
    AtIrql(DISPATCH_LEVEL, CompleteSend, Call);
}

static VOID
Indicate(_Inout_ CALL *Call)
{
    IndicateLinkState(Call->Adapter, FALSE, 1000000000);
}

BREAKS(Irql_StatusIndication_Function, Halt)
{
    AtIrql(DEVICE_IRQL, Indicate, Call);
}

KEEPS(Irql_StatusIndication_Function, Halt)
{
    AtIrql(DISPATCH_LEVEL, Indicate, Call);
}

static NDIS_HANDLE Lock;

BREAKS(Irql_Synch_Function, Halt)
{
    LOCK_STATE_EX State;

    Lock = NdisAllocateRWLock(Call->Adapter);
    if (!Lock)
        return;
    NdisAcquireRWLockRead(Lock, &State, NDIS_RWL_AT_DISPATCH_LEVEL);
    NdisReleaseRWLock(Lock, &State);
    NdisFreeRWLock(Lock);
}

KEEPS(Irql_Synch_Function, Halt)
{
    LOCK_STATE_EX State;
    NDIS_EVENT Event;

    Lock = NdisAllocateRWLock(Call->Adapter);
    if (!Lock)
        return;
    NdisInitializeEvent(&Event);
    NdisAcquireRWLockWrite(Lock, &State, 0);
    NdisSetEvent(&Event);
    NdisReleaseRWLock(Lock, &State);
    NdisFreeRWLock(Lock);
}

static NDIS_TIMER_FUNCTION Elapsed;

_Use_decl_annotations_ static VOID
Elapsed(PVOID One, PVOID Context, PVOID Two, PVOID Three)
{
    UNREFERENCED_PARAMETER(One);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Two);
    UNREFERENCED_PARAMETER(Three);
}

static VOID
Timer(_Inout_ CALL *Call)
{
    NDIS_TIMER_CHARACTERISTICS Characteristics = {
        .Header = { .Type = NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS,
                    .Revision = NDIS_TIMER_CHARACTERISTICS_REVISION_1,
                    .Size = NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1 },
        .AllocationTag = POOL_TAG,
        .TimerFunction = Elapsed,
    };
    NDIS_HANDLE Handle;

    if (NdisAllocateTimerObject(Call->Adapter, &Characteristics, &Handle) != NDIS_STATUS_SUCCESS)
        return;
    (VOID)NdisSetTimerObject(Handle, (LARGE_INTEGER){ .QuadPart = -10000000LL }, 0, NULL);
    (VOID)NdisCancelTimerObject(Handle);
    NdisFreeTimerObject(Handle);
}

BREAKS(Irql_Timer_Function, Halt)
{
    AtIrql(DEVICE_IRQL, Timer, Call);
}

KEEPS(Irql_Timer_Function, Halt)
{
    AtIrql(DISPATCH_LEVEL, Timer, Call);
}

static VOID
RaiseEvent(_Inout_ CALL *Call)
{
    NET_PNP_EVENT_NOTIFICATION Notification = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEFAULT,
                    .Revision = NET_PNP_EVENT_NOTIFICATION_REVISION_1,
                    .Size = NDIS_SIZEOF_NET_PNP_EVENT_NOTIFICATION_REVISION_1 },
    };

    (VOID)NdisMNetPnPEvent(Call->Adapter, &Notification);
}

BREAKS(Irql_Protocol_Driver_Function, Halt)
{
    AtIrql(DISPATCH_LEVEL, RaiseEvent, Call);
}

KEEPS(Irql_Protocol_Driver_Function, Halt)
{
    RaiseEvent(Call);
}

BREAKS(NdisMNetPnPEventInOIDRequest, Oid)
{
    if (Call->Request->DATA.QUERY_INFORMATION.Oid == OID_GEN_VENDOR_ID)
        RaiseEvent(Call);
}

KEEPS(NdisMNetPnPEventInOIDRequest, Pause)
{
    RaiseEvent(Call);
}
