/* What the stack sends waits here, oldest first, for a read, a cancel or its age. */
#include "tun.h"

static VOID
QueueAppend(SEND_QUEUE *Queue, NET_BUFFER_LIST *Nbl)
{
    NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
    if (Queue->Last)
        NET_BUFFER_LIST_NEXT_NBL(Queue->Last) = Nbl;
    else
        Queue->First = Nbl;
    Queue->Last = Nbl;
    ++Queue->Count;
}

static NET_BUFFER_LIST *
QueueTake(SEND_QUEUE *Queue)
{
    NET_BUFFER_LIST *Nbl = Queue->First;

    Queue->First = NET_BUFFER_LIST_NEXT_NBL(Nbl);
    if (!Queue->First)
        Queue->Last = NULL;
    NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
    --Queue->Count;
    return Nbl;
}

/* Under the lock. */
static NDIS_STATUS
Refusal(const TUN *Tun)
{
    if (Tun->Removed)
        return NDIS_STATUS_NOT_ACCEPTED;
    if (Tun->Paused)
        return NDIS_STATUS_PAUSED;
    if (Tun->LowPower)
        return NDIS_STATUS_LOW_POWER_STATE;
    return Tun->Handles ? NDIS_STATUS_SUCCESS : NDIS_STATUS_SEND_ABORTED;
}

/* Under the lock. The armed timer is in flight until it was cancelled or has run. */
static VOID
TimerArm(TUN *Tun, ULONG Now)
{
    LARGE_INTEGER Due;

    if (Tun->TimerArmed || !Tun->Sends.First || MISTAKE(NO_AGEING))
        return;
    Due.QuadPart = -10000LL * (MAX_AGE - (LONG)(Now - *QueuedAtOf(Tun->Sends.First)));
    NdisSetTimerObject(Tun->AgeTimer, Due, 0, NULL);
    Tun->TimerArmed = TRUE;
    ++Tun->InFlight;
}

/* Oldest first: over the limit the oldest gives way. Under the lock. */
static VOID
QueueChain(TUN *Tun, NET_BUFFER_LIST *Chain, SEND_QUEUE *Evicted, SEND_QUEUE *Empty)
{
    ULONG Now = UptimeMs();
    NET_BUFFER_LIST *Next;

    for (NET_BUFFER_LIST *Nbl = Chain; Nbl; Nbl = Next)
    {
        Next = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_SUCCESS;
        *CursorOf(Nbl) = NET_BUFFER_LIST_FIRST_NB(Nbl);
        *QueuedAtOf(Nbl) = Now;
        ++Tun->InFlight;
        QueueAppend(*CursorOf(Nbl) ? &Tun->Sends : Empty, Nbl);
        if (Tun->Sends.Count > MAX_QUEUED)
        {
            QueueAppend(Evicted, QueueTake(&Tun->Sends));
            ++Tun->Counters.ifOutDiscards;
        }
    }
    TimerArm(Tun, Now);
}

static VOID
RefuseChain(NDIS_HANDLE Adapter, NET_BUFFER_LIST *Chain, NDIS_STATUS Status)
{
    for (NET_BUFFER_LIST *Nbl = Chain; Nbl; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl))
        NET_BUFFER_LIST_STATUS(Nbl) = MISTAKE(SEND_WRONG_STATUS) ? NDIS_STATUS_SUCCESS : Status;
    NdisMSendNetBufferListsComplete(Adapter, Chain, 0);
}

_Use_decl_annotations_ VOID
TunSend(NDIS_HANDLE Context, NET_BUFFER_LIST *Chain, NDIS_PORT_NUMBER Port, ULONG Flags)
{
    TUN *Tun = Context;
    SEND_QUEUE Evicted = { 0 };
    SEND_QUEUE Empty = { 0 };
    NDIS_STATUS Status;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Port);
    UNREFERENCED_PARAMETER(Flags);
    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Status = Refusal(Tun);
    if (Status == NDIS_STATUS_SUCCESS)
    {
        ++Tun->InFlight; /* this thread's: it uses the adapter after its NBLs may be gone */
        QueueChain(Tun, Chain, &Evicted, &Empty);
    }
    KeReleaseSpinLock(&Tun->Lock, Irql);
    if (Status != NDIS_STATUS_SUCCESS)
    {
        RefuseChain(Tun->Adapter, Chain, Status);
        return;
    }
    CompleteSends(Tun, Evicted.First, NDIS_STATUS_SEND_ABORTED);
    CompleteSends(Tun, Empty.First, NDIS_STATUS_SUCCESS);
    Drain(Tun);
    FlowLeave(Tun, 1);
}

