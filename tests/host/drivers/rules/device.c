/* The control device, which every process may open: one for the driver. */
#include "probe.h"

DRIVER_DISPATCH ProbeDispatch;

_Use_decl_annotations_ VOID
CompleteIrp(IRP *Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

static HOOK
HookOf(_In_ UCHAR Major)
{
    switch (Major)
    {
    case IRP_MJ_CREATE:
        return HOOK_Create;
    case IRP_MJ_CLEANUP:
        return HOOK_Cleanup;
    case IRP_MJ_CLOSE:
        return HOOK_Close;
    case IRP_MJ_READ:
        return HOOK_Read;
    case IRP_MJ_WRITE:
        return HOOK_Write;
    default:
        return HOOK_Control;
    }
}

_Use_decl_annotations_ NTSTATUS
ProbeDispatch(DEVICE_OBJECT *Device, IRP *Irp)
{
    CALL Call = { .Device = Device, .Irp = Irp };

    RunScene(HookOf(IoGetCurrentIrpStackLocation(Irp)->MajorFunction), &Call);
    if (!Call.Taken)
        CompleteIrp(Irp, Call.Status, 0);
    return Call.Status;
}

_Use_decl_annotations_ NDIS_STATUS
DeviceRegister(VOID)
{
    DECLARE_CONST_UNICODE_STRING(Name, L"\\Device\\PROBE");
    DECLARE_CONST_UNICODE_STRING(Link, L"\\DosDevices\\PROBE");
    DECLARE_CONST_UNICODE_STRING(Sddl, L"D:P(A;;GA;;;SY)");
    DRIVER_DISPATCH *Dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1];
    NDIS_DEVICE_OBJECT_ATTRIBUTES Attributes = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES,
                    .Revision = NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1,
                    .Size = NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1 },
        .DeviceName = (UNICODE_STRING *)&Name,
        .SymbolicName = (UNICODE_STRING *)&Link,
        .MajorFunctions = Dispatch,
        .DefaultSDDLString = (UNICODE_STRING *)&Sddl,
    };
    NDIS_STATUS Status;

    for (ULONG Major = 0; Major <= IRP_MJ_MAXIMUM_FUNCTION; ++Major)
        Dispatch[Major] = ProbeDispatch;
    Dispatch[IRP_MJ_PNP] = Dispatch[IRP_MJ_POWER] = NULL;
    Status = NdisRegisterDeviceEx(DriverHandle, &Attributes, &ControlDevice, &DeviceHandle);
    if (Status != NDIS_STATUS_SUCCESS)
        return Status;
    ControlDevice->Flags |= DO_DIRECT_IO;
    return NDIS_STATUS_SUCCESS;
}
