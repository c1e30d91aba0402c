/*
 * A miniport's worth of calls: it is only compiled, with every warning an error. It uses the kernel's real names, so it
 * would compile against the Windows kit too.
 */
#include <initguid.h>
#include <ntifs.h>
#include <wdmguid.h>
#include <wdmsec.h>
#include <ndis.h>
#include <ntstrsafe.h>

#define TAG 'nuTx'

/* What the kernel exports and no header of the kit declares. */
#define SystemExtendedHandleInformation 64

typedef struct _SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX
{
    PVOID Object;
    ULONG_PTR UniqueProcessId;
    ULONG_PTR HandleValue;
    ULONG Rest[4];
} SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX;

typedef struct _SYSTEM_HANDLE_INFORMATION_EX
{
    ULONG_PTR NumberOfHandles;
    ULONG_PTR Reserved;
    SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX Handles[1];
} SYSTEM_HANDLE_INFORMATION_EX;

typedef struct _OBJECT_HANDLE_FLAG_INFORMATION
{
    BOOLEAN Inherit;
    BOOLEAN ProtectFromClose;
} OBJECT_HANDLE_FLAG_INFORMATION;

NTSYSAPI NTSTATUS NTAPI ZwQuerySystemInformation(ULONG Class, PVOID Information, ULONG Length, ULONG *Returned);
NTKERNELAPI NTSTATUS NTAPI ObSetHandleAttributes(HANDLE Handle, OBJECT_HANDLE_FLAG_INFORMATION *Flags, KPROCESSOR_MODE Mode);

typedef struct _ADAPTER
{
    NDIS_HANDLE Handle;
    NDIS_HANDLE Pool;
    NDIS_HANDLE Timer;
    DEVICE_OBJECT *Device;
    NDIS_HANDLE DeviceHandle;
    EX_RUNDOWN_REF Rundown;
    KSPIN_LOCK Lock;
    NDIS_SPIN_LOCK NdisLock;
    LIST_ENTRY Reads;
    IO_CSQ Csq;
    EX_SPIN_LOCK Shared;
    volatile LONG64 Octets;
    KEVENT Idle;
    FAST_MUTEX Mutex;
    ERESOURCE Resource;
    IO_REMOVE_LOCK RemoveLock;
} ADAPTER;

C_ASSERT(FIELD_OFFSET(NET_BUFFER_LIST, Scratch) ==
         FIELD_OFFSET(NET_BUFFER_LIST, MiniportReserved) + RTL_FIELD_SIZE(NET_BUFFER_LIST, MiniportReserved));
C_ASSERT(RTL_NUMBER_OF_FIELD(IRP, Tail.Overlay.DriverContext) == 4);
C_ASSERT(NDIS_STATUS_PAUSED == (NDIS_STATUS)0xC023002A);

DRIVER_INITIALIZE DriverEntry;
static MINIPORT_INITIALIZE Initialize;
static MINIPORT_HALT Halt;
static MINIPORT_PAUSE Pause;
static MINIPORT_SEND_NET_BUFFER_LISTS Send;
static MINIPORT_CANCEL_SEND CancelSend;
static MINIPORT_OID_REQUEST OidRequest;
static NDIS_TIMER_FUNCTION Expired;
static NDIS_IO_WORKITEM_FUNCTION Work;
static IO_CSQ_INSERT_IRP_EX InsertIrp;
static IO_CSQ_ACQUIRE_LOCK AcquireLock;
static IO_CSQ_RELEASE_LOCK ReleaseLock;
static DRIVER_NOTIFICATION_CALLBACK_ROUTINE Notified;
_Dispatch_type_(IRP_MJ_READ) static DRIVER_DISPATCH Read;

static NDIS_HANDLE DriverHandle;
static ULONG PoolType = NonPagedPool;
static ULONG NoExecute;

static FORCEINLINE ADAPTER *
AdapterOf(_In_ IO_CSQ *Csq)
{
    return CONTAINING_RECORD(Csq, ADAPTER, Csq);
}

