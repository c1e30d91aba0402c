/* SPDX-License-Identifier: MIT
 *
 * Cancel-safe queues, as the documentation of IoCsqInitializeEx describes them; without IO_CSQ_IRP_CONTEXT.
 */
#include "test_ndis.h"
#include "slots.h"

#define QUEUE_SLOT 3 /* of DriverContext: documented as the framework's */

static VOID
CancelQueued(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_CSQ Csq = Irp->Tail.Overlay.DriverContext[QUEUE_SLOT];
    KIRQL Irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Csq->CsqAcquireLock(Csq, &Irql);
    Csq->CsqRemoveIrp(Csq, Irp);
    Csq->CsqReleaseLock(Csq, Irql);
    Csq->CsqCompleteCanceledIrp(Csq, Irp);
}

NTSTATUS
TestIoCsqInitializeEx(
    PIO_CSQ Csq,
    PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
    PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
    PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
    PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
    PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
    PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    Csq->Type = IO_TYPE_CSQ_EX;
    Csq->CsqInsertIrp = (PIO_CSQ_INSERT_IRP)(ULONG_PTR)CsqInsertIrp;
    Csq->CsqRemoveIrp = CsqRemoveIrp;
    Csq->CsqPeekNextIrp = CsqPeekNextIrp;
    Csq->CsqAcquireLock = CsqAcquireLock;
    Csq->CsqReleaseLock = CsqReleaseLock;
    Csq->CsqCompleteCanceledIrp = CsqCompleteCanceledIrp;
    Csq->ReservePointer = NULL;
    return STATUS_SUCCESS;
}

NTSTATUS
TestIoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext)
{
    PIO_CSQ_INSERT_IRP_EX Insert = (PIO_CSQ_INSERT_IRP_EX)(ULONG_PTR)Csq->CsqInsertIrp;
    BOOLEAN Cancelled = FALSE;
    NTSTATUS Status;
    KIRQL Irql;

    if (Context != NULL)
        return STATUS_NOT_SUPPORTED;
    Irp->Tail.Overlay.DriverContext[QUEUE_SLOT] = Csq;
    Csq->CsqAcquireLock(Csq, &Irql);
    Status = Insert(Csq, Irp, InsertContext);
    if (NT_SUCCESS(Status))
    {
        IoMarkIrpPending(Irp);
        IoSetCancelRoutine(Irp, CancelQueued);
        /* Cancelled before the routine was there: whoever takes it away again completes the request. */
        Cancelled = Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL;
        if (Cancelled)
            Csq->CsqRemoveIrp(Csq, Irp);
    }
    Csq->CsqReleaseLock(Csq, Irql);
    if (Cancelled)
        Csq->CsqCompleteCanceledIrp(Csq, Irp);
    return Status;
}

PIRP
TestIoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    PIRP Irp = NULL;
    KIRQL Irql;

    Csq->CsqAcquireLock(Csq, &Irql);
    do
        Irp = Csq->CsqPeekNextIrp(Csq, Irp, PeekContext);
    while (Irp != NULL && IoSetCancelRoutine(Irp, NULL) == NULL);
    if (Irp != NULL)
        Csq->CsqRemoveIrp(Csq, Irp);
    Csq->CsqReleaseLock(Csq, Irql);
    return Irp;
}
