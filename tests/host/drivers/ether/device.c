/* The control device: one request, which answers with the counters of the first adapter on the wire. */
#include "ether.h"

DRIVER_DISPATCH ControlDispatch;

static NTSTATUS
AnswerCounters(IRP *Irp, IO_STACK_LOCATION *Stack)
{
    ULONG64 *Counters = Irp->AssociatedIrp.SystemBuffer;
    LOCK_STATE_EX State;

    if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_COUNTERS)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < 4 * sizeof(*Counters))
        return STATUS_BUFFER_TOO_SMALL;
    RtlZeroMemory(Counters, 4 * sizeof(*Counters));
    NdisAcquireRWLockRead(Driver.WireLock, &State, 0);
    if (!IsListEmpty(&Driver.Wire))
    {
        ETHER *Ether = CONTAINING_RECORD(Driver.Wire.Flink, ETHER, Entry);

        Counters[0] = Ether->Sent;
        Counters[1] = Ether->Received;
        Counters[2] = Ether->Dropped;
    }
    NdisReleaseRWLock(Driver.WireLock, &State);
    Counters[3] = (ULONG64)Driver.Looked;
    Irp->IoStatus.Information = 4 * sizeof(*Counters);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS
ControlDispatch(DEVICE_OBJECT *Device, IRP *Irp)
{
    IO_STACK_LOCATION *Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(Device);
    Irp->IoStatus.Information = 0;
    if (Stack->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        Status = AnswerCounters(Irp, Stack);
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NDIS_STATUS
DeviceRegister(VOID)
{
    DECLARE_CONST_UNICODE_STRING(Name, L"\\Device\\TESTETHER");
    DECLARE_CONST_UNICODE_STRING(Link, L"\\DosDevices\\TESTETHER");
    DECLARE_CONST_UNICODE_STRING(Sddl, L"D:P(A;;GA;;;SY)");
    DRIVER_DISPATCH *Dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1] = { 0 };
    NDIS_DEVICE_OBJECT_ATTRIBUTES Attributes = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES,
                    .Revision = NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1,
                    .Size = NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1 },
        .DeviceName = (NDIS_STRING *)&Name,
        .SymbolicName = (NDIS_STRING *)&Link,
        .MajorFunctions = Dispatch,
        .DefaultSDDLString = &Sddl,
    };
    DEVICE_OBJECT *Device;

    Dispatch[IRP_MJ_CREATE] = Dispatch[IRP_MJ_CLEANUP] = Dispatch[IRP_MJ_CLOSE] = ControlDispatch;
    Dispatch[IRP_MJ_DEVICE_CONTROL] = ControlDispatch;
    return NdisRegisterDeviceEx(Driver.Handle, &Attributes, &Device, &Driver.Device);
}