_Use_decl_annotations_
static NTSTATUS
InsertIrp(IO_CSQ *Csq, PIRP Irp, PVOID InsertContext)
{
    if (InsertContext != NULL) {
        InsertHeadList(&AdapterOf(Csq)->Reads, &Irp->Tail.Overlay.ListEntry);
    } else {
        InsertTailList(&AdapterOf(Csq)->Reads, &Irp->Tail.Overlay.ListEntry);
    }
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static VOID
AcquireLock(IO_CSQ *Csq, PKIRQL Irql)
{
    KeAcquireSpinLock(&AdapterOf(Csq)->Lock, Irql);
}

_Use_decl_annotations_
static VOID
ReleaseLock(IO_CSQ *Csq, KIRQL Irql)
{
    KeReleaseSpinLock(&AdapterOf(Csq)->Lock, Irql);
}

_Use_decl_annotations_
static NTSTATUS
Read(DEVICE_OBJECT *DeviceObject, IRP *Irp)
{
    ADAPTER *Adapter = NdisGetDeviceReservedExtension(DeviceObject);
    IO_STACK_LOCATION *Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = STATUS_INVALID_PARAMETER;
    UCHAR *Buffer;

    if (Adapter == NULL || Irp->MdlAddress == NULL || Stack->Parameters.Read.Length < 61440) {
        goto Complete;
    }
    if (!ExAcquireRundownProtection(&Adapter->Rundown)) {
        Status = STATUS_FILE_FORCED_CLOSED;
        goto Complete;
    }
    Buffer = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority | NoExecute);
    if (Buffer == NULL) {
        ExReleaseRundownProtection(&Adapter->Rundown);
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto Complete;
    }
    *(ULONG UNALIGNED *)Buffer = MmGetMdlByteCount(Irp->MdlAddress);
    IoMarkIrpPending(Irp);
    if (!NT_SUCCESS(IoCsqInsertIrpEx(&Adapter->Csq, Irp, NULL, NULL))) {
        ExReleaseRundownProtection(&Adapter->Rundown);
    }
    return STATUS_PENDING;

Complete:
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NETWORK_INCREMENT);
    return Status;
}

static NET_BUFFER_LIST *
Lend(_In_ ADAPTER *Adapter, _In_ IRP *Irp, _In_ ULONG Offset, _In_ ULONG Length)
{
    UCHAR *Address = (UCHAR *)MmGetMdlVirtualAddress(Irp->MdlAddress) + Offset;
    MDL *Mdl = IoAllocateMdl(Address, Length, FALSE, FALSE, NULL);
    NET_BUFFER_LIST *Nbl;

    if (Mdl == NULL) {
        return NULL;
    }
    IoBuildPartialMdl(Irp->MdlAddress, Mdl, Address, Length);
    Nbl = NdisAllocateNetBufferAndNetBufferList(Adapter->Pool, 0, 0, Mdl, 0, Length);
    if (Nbl == NULL) {
        IoFreeMdl(Mdl);
        return NULL;
    }
    Nbl->SourceHandle = Adapter->Handle;
    NdisSetNblFlag(Nbl, NDIS_NBL_FLAGS_IS_IPV4);
    NET_BUFFER_LIST_INFO(Nbl, NetBufferListFrameType) = (PVOID)(ULONG_PTR)RtlUshortByteSwap(0x0800);
    NET_BUFFER_LIST_MINIPORT_RESERVED(Nbl)[0] = Irp;
    *(PVOID *)NET_BUFFER_LIST_CONTEXT_DATA_START(Nbl) = Mdl;
    return Nbl;
}

_Use_decl_annotations_
static VOID
Send(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber, ULONG SendFlags)
{
    ADAPTER *Adapter = MiniportAdapterContext;
    ULONG Flags = NDIS_TEST_SEND_AT_DISPATCH_LEVEL(SendFlags) ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0;

    UNREFERENCED_PARAMETER(PortNumber);
    for (NET_BUFFER_LIST *Nbl = NetBufferLists; Nbl != NULL; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        for (NET_BUFFER *Nb = NET_BUFFER_LIST_FIRST_NB(Nbl); Nb != NULL; Nb = NET_BUFFER_NEXT_NB(Nb)) {
            InterlockedAdd64(&Adapter->Octets, NET_BUFFER_DATA_LENGTH(Nb));
        }
        NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_SEND_ABORTED;
    }
    NdisMSendNetBufferListsComplete(Adapter->Handle, NetBufferLists, Flags);
}

_Use_decl_annotations_
static VOID
CancelSend(NDIS_HANDLE MiniportAdapterContext, PVOID CancelId)
{
    ADAPTER *Adapter = MiniportAdapterContext;
    KLOCK_QUEUE_HANDLE Queue;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(CancelId);
    KeAcquireInStackQueuedSpinLock(&Adapter->Lock, &Queue);
    KeReleaseInStackQueuedSpinLock(&Queue);
    Irql = ExAcquireSpinLockExclusive(&Adapter->Shared);
    ExReleaseSpinLockExclusive(&Adapter->Shared, Irql);
    NdisAcquireSpinLock(&Adapter->NdisLock);
    NdisReleaseSpinLock(&Adapter->NdisLock);
    if (KeGetCurrentIrql() < DISPATCH_LEVEL) {
        ExAcquireFastMutex(&Adapter->Mutex);
        ExReleaseFastMutex(&Adapter->Mutex);
    }
}

