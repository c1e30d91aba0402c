/* What Driver Verifier provokes: allocations that fail, and threads that are delayed at the wrong moment. */
#include "probe.h"

static VOID
UseBlock(BOOLEAN Checked)
{
    volatile UCHAR *Block = ExAllocatePoolWithTag(NonPagedPoolNx, 16, POOL_TAG);

    if (Checked && !Block)
        return;
    Block[0] = 1;
    ExFreePoolWithTag((PVOID)Block, POOL_TAG);
}

BREAKS(LowResources, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseBlock(FALSE);
}

KEEPS(LowResources, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseBlock(TRUE);
}

/* ---- the first request waits for the others, of which one completes it ---- */

static IRP *Waiting;
static BOOLEAN Started;
static KSPIN_LOCK Lock;
static KEVENT Event;

static BOOLEAN
First(_Inout_ CALL *Call)
{
    if (Started)
        return FALSE;
    Started = TRUE;
    KeInitializeSpinLock(&Lock);
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    IoMarkIrpPending(Call->Irp);
    Waiting = Call->Irp;
    Call->Taken = TRUE;
    Call->Status = STATUS_PENDING;
    return TRUE;
}

/* Looks, is delayed, and takes what it saw. */
BREAKS(Race, Control)
{
    IRP *Irp;

    if (First(Call))
        return;
    Irp = *(IRP *volatile *)&Waiting;
    KeSetEvent(&Event, IO_NO_INCREMENT, FALSE);
    if (!Irp)
        return;
    Waiting = NULL;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

KEEPS(Race, Control)
{
    IRP *Irp;
    KIRQL Irql;

    if (First(Call))
        return;
    KeAcquireSpinLock(&Lock, &Irql);
    Irp = Waiting;
    KeSetEvent(&Event, IO_NO_INCREMENT, FALSE);
    Waiting = NULL;
    KeReleaseSpinLock(&Lock, Irql);
    if (Irp)
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
}
