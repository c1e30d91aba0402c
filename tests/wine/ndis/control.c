/* SPDX-License-Identifier: MIT
 *
 * \\.\NdisTest: see control.h.
 */
#include "test_ndis.h"
#include "control.h"

static PDEVICE_OBJECT Control;

static NTSTATUS
Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IofCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static ULONG
Number(PIRP Irp, ULONG Index)
{
    return ((const ULONG *)Irp->AssociatedIrp.SystemBuffer)[Index];
}

static void
Answer(PIRP Irp, ULONG Index, ULONG Value)
{
    ((ULONG *)Irp->AssociatedIrp.SystemBuffer)[Index] = Value;
}

static ULONG
OutputSize(PIRP Irp)
{
    return IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength;
}

/* ---- changes of state ---- */

#define OID_HEADER (4 * sizeof(ULONG))

static ULONG
Oid(PIRP Irp)
{
    NDIS_OID_REQUEST Request = {
        .Header = {
            .Type = NDIS_OBJECT_TYPE_OID_REQUEST,
            .Revision = NDIS_OID_REQUEST_REVISION_1,
            .Size = NDIS_SIZEOF_OID_REQUEST_REVISION_1,
        },
        .RequestType = (NDIS_REQUEST_TYPE)Number(Irp, 0),
    };
    UCHAR *Buffer = (UCHAR *)Irp->AssociatedIrp.SystemBuffer + OID_HEADER;
    ULONG Length = Number(Irp, 2);
    ULONG Room = OutputSize(Irp) - OID_HEADER;

    if (Length > Room)
        Length = Room;
    RtlMoveMemory(Buffer, (UCHAR *)Irp->AssociatedIrp.SystemBuffer + 3 * sizeof(ULONG), Length);
    Request.DATA.QUERY_INFORMATION.Oid = Number(Irp, 1);
    Request.DATA.QUERY_INFORMATION.InformationBuffer = Buffer;
    Request.DATA.QUERY_INFORMATION.InformationBufferLength = Length;
    Answer(Irp, 0, (ULONG)AdapterOid(&Request));
    /* BytesWritten of a query lies where BytesRead of a set does. */
    Answer(Irp, 1, Request.RequestType == NdisRequestSetInformation ? 0 : Request.DATA.QUERY_INFORMATION.BytesWritten);
    Answer(Irp, 2, Request.RequestType == NdisRequestSetInformation ? Request.DATA.SET_INFORMATION.BytesRead : 0);
    Answer(Irp, 3, Request.DATA.QUERY_INFORMATION.BytesNeeded);
    return OID_HEADER + Length;
}

static ULONG
Change(PIRP Irp, ULONG Code)
{
    NDIS_STATUS Restart = NDIS_STATUS_SUCCESS;

    switch (Code)
    {
    case CONTROL_ADD:
        Answer(Irp, 0, (ULONG)AdapterAdd(Number(Irp, 0), &Restart));
        Answer(Irp, 1, (ULONG)Restart);
        return 2 * sizeof(ULONG);
    case CONTROL_PAUSE:
        Answer(Irp, 0, (ULONG)AdapterPause());
        return sizeof(ULONG);
    case CONTROL_RESTART:
        Answer(Irp, 0, (ULONG)AdapterRestart());
        return sizeof(ULONG);
    case CONTROL_HALT:
        AdapterHalt();
        return 0;
    default:
        return Oid(Irp);
    }
}

static void
ChangeTask(PVOID Context)
{
    PIRP Irp = Context;
    TASK *Task = Irp->Tail.Overlay.DriverContext[0];
    ULONG Information = Change(Irp, IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode);

    ExFreePoolWithTag(Task, POOL_TAG);
    Complete(Irp, STATUS_SUCCESS, Information);
}