_Use_decl_annotations_ VOID
TunCancelSend(NDIS_HANDLE Context, PVOID CancelId)
{
    TUN *Tun = Context;
    SEND_QUEUE Kept = { 0 };
    SEND_QUEUE Cancelled = { 0 };
    KIRQL Irql;

    if (MISTAKE(CANCEL_MISSES))
        return;
    KeAcquireSpinLock(&Tun->Lock, &Irql);
    while (Tun->Sends.First)
    {
        NET_BUFFER_LIST *Nbl = QueueTake(&Tun->Sends);

        QueueAppend(NDIS_GET_NET_BUFFER_LIST_CANCEL_ID(Nbl) == CancelId ? &Cancelled : &Kept, Nbl);
    }
    Tun->Sends = Kept;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    CompleteSends(Tun, Cancelled.First, NDIS_STATUS_SEND_ABORTED);
}

/* Give up all that waits, for a reason that has a status. */
VOID
SendsFlush(TUN *Tun, NDIS_STATUS Status)
{
    NET_BUFFER_LIST *Chain;
    ULONG Tokens = 0;
    KIRQL Irql;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Chain = Tun->Sends.First;
    Tun->Sends = (SEND_QUEUE){ 0 };
    if (Tun->TimerArmed && NdisCancelTimerObject(Tun->AgeTimer))
    {
        Tun->TimerArmed = FALSE;
        Tokens = 1;
    }
    KeReleaseSpinLock(&Tun->Lock, Irql);
    CompleteSends(Tun, Chain, Status);
    FlowLeave(Tun, Tokens);
}

_Use_decl_annotations_ VOID
AgeElapsed(PVOID Specific1, PVOID Context, PVOID Specific2, PVOID Specific3)
{
    TUN *Tun = Context;
    SEND_QUEUE Old = { 0 };
    ULONG Now = UptimeMs();
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Specific1);
    UNREFERENCED_PARAMETER(Specific2);
    UNREFERENCED_PARAMETER(Specific3);
    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Tun->TimerArmed = FALSE;
    while (Tun->Sends.First && Now - *QueuedAtOf(Tun->Sends.First) >= MAX_AGE)
    {
        QueueAppend(&Old, QueueTake(&Tun->Sends));
        ++Tun->Counters.ifOutDiscards;
    }
    TimerArm(Tun, Now);
    KeReleaseSpinLock(&Tun->Lock, Irql);
    CompleteSends(Tun, Old.First, NDIS_STATUS_SEND_ABORTED);
    FlowLeave(Tun, 1);
}

/* The drainer's next NBL. */
NET_BUFFER_LIST *
SendsTake(TUN *Tun)
{
    NET_BUFFER_LIST *Nbl = NULL;
    KIRQL Irql;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    if (Tun->Sends.First)
        Nbl = QueueTake(&Tun->Sends);
    KeReleaseSpinLock(&Tun->Lock, Irql);
    return Nbl;
}

/* What the drainer could not finish goes to the head again. FALSE: the flow was stopped meanwhile, and that is its status now. */
BOOLEAN
SendsPutBack(TUN *Tun, NET_BUFFER_LIST *Nbl)
{
    NDIS_STATUS Status;
    KIRQL Irql;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Status = Refusal(Tun);
    if (Status == NDIS_STATUS_SUCCESS)
    {
        NET_BUFFER_LIST_NEXT_NBL(Nbl) = Tun->Sends.First;
        Tun->Sends.First = Nbl;
        if (!Tun->Sends.Last)
            Tun->Sends.Last = Nbl;
        ++Tun->Sends.Count;
        TimerArm(Tun, UptimeMs());
    }
    else
        NET_BUFFER_LIST_STATUS(Nbl) = Status;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    return Status == NDIS_STATUS_SUCCESS;
}
