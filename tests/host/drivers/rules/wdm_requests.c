/* What a dispatch routine does with its request: whose it is, when it is pending, what is returned. */
#include "probe.h"

static IRP *Kept; /* until the handle's cleanup */

static VOID
Keep(_Inout_ CALL *Call, NTSTATUS Status)
{
    Kept = Call->Irp;
    Call->Taken = TRUE;
    Call->Status = Status;
}

static VOID
CompleteKept(VOID)
{
    IRP *Irp = Kept;

    Kept = NULL;
    if (Irp)
        CompleteIrp(Irp, STATUS_SUCCESS, 0);
}

/* Complete it, and return something else, it may be. */
static VOID
CompleteAndReturn(_Inout_ CALL *Call, NTSTATUS Completed, NTSTATUS Returned)
{
    CompleteIrp(Call->Irp, Completed, 0);
    Call->Taken = TRUE;
    Call->Status = Returned;
}

BREAKS(DoubleCompletion, Control)
{
    CompleteAndReturn(Call, STATUS_SUCCESS, STATUS_SUCCESS);
    IoCompleteRequest(Call->Irp, IO_NO_INCREMENT);
}

KEEPS(DoubleCompletion, Control)
{
    CompleteAndReturn(Call, STATUS_SUCCESS, STATUS_SUCCESS);
}

BREAKS(CompleteRequest, Control)
{
    Keep(Call, STATUS_UNSUCCESSFUL);
}

BREAKS(CompleteRequest, Cleanup)
{
    UNREFERENCED_PARAMETER(Call);
    CompleteKept();
}

KEEPS(CompleteRequest, Control)
{
    CompleteAndReturn(Call, STATUS_UNSUCCESSFUL, STATUS_UNSUCCESSFUL);
}

BREAKS(CompleteRequestStatusCheck, Control)
{
    IoMarkIrpPending(Call->Irp);
    CompleteAndReturn(Call, STATUS_PENDING, STATUS_PENDING);
}

KEEPS(CompleteRequestStatusCheck, Control)
{
    IoMarkIrpPending(Call->Irp);
    CompleteAndReturn(Call, STATUS_SUCCESS, STATUS_PENDING);
}

BREAKS(IrpProcessingComplete, Control)
{
    Keep(Call, STATUS_SUCCESS);
}

BREAKS(IrpProcessingComplete, Cleanup)
{
    UNREFERENCED_PARAMETER(Call);
    CompleteKept();
}

KEEPS(IrpProcessingComplete, Control)
{
    CompleteAndReturn(Call, STATUS_SUCCESS, STATUS_SUCCESS);
}

BREAKS(IrpProcessingComplete_Status, Control)
{
    CompleteAndReturn(Call, STATUS_INVALID_PARAMETER, STATUS_SUCCESS);
}

BREAKS(MarkIrpPending, Control)
{
    IoMarkIrpPending(Call->Irp);
    CompleteAndReturn(Call, STATUS_SUCCESS, STATUS_SUCCESS);
}

KEEPS(MarkIrpPending, Control)
{
    IoMarkIrpPending(Call->Irp);
    Keep(Call, STATUS_PENDING);
}

KEEPS(MarkIrpPending, Cleanup)
{
    UNREFERENCED_PARAMETER(Call);
    CompleteKept();
}

BREAKS(MarkIrpPending2, Control)
{
    Keep(Call, STATUS_PENDING);
}

BREAKS(MarkIrpPending2, Cleanup)
{
    UNREFERENCED_PARAMETER(Call);
    CompleteKept();
}

BREAKS(PendedCompletedRequest, Control)
{
    CompleteAndReturn(Call, STATUS_SUCCESS, STATUS_PENDING);
}

static KSTART_ROUTINE CompleteInThread;
static KEVENT Completed;

_Use_decl_annotations_ static VOID
CompleteInThread(PVOID Context)
{
    CompleteIrp(Context, STATUS_SUCCESS, 0);
    KeSetEvent(&Completed, IO_NO_INCREMENT, FALSE);
}

