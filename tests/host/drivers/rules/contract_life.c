/* The contract of an adapter's life: what is declared, what callbacks return, what is complete when. */
#include "probe.h"

static NDIS_HANDLE LastAdapter;

BREAKS(RegistrationLeft, Registered)
{
    NdisDeregisterDeviceEx(DeviceHandle);
    Call->Status = STATUS_UNSUCCESSFUL;
    Call->Taken = TRUE;
}

KEEPS(RegistrationLeft, Registered)
{
    Call->Status = STATUS_UNSUCCESSFUL; /* the probe undoes what it did */
}

BREAKS(RegisteredAtUnload, Unload)
{
    Call->Taken = TRUE;
}

BREAKS(CharacteristicsSize, Entry)
{
    Call->Characteristics->Header.Size = 40;
}

BREAKS(HandlerMissing, Entry)
{
    Call->Characteristics->ReturnNetBufferListsHandler = NULL;
}

BREAKS(HeaderRevision, General)
{
    Call->General->Header.Revision = NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_1;
}

BREAKS(HeaderSize, Attributes)
{
    Call->Registration->Header.Size = 8;
}

BREAKS(InitializePends, Initialize)
{
    Call->Status = NDIS_STATUS_PENDING;
}

KEEPS(InitializePends, Initialize)
{
    Call->Status = NDIS_STATUS_RESOURCES;
}

BREAKS(AttributesMissing, General)
{
    Call->Taken = TRUE;
}

BREAKS(ContextMissing, Attributes)
{
    Call->Registration->MiniportAdapterContext = NULL;
}

BREAKS(ContextShared, Attributes)
{
    Call->Registration->MiniportAdapterContext = DriverHandle;
}

BREAKS(PowerMissing, General)
{
    Call->General->PowerManagementCapabilitiesEx = NULL;
}

BREAKS(OidListLength, General)
{
    Call->General->SupportedOidListLength = 5; /* five OIDs; bytes are meant */
}

BREAKS(RestartReturn, Restart)
{
    Call->Status = NDIS_STATUS_NOT_ACCEPTED;
}

KEEPS(RestartReturn, Restart)
{
    NdisMRestartComplete(Call->Adapter, NDIS_STATUS_SUCCESS);
    Call->Status = NDIS_STATUS_PENDING;
}

BREAKS(RestartCompletedTwice, Restart)
{
    NdisMRestartComplete(Call->Adapter, NDIS_STATUS_SUCCESS);
    NdisMRestartComplete(Call->Adapter, NDIS_STATUS_SUCCESS);
    Call->Status = NDIS_STATUS_PENDING;
}

BREAKS(PauseCompletedTwice, Pause)
{
    NdisMPauseComplete(Call->Adapter);
    NdisMPauseComplete(Call->Adapter);
    Call->Status = NDIS_STATUS_PENDING;
}

BREAKS(PauseCompletedByItself, Halt)
{
    NdisMPauseComplete(Call->Adapter);
}

KEEPS(PauseCompletedByItself, Pause)
{
    NdisMPauseComplete(Call->Adapter);
    Call->Status = NDIS_STATUS_PENDING;
}

BREAKS(UsedAfterHalt, Halt)
{
    LastAdapter = Call->Adapter;
}

BREAKS(UsedAfterHalt, Unload)
{
    DEVICE_OBJECT *Device;

    UNREFERENCED_PARAMETER(Call);
    NdisMGetDeviceProperty(LastAdapter, &Device, NULL, NULL, NULL, NULL);
}

KEEPS(UsedAfterHalt, Halt)
{
    DEVICE_OBJECT *Device;

    NdisMGetDeviceProperty(Call->Adapter, &Device, NULL, NULL, NULL, NULL);
}

BREAKS(ShutdownAllocates, Shutdown)
{
    PVOID Block = NdisAllocateMemoryWithTagPriority(Call->Adapter, 16, POOL_TAG, NormalPoolPriority);

    if (Block)
        NdisFreeMemoryWithTagPriority(Call->Adapter, Block, POOL_TAG);
}

BREAKS(ShutdownSleeps, Shutdown)
{
    UNREFERENCED_PARAMETER(Call);
    NdisMSleep(1000);
}

static volatile LONG WasShutDown;