_Use_decl_annotations_
static NDIS_STATUS
OidRequest(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST Request)
{
    ADAPTER *Adapter = MiniportAdapterContext;

    if (Request->RequestType != NdisRequestQueryInformation || Request->DATA.QUERY_INFORMATION.Oid != OID_GEN_XMIT_OK) {
        return NDIS_STATUS_NOT_SUPPORTED;
    }
    if (Request->DATA.QUERY_INFORMATION.InformationBufferLength < sizeof(ULONG64)) {
        Request->DATA.QUERY_INFORMATION.BytesNeeded = sizeof(ULONG64);
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    }
    *(ULONG64 *)Request->DATA.QUERY_INFORMATION.InformationBuffer = (ULONG64)ReadNoFence64(&Adapter->Octets);
    Request->DATA.QUERY_INFORMATION.BytesWritten = sizeof(ULONG64);
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
static VOID
Expired(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    ADAPTER *Adapter = FunctionContext;
    LARGE_INTEGER Due = { .QuadPart = -10000000 };

    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);
    NdisSetTimerObject(Adapter->Timer, Due, 0, Adapter);
}

_Use_decl_annotations_
static VOID
Work(PVOID WorkItemContext, NDIS_HANDLE NdisIoWorkItemHandle)
{
    ADAPTER *Adapter = WorkItemContext;
    ULONG Size = 0;
    OBJECT_HANDLE_FLAG_INFORMATION Attributes = { FALSE, FALSE };
    SYSTEM_HANDLE_INFORMATION_EX *Table = ExAllocatePoolWithTag(PoolType, PAGE_SIZE, TAG);
    PEPROCESS Process;
    KAPC_STATE ApcState;
    FILE_OBJECT *File;

    if (Table == NULL) {
        goto Free;
    }
    if (NT_SUCCESS(ZwQuerySystemInformation(SystemExtendedHandleInformation, Table, PAGE_SIZE, &Size)) &&
        NT_SUCCESS(PsLookupProcessByProcessId((HANDLE)Table->Handles[0].UniqueProcessId, &Process))) {
        HANDLE Handle = (HANDLE)Table->Handles[0].HandleValue;

        KeStackAttachProcess(Process, &ApcState);
        if (NT_SUCCESS(ObReferenceObjectByHandle(Handle, 0, *IoFileObjectType, UserMode, (PVOID *)&File, NULL))) {
            if (File->DeviceObject == Adapter->Device) {
                ObSetHandleAttributes(Handle, &Attributes, KernelMode);
                ObCloseHandle(Handle, UserMode);
            }
            ObDereferenceObject(File);
        }
        KeUnstackDetachProcess(&ApcState);
        ObDereferenceObject(Process);
    }
    ExFreePoolWithTag(Table, TAG);
Free:
    NdisFreeIoWorkItem(NdisIoWorkItemHandle);
}