/* Another thread completes it before this one returns. */
static VOID
CompleteElsewhere(_Inout_ CALL *Call)
{
    HANDLE Thread;

    KeInitializeEvent(&Completed, NotificationEvent, FALSE);
    PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, CompleteInThread, Call->Irp);
    ZwClose(Thread);
    KeWaitForSingleObject(&Completed, Executive, KernelMode, FALSE, NULL);
    Call->Taken = TRUE;
    Call->Status = STATUS_PENDING;
}

BREAKS(PendedCompletedRequestEx, Control)
{
    CompleteElsewhere(Call);
}

KEEPS(PendedCompletedRequestEx, Control)
{
    IoMarkIrpPending(Call->Irp);
    CompleteElsewhere(Call);
}

/* ---- cancel routines ---- */

static DRIVER_CANCEL CancelKept;

_Use_decl_annotations_ static VOID
CancelKept(DEVICE_OBJECT *Device, IRP *Irp)
{
    UNREFERENCED_PARAMETER(Device);
    Kept = NULL;
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    CompleteIrp(Irp, STATUS_CANCELLED, 0);
}

static DRIVER_CANCEL CancelWithLock;

_Use_decl_annotations_ static VOID
CancelWithLock(DEVICE_OBJECT *Device, IRP *Irp)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
}

static VOID
Pend(_Inout_ CALL *Call, _In_ DRIVER_CANCEL *Cancel)
{
    IoMarkIrpPending(Call->Irp);
    IoSetCancelRoutine(Call->Irp, Cancel);
    Keep(Call, STATUS_PENDING);
}

KEEPS(CancelRoutine, Control)
{
    Pend(Call, CancelKept);
}

BREAKS(CancelRoutine, Control)
{
    Pend(Call, CancelWithLock);
}

BREAKS(CancelRoutine, Cleanup)
{
    UNREFERENCED_PARAMETER(Call);
    CompleteKept();
}

BREAKS(CancelRoutineAtCompletion, Control)
{
    IoSetCancelRoutine(Call->Irp, CancelKept);
    CompleteAndReturn(Call, STATUS_SUCCESS, STATUS_SUCCESS);
}

KEEPS(CancelRoutineAtCompletion, Control)
{
    IoSetCancelRoutine(Call->Irp, CancelKept);
    if (IoSetCancelRoutine(Call->Irp, NULL))
        CompleteAndReturn(Call, STATUS_SUCCESS, STATUS_SUCCESS);
}

BREAKS(CancelSpinLock, Control)
{
    KIRQL Irql;

    CompleteAndReturn(Call, STATUS_SUCCESS, STATUS_SUCCESS);
    IoAcquireCancelSpinLock(&Irql);
}

KEEPS(CancelSpinLock, Control)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Call);
    IoAcquireCancelSpinLock(&Irql);
    IoReleaseCancelSpinLock(Irql);
}

BREAKS(CancelSpinlockRelease, Control)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Call);
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    IoReleaseCancelSpinLock(DISPATCH_LEVEL);
    KeLowerIrql(Irql);
}

/* ---- devices ---- */

static VOID
UseDevice(_In_ DEVICE_OBJECT *Device)
{
    *(volatile ULONG *)&Device->Flags |= DO_BUFFERED_IO;
}

static DEVICE_OBJECT *
NewDevice(_In_ CALL *Call)
{
    DEVICE_OBJECT *Device = NULL;

    IoCreateDevice(Call->Device->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &Device);
    return Device;
}

BREAKS(DeleteDevice, Control)
{
    DEVICE_OBJECT *Device = NewDevice(Call);

    IoDeleteDevice(Device);
    UseDevice(Device);
}

KEEPS(DeleteDevice, Control)
{
    DEVICE_OBJECT *Device = NewDevice(Call);

    UseDevice(Device);
    IoDeleteDevice(Device);
}

BREAKS(DanglingDeviceObjectReference, Control)
{
    Call->Status = IoGetAttachedDeviceReference(Call->Device) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

KEEPS(DanglingDeviceObjectReference, Control)
{
    ObDereferenceObject(IoGetAttachedDeviceReference(Call->Device));
}
