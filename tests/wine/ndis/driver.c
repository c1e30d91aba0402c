/* SPDX-License-Identifier: MIT
 *
 * The driver's side of NDIS: registration, and unloading, which takes the adapter down first.
 */
#include "test_ndis.h"
#include "exports.h"

#define PLAYED_VERSION 0x00060032u /* 6.50: Windows 10 version 1507 */

NDIS_DRIVER Driver;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;
static TASK_ROUTINE HaltTask;

/* The kernel does not call the entry point of a module that another imports. */
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_SUCCESS;
}

UINT
TestNdisGetVersion(void)
{
    return PLAYED_VERSION;
}

static BOOLEAN
Sound(const NDIS_MINIPORT_DRIVER_CHARACTERISTICS *Characteristics)
{
    return Characteristics->Header.Type == NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS &&
           Characteristics->Header.Revision == NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2 &&
           Characteristics->Header.Size >= NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2 &&
           Characteristics->InitializeHandlerEx != NULL && Characteristics->HaltHandlerEx != NULL &&
           Characteristics->UnloadHandler != NULL && Characteristics->PauseHandler != NULL &&
           Characteristics->RestartHandler != NULL && Characteristics->OidRequestHandler != NULL &&
           Characteristics->SendNetBufferListsHandler != NULL && Characteristics->ReturnNetBufferListsHandler != NULL &&
           Characteristics->CancelSendHandler != NULL && Characteristics->DevicePnPEventNotifyHandler != NULL &&
           Characteristics->ShutdownHandlerEx != NULL && Characteristics->CancelOidRequestHandler != NULL;
}

NDIS_STATUS
TestNdisMRegisterMiniportDriver(
    PDRIVER_OBJECT DriverObject,
    PUNICODE_STRING RegistryPath,
    NDIS_HANDLE MiniportDriverContext,
    PNDIS_MINIPORT_DRIVER_CHARACTERISTICS Characteristics,
    PNDIS_HANDLE NdisMiniportDriverHandle)
{
    NTSTATUS Status;
    ULONG Major;

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!Sound(Characteristics))
        return NDIS_STATUS_BAD_CHARACTERISTICS;
    Status = SlotsPatch(DriverObject->DriverStart);
    if (!NT_SUCCESS(Status))
        return Status;
    Driver.Object = DriverObject;
    Driver.Context = MiniportDriverContext;
    RtlCopyMemory(&Driver.Characteristics, Characteristics, NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2);
    for (Major = 0; Major <= IRP_MJ_MAXIMUM_FUNCTION; ++Major)
        DriverObject->MajorFunction[Major] = DeviceDispatch;
    DriverObject->DriverUnload = Unload;
    LogBegin();
    TimersBegin();
    PacketsBegin();
    Status = ThreadsStart();
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ControlMake();
    if (!NT_SUCCESS(Status))
    {
        ThreadsStop();
        return Status;
    }
    *NdisMiniportDriverHandle = &Driver;
    return NDIS_STATUS_SUCCESS;
}

void
TestNdisMDeregisterMiniportDriver(NDIS_HANDLE NdisMiniportDriverHandle)
{
    UNREFERENCED_PARAMETER(NdisMiniportDriverHandle);
    ControlUnmake();
    ThreadsStop();
}

typedef struct _HALT
{
    TASK Task;
    KEVENT Done;
} HALT;

static void
HaltTask(PVOID Context)
{
    HALT *Halt = Context;

    AdapterHalt();
    KeSetEvent(&Halt->Done, IO_NO_INCREMENT, FALSE);
}

/* What the kernel calls: PnP has removed the adapters before. */
static VOID
Unload(PDRIVER_OBJECT DriverObject)
{
    HALT Halt = { .Task = { .Routine = HaltTask, .Context = &Halt } };

    KeInitializeEvent(&Halt.Done, NotificationEvent, FALSE);
    ThreadsChange(&Halt.Task);
    KeWaitForSingleObject(&Halt.Done, Executive, KernelMode, FALSE, NULL);
    Driver.Characteristics.UnloadHandler(DriverObject);
}