KEEPS(Shutdown, Shutdown)
{
    UNREFERENCED_PARAMETER(Call);
    InterlockedExchange(&WasShutDown, TRUE);
}

static NDIS_HANDLE Timer;
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
MakeTimer(_In_ NDIS_HANDLE Adapter, _In_ ULONG Tag)
{
    NDIS_TIMER_CHARACTERISTICS Characteristics = {
        .Header = { .Type = NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS,
                    .Revision = NDIS_TIMER_CHARACTERISTICS_REVISION_1,
                    .Size = NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1 },
        .AllocationTag = Tag,
        .TimerFunction = Elapsed,
    };

    (VOID)NdisAllocateTimerObject(Adapter, &Characteristics, &Timer);
}

static VOID
SetTimer(VOID)
{
    (VOID)NdisSetTimerObject(Timer, (LARGE_INTEGER){ .QuadPart = -10000000LL }, 0, NULL);
}

BREAKS(TimerFreedArmed, Halt)
{
    MakeTimer(Call->Adapter, POOL_TAG);
    SetTimer();
    NdisFreeTimerObject(Timer);
}

KEEPS(TimerFreedArmed, Halt)
{
    MakeTimer(Call->Adapter, POOL_TAG);
    SetTimer();
    if (NdisCancelTimerObject(Timer))
        NdisFreeTimerObject(Timer);
}

BREAKS(TimerWithoutTag, Halt)
{
    MakeTimer(Call->Adapter, 0);
    NdisFreeTimerObject(Timer);
}

static NDIS_HANDLE Item;
static NDIS_IO_WORKITEM_FUNCTION Work;

_Use_decl_annotations_ static VOID
Work(PVOID Context, NDIS_HANDLE WorkItem)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(WorkItem);
}

/* Under a schedule that switches only where a thread waits, the item has not run when it is queued again. */
static VOID
QueueTwice(_In_ NDIS_HANDLE Adapter)
{
    Item = NdisAllocateIoWorkItem(Adapter);
    if (!Item)
        return;
    NdisQueueIoWorkItem(Item, Work, NULL);
    NdisQueueIoWorkItem(Item, Work, NULL);
}

BREAKS(WorkItemQueuedTwice, Initialize)
{
    QueueTwice(Call->Adapter);
}

BREAKS(WorkItemQueuedTwice, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    NdisFreeIoWorkItem(Item);
}

static NDIS_IO_WORKITEM_FUNCTION FreeItself;

_Use_decl_annotations_ static VOID
FreeItself(PVOID Context, NDIS_HANDLE WorkItem)
{
    UNREFERENCED_PARAMETER(Context);
    NdisFreeIoWorkItem(WorkItem);
}

KEEPS(WorkItemQueuedTwice, Initialize)
{
    Item = NdisAllocateIoWorkItem(Call->Adapter);
    if (Item)
        NdisQueueIoWorkItem(Item, FreeItself, NULL);
}

BREAKS(DeviceWithoutName, Registered)
{
    DRIVER_DISPATCH *Dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1] = { 0 };
    NDIS_DEVICE_OBJECT_ATTRIBUTES Attributes = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES,
                    .Revision = NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1,
                    .Size = NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1 },
        .MajorFunctions = Dispatch,
    };
    NDIS_HANDLE Handle;
    DEVICE_OBJECT *Device;

    UNREFERENCED_PARAMETER(Call);
    (VOID)NdisRegisterDeviceEx(DriverHandle, &Attributes, &Device, &Handle);
}

BREAKS(StatusOfOther, Halt)
{
    NDIS_STATUS_INDICATION Indication = {
        .Header = { .Type = NDIS_OBJECT_TYPE_STATUS_INDICATION,
                    .Revision = NDIS_STATUS_INDICATION_REVISION_1,
                    .Size = NDIS_SIZEOF_STATUS_INDICATION_REVISION_1 },
        .SourceHandle = DriverHandle,
        .StatusCode = NDIS_STATUS_MEDIA_SPECIFIC_INDICATION,
    };

    NdisMIndicateStatusEx(Call->Adapter, &Indication);
}

