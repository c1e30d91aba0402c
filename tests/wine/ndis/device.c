/* SPDX-License-Identifier: MIT
 *
 * Devices and the routing of their requests. Wine's I/O manager sends no IRP_MJ_CLEANUP: it is made here, before IRP_MJ_CLOSE.
 */
#include "test_ndis.h"
#include "exports.h"

#define OURS 'veDT'

typedef struct _DEVICE
{
    ULONG Signature;
    PDRIVER_DISPATCH MajorFunctions[IRP_MJ_MAXIMUM_FUNCTION + 1];
    UNICODE_STRING Link;
    WCHAR LinkText[64];
    DECLSPEC_ALIGN(16) UCHAR Reserved[16]; /* the driver's, and what follows */
} DEVICE;

static DEVICE *
Extension(PDEVICE_OBJECT Object)
{
    DEVICE *Device = Object->DeviceExtension;

    return Device != NULL && Device->Signature == OURS ? Device : NULL;
}

NTSTATUS
DeviceMake(const NDIS_DEVICE_OBJECT_ATTRIBUTES *Attributes, PDEVICE_OBJECT *Object)
{
    ULONG Size = FIELD_OFFSET(DEVICE, Reserved) + Attributes->ExtensionSize;
    DEVICE *Device;
    NTSTATUS Status;

    if (Attributes->SymbolicName->Length > sizeof(Device->LinkText))
        return STATUS_INVALID_PARAMETER;
    Status = IoCreateDevice(Driver.Object, Size, Attributes->DeviceName, FILE_DEVICE_NETWORK, 0, FALSE, Object);
    if (!NT_SUCCESS(Status))
        return Status;
    Device = (*Object)->DeviceExtension;
    RtlCopyMemory(Device->MajorFunctions, Attributes->MajorFunctions, sizeof(Device->MajorFunctions));
    RtlCopyMemory(Device->LinkText, Attributes->SymbolicName->Buffer, Attributes->SymbolicName->Length);
    Device->Link.Buffer = Device->LinkText;
    Device->Link.Length = Attributes->SymbolicName->Length;
    Device->Link.MaximumLength = sizeof(Device->LinkText);
    Device->Signature = OURS;
    Status = IoCreateSymbolicLink(&Device->Link, Attributes->DeviceName);
    if (!NT_SUCCESS(Status))
        IoDeleteDevice(*Object);
    else
        (*Object)->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return Status;
}

void
DeviceUnmake(PDEVICE_OBJECT Object)
{
    IoDeleteSymbolicLink(&Extension(Object)->Link);
    IoDeleteDevice(Object);
}

static NTSTATUS
KeepIrp(PDEVICE_OBJECT Object, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void
CleanUp(PDEVICE_OBJECT Object, PFILE_OBJECT File)
{
    PIRP Irp = IoAllocateIrp(Object->StackSize, FALSE);
    PIO_STACK_LOCATION Stack;

    if (Irp == NULL)
        return;
    Stack = IoGetNextIrpStackLocation(Irp);
    Stack->MajorFunction = IRP_MJ_CLEANUP;
    Stack->FileObject = File;
    Irp->RequestorMode = KernelMode;
    IoSetCompletionRoutine(Irp, KeepIrp, NULL, TRUE, TRUE, TRUE);
    IofCallDriver(Object, Irp);
    IoFreeIrp(Irp);
}

NTSTATUS
DeviceDispatch(PDEVICE_OBJECT Object, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    DEVICE *Device = Extension(Object);

    if (Device == NULL) /* the device that stands for the bus's */
    {
        Irp->IoStatus.Status = STATUS_SUCCESS;
        Irp->IoStatus.Information = 0;
        IofCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_SUCCESS;
    }
    if (Stack->MajorFunction == IRP_MJ_CLOSE)
        CleanUp(Object, Stack->FileObject);
    return Device->MajorFunctions[Stack->MajorFunction](Object, Irp);
}

NDIS_STATUS
TestNdisRegisterDeviceEx(
    NDIS_HANDLE NdisHandle,
    PNDIS_DEVICE_OBJECT_ATTRIBUTES Attributes,
    PDEVICE_OBJECT *Object,
    PNDIS_HANDLE NdisDeviceHandle)
{
    NTSTATUS Status = DeviceMake(Attributes, Object);

    UNREFERENCED_PARAMETER(NdisHandle);
    if (!NT_SUCCESS(Status))
        return Status;
    *NdisDeviceHandle = *Object;
    return NDIS_STATUS_SUCCESS;
}

void
TestNdisDeregisterDeviceEx(NDIS_HANDLE NdisDeviceHandle)
{
    DeviceUnmake(NdisDeviceHandle);
}

PVOID
TestNdisGetDeviceReservedExtension(PDEVICE_OBJECT DeviceObject)
{
    DEVICE *Device = Extension(DeviceObject);

    return Device == NULL ? NULL : Device->Reserved;
}