static NTSTATUS
StartChange(PIRP Irp)
{
    TASK *Task = Allocate(sizeof(*Task));

    if (Task == NULL)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    Task->Routine = ChangeTask;
    Task->Context = Irp;
    Irp->Tail.Overlay.DriverContext[0] = Task;
    IoMarkIrpPending(Irp);
    ThreadsChange(Task);
    return STATUS_PENDING;
}

/* ---- dispatch ---- */

static ULONG
LeastInput(ULONG Code)
{
    switch (Code)
    {
    case CONTROL_OID:
        return 3 * sizeof(ULONG);
    case CONTROL_ADD:
    case CONTROL_SEND:
    case CONTROL_CANCEL_SEND:
    case CONTROL_HOLD:
    case CONTROL_RETURN:
        return sizeof(ULONG);
    default:
        return 0;
    }
}

static ULONG
LeastOutput(ULONG Code)
{
    switch (Code)
    {
    case CONTROL_OID:
        return OID_HEADER;
    case CONTROL_ADD:
        return 2 * sizeof(ULONG);
    case CONTROL_PAUSE:
    case CONTROL_RESTART:
    case CONTROL_RETURN:
        return sizeof(ULONG);
    default:
        return 0;
    }
}

static NTSTATUS
Request(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Code = Stack->Parameters.DeviceIoControl.IoControlCode;
    ULONG Input = Stack->Parameters.DeviceIoControl.InputBufferLength;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (Input < LeastInput(Code) || OutputSize(Irp) < LeastOutput(Code))
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    if (Code >= CONTROL_ADD && Code <= CONTROL_OID)
        return StartChange(Irp);
    if (Code == CONTROL_LOG)
    {
        ThreadsSettle();
        return Complete(Irp, STATUS_SUCCESS, LogTake(Irp->AssociatedIrp.SystemBuffer, OutputSize(Irp)));
    }
    if (Adapter.State == ADAPTER_NONE)
        return Complete(Irp, STATUS_DEVICE_NOT_READY, 0);
    switch (Code)
    {
    case CONTROL_SEND:
        return Complete(Irp, PacketsSend(Irp->AssociatedIrp.SystemBuffer, Input), 0);
    case CONTROL_CANCEL_SEND:
        PacketsCancel(Number(Irp, 0));
        return Complete(Irp, STATUS_SUCCESS, 0);
    case CONTROL_HOLD:
        PacketsHold(Number(Irp, 0) != 0);
        return Complete(Irp, STATUS_SUCCESS, 0);
    case CONTROL_RETURN:
        Answer(Irp, 0, PacketsReturn(Number(Irp, 0) != 0));
        return Complete(Irp, STATUS_SUCCESS, sizeof(ULONG));
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS
Accept(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS
Refuse(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

NTSTATUS
ControlMake(void)
{
    DECLARE_CONST_UNICODE_STRING(Name, L"\\Device\\NdisTest");
    DECLARE_CONST_UNICODE_STRING(Link, L"\\DosDevices\\NdisTest");
    PDRIVER_DISPATCH MajorFunctions[IRP_MJ_MAXIMUM_FUNCTION + 1];
    UNICODE_STRING NameCopy = Name;
    UNICODE_STRING LinkCopy = Link;
    NDIS_DEVICE_OBJECT_ATTRIBUTES Attributes = {
        .DeviceName = &NameCopy,
        .SymbolicName = &LinkCopy,
        .MajorFunctions = MajorFunctions,
    };
    ULONG Major;

    for (Major = 0; Major <= IRP_MJ_MAXIMUM_FUNCTION; ++Major)
        MajorFunctions[Major] = Refuse;
    MajorFunctions[IRP_MJ_CREATE] = Accept;
    MajorFunctions[IRP_MJ_CLEANUP] = Accept;
    MajorFunctions[IRP_MJ_CLOSE] = Accept;
    MajorFunctions[IRP_MJ_DEVICE_CONTROL] = Request;
    return DeviceMake(&Attributes, &Control);
}

void
ControlUnmake(void)
{
    DeviceUnmake(Control);
}