static VOID
IndicateStatus(_In_ NDIS_HANDLE Adapter, _In_ NDIS_PORT_NUMBER Port, _In_opt_ PVOID RequestId)
{
    NDIS_STATUS_INDICATION Indication = {
        .Header = { .Type = NDIS_OBJECT_TYPE_STATUS_INDICATION,
                    .Revision = NDIS_STATUS_INDICATION_REVISION_1,
                    .Size = NDIS_SIZEOF_STATUS_INDICATION_REVISION_1 },
        .SourceHandle = Adapter,
        .PortNumber = Port,
        .RequestId = RequestId,
        .StatusCode = NDIS_STATUS_MEDIA_SPECIFIC_INDICATION,
    };

    NdisMIndicateStatusEx(Adapter, &Indication);
}

BREAKS(StatusOnPort, Halt)
{
    IndicateStatus(Call->Adapter, 3, NULL);
}

BREAKS(StatusOfRequest, Halt)
{
    IndicateStatus(Call->Adapter, 0, &Call);
}

KEEPS(Status, Halt)
{
    IndicateStatus(Call->Adapter, 0, NULL);
}

/* OIDs: sizes, and what is answered after removal. */

static BOOLEAN
IsTheQuery(_In_ const CALL *Call)
{
    return Call->Request->DATA.QUERY_INFORMATION.Oid == OID_GEN_VENDOR_ID;
}

BREAKS(OidWritesMore, Oid)
{
    if (!IsTheQuery(Call))
        return;
    Call->Request->DATA.QUERY_INFORMATION.BytesWritten = Call->Request->DATA.QUERY_INFORMATION.InformationBufferLength + 1;
    Call->Taken = TRUE;
}

BREAKS(OidWritesAndFails, Oid)
{
    if (!IsTheQuery(Call))
        return;
    *(UCHAR *)Call->Request->DATA.QUERY_INFORMATION.InformationBuffer = 1;
    Call->Status = NDIS_STATUS_FAILURE;
    Call->Taken = TRUE;
}

BREAKS(OidNeedsNothing, Oid)
{
    if (!IsTheQuery(Call))
        return;
    Call->Status = NDIS_STATUS_BUFFER_TOO_SHORT;
    Call->Taken = TRUE;
}

static ULONG64 Received = 10;

static VOID
AnswerStatistics(_Inout_ CALL *Call, _In_ ULONG Supported)
{
    NDIS_STATISTICS_INFO Info = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEFAULT,
                    .Revision = NDIS_STATISTICS_INFO_REVISION_1,
                    .Size = NDIS_SIZEOF_STATISTICS_INFO_REVISION_1 },
        .SupportedStatistics = Supported,
        .ifHCInOctets = Received,
    };

    if (Call->Request->DATA.QUERY_INFORMATION.Oid != OID_GEN_STATISTICS)
        return;
    RtlCopyMemory(Call->Request->DATA.QUERY_INFORMATION.InformationBuffer, &Info, sizeof(Info));
    Call->Request->DATA.QUERY_INFORMATION.BytesWritten = sizeof(Info);
    Call->Taken = TRUE;
}

BREAKS(StatisticsFall, Oid)
{
    --Received;
    AnswerStatistics(Call, 0);
}

BREAKS(StatisticsOther, Oid)
{
    AnswerStatistics(Call, NDIS_STATISTICS_FLAGS_VALID_BYTES_RCV);
}

KEEPS(Statistics, Oid)
{
    AnswerStatistics(Call, 0);
}

static NDIS_OID_REQUEST *Finished;

BREAKS(OidUsedAfterwards, Oid)
{
    if (IsTheQuery(Call))
        Finished = Call->Request;
}

BREAKS(OidUsedAfterwards, Pause)
{
    UNREFERENCED_PARAMETER(Call);
    if (Finished)
        ((volatile NDIS_OID_REQUEST *)Finished)->DATA.QUERY_INFORMATION.BytesWritten = 0;
}

BREAKS(RemovedAccepts, PnpEvent)
{
    UNREFERENCED_PARAMETER(Call); /* it takes no note */
}

KEEPS(RemovedAccepts, Send)
{
    Call->Status = NDIS_STATUS_NOT_ACCEPTED;
}

KEEPS(RemovedAccepts, Oid)
{
    if (!IsTheQuery(Call))
        return;
    Call->Status = NDIS_STATUS_NOT_ACCEPTED;
    Call->Taken = TRUE;
}
