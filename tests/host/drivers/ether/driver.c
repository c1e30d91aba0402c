/* Load and unload: what the adapters share, and a thread that counts how often it is asked to look. */
#include "ether.h"

DRIVER Driver;

DRIVER_INITIALIZE DriverEntry;
MINIPORT_UNLOAD EtherUnload;
KSTART_ROUTINE Watch;

_Use_decl_annotations_ VOID
Watch(PVOID Context)
{
    PVOID Events[] = { &Driver.Stop, &Driver.Look };

    UNREFERENCED_PARAMETER(Context);
    while (KeWaitForMultipleObjects(2, Events, WaitAny, Executive, KernelMode, FALSE, NULL, NULL) == STATUS_WAIT_1)
        InterlockedIncrement(&Driver.Looked);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS
StartThread(VOID)
{
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Thread;
    NTSTATUS Status;

    KeInitializeEvent(&Driver.Stop, NotificationEvent, FALSE);
    KeInitializeEvent(&Driver.Look, SynchronizationEvent, FALSE);
    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    Status = PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, &Attributes, NULL, NULL, Watch, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(Thread, SYNCHRONIZE, *PsThreadType, KernelMode, (PVOID *)&Driver.Thread, NULL);
    if (!NT_SUCCESS(Status))
    {
        KeSetEvent(&Driver.Stop, IO_NO_INCREMENT, FALSE);
        ZwWaitForSingleObject(Thread, FALSE, NULL);
    }
    ZwClose(Thread);
    return Status;
}

static VOID
StopThread(VOID)
{
    KeSetEvent(&Driver.Stop, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(Driver.Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Driver.Thread);
}

_Use_decl_annotations_ VOID
EtherUnload(DRIVER_OBJECT *DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisDeregisterDeviceEx(Driver.Device);
    StopThread();
    NdisMDeregisterMiniportDriver(Driver.Handle);
    NdisFreeRWLock(Driver.WireLock);
    ExDeleteNPagedLookasideList(&Driver.FrameList);
}

static NTSTATUS
Register(DRIVER_OBJECT *DriverObject, UNICODE_STRING *RegistryPath)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS Miniport = {
        .Header = { .Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
                    .Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2,
                    .Size = NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2 },
        .MajorNdisVersion = 6,
        .MinorNdisVersion = 30,
        .MajorDriverVersion = 1,
        .InitializeHandlerEx = EtherInitialize,
        .HaltHandlerEx = EtherHalt,
        .UnloadHandler = EtherUnload,
        .PauseHandler = EtherPause,
        .RestartHandler = EtherRestart,
        .OidRequestHandler = EtherOid,
        .SendNetBufferListsHandler = EtherSend,
        .ReturnNetBufferListsHandler = EtherReturn,
        .CancelSendHandler = EtherCancelSend,
        .DevicePnPEventNotifyHandler = EtherPnpEvent,
        .ShutdownHandlerEx = EtherShutdown,
        .CancelOidRequestHandler = EtherCancelOid,
    };

    return NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &Miniport, &Driver.Handle);
}

static NTSTATUS
StartShared(VOID)
{
    NTSTATUS Status;

    Driver.WireLock = NdisAllocateRWLock(Driver.Handle);
    if (!Driver.WireLock)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = DeviceRegister();
    if (Status == STATUS_SUCCESS)
    {
        Status = StartThread();
        if (NT_SUCCESS(Status))
            return Status;
        NdisDeregisterDeviceEx(Driver.Device);
    }
    NdisFreeRWLock(Driver.WireLock);
    return Status;
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(DRIVER_OBJECT *DriverObject, UNICODE_STRING *RegistryPath)
{
    NTSTATUS Status = Register(DriverObject, RegistryPath);

    if (Status != STATUS_SUCCESS)
        return Status;
    InitializeListHead(&Driver.Wire);
    Status = StartShared();
    if (Status != STATUS_SUCCESS)
    {
        NdisMDeregisterMiniportDriver(Driver.Handle);
        return Status;
    }
    ExInitializeNPagedLookasideList(&Driver.FrameList, NULL, NULL, POOL_NX_ALLOCATION, sizeof(FRAME), POOL_TAG, 0);
    return STATUS_SUCCESS;
}