_Use_decl_annotations_
static NTSTATUS
Notified(PVOID NotificationStructure, PVOID Context)
{
    TARGET_DEVICE_REMOVAL_NOTIFICATION *Notification = NotificationStructure;

    UNREFERENCED_PARAMETER(Context);
    return IsEqualGUID(&Notification->Event, &GUID_TARGET_DEVICE_QUERY_REMOVE) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

_Use_decl_annotations_
static NDIS_STATUS
Pause(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_PAUSE_PARAMETERS PauseParameters)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(PauseParameters);
    PAGED_CODE();
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
static VOID
Halt(NDIS_HANDLE MiniportAdapterContext, NDIS_HALT_ACTION HaltAction)
{
    ADAPTER *Adapter = MiniportAdapterContext;

    UNREFERENCED_PARAMETER(HaltAction);
    ExWaitForRundownProtectionRelease(&Adapter->Rundown);
    KeWaitForSingleObject(&Adapter->Idle, Executive, KernelMode, FALSE, NULL);
    NdisCancelTimerObject(Adapter->Timer);
    KeFlushQueuedDpcs();
    NdisFreeTimerObject(Adapter->Timer);
    NdisFreeNetBufferListPool(Adapter->Pool);
    NdisDeregisterDeviceEx(Adapter->DeviceHandle);
}

_Use_decl_annotations_
static NDIS_STATUS
Initialize(NDIS_HANDLE NdisMiniportHandle, NDIS_HANDLE MiniportDriverContext,
    PNDIS_MINIPORT_INIT_PARAMETERS MiniportInitParameters)
{
    static const NDIS_OID Oids[] = { OID_GEN_XMIT_OK, OID_GEN_RCV_OK, OID_PNP_SET_POWER };
    NET_BUFFER_LIST_POOL_PARAMETERS Pool = {
        .Header = { NDIS_OBJECT_TYPE_DEFAULT, NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                    NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 },
        .ProtocolId = NDIS_PROTOCOL_ID_DEFAULT,
        .fAllocateNetBuffer = TRUE,
        .PoolTag = TAG,
    };
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes = { 0 };
    WCHAR Text[32];
    UNICODE_STRING Name;
    PDRIVER_DISPATCH Dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1] = { 0 };
    NDIS_DEVICE_OBJECT_ATTRIBUTES Device = { 0 };
    ADAPTER *Adapter;
    DECLARE_CONST_UNICODE_STRING(Security, L"D:P(A;;GA;;;SY)");

    UNREFERENCED_PARAMETER(MiniportDriverContext);
    if (!NT_SUCCESS(RtlStringCbPrintfW(Text, sizeof(Text), L"\\Device\\TUN%u",
                                       (ULONG)MiniportInitParameters->NetLuid.Info.NetLuidIndex))) {
        return NDIS_STATUS_FAILURE;
    }
    RtlInitUnicodeString(&Name, Text);
    Dispatch[IRP_MJ_READ] = Read;
    Device.Header.Type = NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES;
    Device.Header.Revision = NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    Device.Header.Size = NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    Device.DeviceName = &Name;
    Device.MajorFunctions = Dispatch;
    Device.ExtensionSize = sizeof(ADAPTER);
    Device.DefaultSDDLString = &Security;
    DEVICE_OBJECT *Object;
    NDIS_HANDLE DeviceHandle;
    if (NdisRegisterDeviceEx(DriverHandle, &Device, &Object, &DeviceHandle) != NDIS_STATUS_SUCCESS) {
        return NDIS_STATUS_FAILURE;
    }
    Object->Flags = (Object->Flags & ~DO_BUFFERED_IO) | DO_DIRECT_IO;
    Adapter = NdisGetDeviceReservedExtension(Object);
    RtlZeroMemory(Adapter, sizeof(*Adapter));
    Adapter->Handle = NdisMiniportHandle;
    Adapter->Device = Object;
    Adapter->DeviceHandle = DeviceHandle;
    ExInitializeRundownProtection(&Adapter->Rundown);
    KeInitializeSpinLock(&Adapter->Lock);
    KeInitializeEvent(&Adapter->Idle, NotificationEvent, TRUE);
    InitializeListHead(&Adapter->Reads);
    IoInitializeRemoveLock(&Adapter->RemoveLock, TAG, 0, 0);
    Adapter->Pool = NdisAllocateNetBufferListPool(NdisMiniportHandle, &Pool);
    if (Adapter->Pool == NULL) {
        NdisDeregisterDeviceEx(DeviceHandle);
        return NDIS_STATUS_RESOURCES;
    }
    Attributes.GeneralAttributes.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    Attributes.GeneralAttributes.MediaType = NdisMediumIP;
    Attributes.GeneralAttributes.SupportedOidList = (PNDIS_OID)Oids;
    Attributes.GeneralAttributes.SupportedOidListLength = sizeof(Oids);
    return NdisMSetMiniportAttributes(NdisMiniportHandle, &Attributes);
}

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS Miniport = {
        .Header = { NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS, NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2,
                    NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2 },
        .MajorNdisVersion = NDIS_MINIPORT_MAJOR_VERSION,
        .MinorNdisVersion = NDIS_MINIPORT_MINOR_VERSION,
        .InitializeHandlerEx = Initialize,
        .HaltHandlerEx = Halt,
        .PauseHandler = Pause,
        .SendNetBufferListsHandler = Send,
        .CancelSendHandler = CancelSend,
        .OidRequestHandler = OidRequest,
    };
    RTL_OSVERSIONINFOW Version = { .dwOSVersionInfoSize = sizeof(Version) };
    NDIS_TIMER_CHARACTERISTICS Timer = { .TimerFunction = Expired };
    PVOID Registration = NULL;
    PVOID Used[] = { (PVOID)(ULONG_PTR)Work, (PVOID)(ULONG_PTR)InsertIrp, (PVOID)(ULONG_PTR)AcquireLock,
                     (PVOID)(ULONG_PTR)ReleaseLock, (PVOID)(ULONG_PTR)Lend, &Timer };

    UNREFERENCED_PARAMETER(Used);
    if (NT_SUCCESS(RtlGetVersion(&Version)) && Version.dwMajorVersion * 100 + Version.dwMinorVersion >= 602) {
        PoolType = NonPagedPoolNx;
        NoExecute = MdlMappingNoExecute;
    }
    IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, NULL, DriverObject, Notified, NULL, &Registration);
    return NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &Miniport, &DriverHandle);
}
