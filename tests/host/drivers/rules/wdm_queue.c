/* A cancel-safe queue with one place. */
#include "probe.h"

static IO_CSQ Queue;
static KSPIN_LOCK QueueLock;
static IRP *Queued;
static IRP *Late; /* cancelled, and not completed yet */

static IO_CSQ_INSERT_IRP Insert;
static IO_CSQ_REMOVE_IRP Remove;
static IO_CSQ_PEEK_NEXT_IRP Peek;
static IO_CSQ_ACQUIRE_LOCK Lock;
static IO_CSQ_ACQUIRE_LOCK LockNot;
static IO_CSQ_RELEASE_LOCK Unlock;
static IO_CSQ_RELEASE_LOCK UnlockNot;
static IO_CSQ_COMPLETE_CANCELED_IRP Cancelled;
static IO_CSQ_COMPLETE_CANCELED_IRP CancelledNot;

_Use_decl_annotations_ static VOID
Insert(IO_CSQ *Csq, IRP *Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    Queued = Irp;
}

_Use_decl_annotations_ static VOID
Remove(IO_CSQ *Csq, IRP *Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    UNREFERENCED_PARAMETER(Irp);
    Queued = NULL;
}

_Use_decl_annotations_ static IRP *
Peek(IO_CSQ *Csq, IRP *Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Csq);
    UNREFERENCED_PARAMETER(Context);
    return Irp ? NULL : Queued;
}

_Use_decl_annotations_ static VOID
Lock(IO_CSQ *Csq, KIRQL *Irql)
{
    UNREFERENCED_PARAMETER(Csq);
    KeAcquireSpinLock(&QueueLock, Irql);
}

_Use_decl_annotations_ static VOID
Unlock(IO_CSQ *Csq, KIRQL Irql)
{
    UNREFERENCED_PARAMETER(Csq);
    KeReleaseSpinLock(&QueueLock, Irql);
}

_Use_decl_annotations_ static VOID
LockNot(IO_CSQ *Csq, KIRQL *Irql)
{
    UNREFERENCED_PARAMETER(Csq);
    *Irql = PASSIVE_LEVEL;
}

_Use_decl_annotations_ static VOID
UnlockNot(IO_CSQ *Csq, KIRQL Irql)
{
    UNREFERENCED_PARAMETER(Csq);
    UNREFERENCED_PARAMETER(Irql);
}

_Use_decl_annotations_ static VOID
Cancelled(IO_CSQ *Csq, IRP *Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    CompleteIrp(Irp, STATUS_CANCELLED, 0);
}

_Use_decl_annotations_ static VOID
CancelledNot(IO_CSQ *Csq, IRP *Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    Late = Irp;
}

static VOID
Enqueue(_Inout_ CALL *Call)
{
    KeInitializeSpinLock(&QueueLock);
    IoCsqInitialize(&Queue, Insert, Remove, Peek, Lock, Unlock, Cancelled);
    IoMarkIrpPending(Call->Irp);
    IoCsqInsertIrp(&Queue, Call->Irp, NULL);
    Call->Taken = TRUE;
    Call->Status = STATUS_PENDING;
}

static VOID
CompleteQueued(VOID)
{
    IRP *Irp = IoCsqRemoveNextIrp(&Queue, NULL);

    if (Irp)
        CompleteIrp(Irp, STATUS_SUCCESS, 0);
}

/* It completes a request that it has not taken out of its queue. */
BREAKS(PendedCompletedRequest3, Control)
{
    Enqueue(Call);
    IoSetCancelRoutine(Queued, NULL);
    CompleteIrp(Queued, STATUS_SUCCESS, 0);
}

KEEPS(PendedCompletedRequest3, Control)
{
    Enqueue(Call);
}

KEEPS(PendedCompletedRequest3, Cleanup)
{
    UNREFERENCED_PARAMETER(Call);
    CompleteQueued();
}

BREAKS(CsqDoubleInsert, Control)
{
    Enqueue(Call);
    IoCsqInsertIrp(&Queue, Call->Irp, NULL);
}

BREAKS(CsqDoubleInsert, Cleanup)
{
    UNREFERENCED_PARAMETER(Call);
    CompleteQueued();
}

BREAKS(CsqCallbacks, Control)
{
    UNREFERENCED_PARAMETER(Call);
    IoCsqInitialize(&Queue, Insert, Remove, NULL, Lock, Unlock, Cancelled);
}

BREAKS(CsqLock, Control)
{
    IoCsqInitialize(&Queue, Insert, Remove, Peek, LockNot, UnlockNot, Cancelled);
    IoMarkIrpPending(Call->Irp);
    IoCsqInsertIrp(&Queue, Call->Irp, NULL);
    Call->Taken = TRUE;
    Call->Status = STATUS_PENDING;
}

BREAKS(CsqLock, Cleanup)
{
    UNREFERENCED_PARAMETER(Call);
    CompleteQueued();
}

static IO_CSQ_PEEK_NEXT_IRP PeekWrongly;
static IRP *Other;

_Use_decl_annotations_ static IRP *
PeekWrongly(IO_CSQ *Csq, IRP *Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Csq);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return Other;
}

/* It peeks at a request that it never inserted. */
BREAKS(CsqCallbacks_Peek, Control)
{
    KeInitializeSpinLock(&QueueLock);
    IoCsqInitialize(&Queue, Insert, Remove, PeekWrongly, Lock, Unlock, Cancelled);
    Other = Call->Irp;
    if (IoCsqRemoveNextIrp(&Queue, NULL))
        Call->Status = STATUS_UNSUCCESSFUL;
}

/* Cancelled, and not completed until its handle is closed. */
BREAKS(SlowCancellation, Control)
{
    KeInitializeSpinLock(&QueueLock);
    IoCsqInitialize(&Queue, Insert, Remove, Peek, Lock, Unlock, CancelledNot);
    IoMarkIrpPending(Call->Irp);
    IoCsqInsertIrp(&Queue, Call->Irp, NULL);
    Call->Taken = TRUE;
    Call->Status = STATUS_PENDING;
}

BREAKS(SlowCancellation, Cleanup)
{
    UNREFERENCED_PARAMETER(Call);
    if (Late)
        CompleteIrp(Late, STATUS_CANCELLED, 0);
}

KEEPS(SlowCancellation, Control)
{
    Enqueue(Call);
}
