/* Scenes for the probe of tests/host: mistakes that only some orders of two threads show, and the same done right. Each control
   request runs one body at once; the code's function number says which. */
#include "probe.h"

enum
{
    WORK = 0,
    OTHER = 1,
    JUDGE = 2,
};

static KSPIN_LOCK Lock;
static KEVENT Ready;
static LONG volatile Counter, Workers, Busy, Inside, Offered;
static IRP *volatile Kept;

static ULONG
FunctionOf(_In_ const CALL *Call)
{
    return IoGetCurrentIrpStackLocation(Call->Irp)->Parameters.DeviceIoControl.IoControlCode >> 2 & 0xFF;
}

static LONG
CounterGet(VOID)
{
    KIRQL Irql;
    LONG Value;

    KeAcquireSpinLock(&Lock, &Irql);
    Value = Counter;
    KeReleaseSpinLock(&Lock, Irql);
    return Value;
}

static VOID
CounterSet(LONG Value)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Lock, &Irql);
    Counter = Value;
    KeReleaseSpinLock(&Lock, Irql);
}

static VOID
CounterJudge(VOID)
{
    if (CounterGet() != Workers)
        KeBugCheckEx(0xE2, 0, 0, 0, 0);
}

BREAKS(LostUpdate, Control)
{
    if (FunctionOf(Call) == JUDGE)
    {
        CounterJudge();
        return;
    }
    CounterSet(CounterGet() + 1);
    InterlockedIncrement(&Workers);
}

KEEPS(LostUpdate, Control)
{
    KIRQL Irql;

    if (FunctionOf(Call) == JUDGE)
    {
        CounterJudge();
        return;
    }
    KeAcquireSpinLock(&Lock, &Irql);
    ++Counter;
    KeReleaseSpinLock(&Lock, Irql);
    InterlockedIncrement(&Workers);
}

/* What only one thread may do at a time. */
static VOID
Exclusive(VOID)
{
    if (InterlockedIncrement(&Inside) > 1)
        KeBugCheckEx(0xE2, 0, 0, 0, 0);
    InterlockedDecrement(&Inside);
}

BREAKS(CheckThenAct, Control)
{
    UNREFERENCED_PARAMETER(Call);
    if (InterlockedOr(&Busy, 0))
        return;
    InterlockedExchange(&Busy, 1);
    Exclusive();
    InterlockedExchange(&Busy, 0);
}

KEEPS(CheckThenAct, Control)
{
    UNREFERENCED_PARAMETER(Call);
    if (InterlockedCompareExchange(&Busy, 1, 0))
        return;
    Exclusive();
    InterlockedExchange(&Busy, 0);
}

static VOID
Offer(VOID)
{
    InterlockedExchange(&Offered, 1);
    KeSetEvent(&Ready, IO_NO_INCREMENT, FALSE);
}

BREAKS(LostWakeup, Initialize)
{
    UNREFERENCED_PARAMETER(Call);
    KeInitializeEvent(&Ready, NotificationEvent, FALSE);
}

BREAKS(LostWakeup, Control)
{
    if (FunctionOf(Call) == OTHER)
    {
        Offer();
        return;
    }
    if (InterlockedOr(&Offered, 0))
        return;
    KeClearEvent(&Ready); /* too late: the offer may have come since */
    KeWaitForSingleObject(&Ready, Executive, KernelMode, FALSE, NULL);
}

KEEPS(LostWakeup, Initialize)
{
    UNREFERENCED_PARAMETER(Call);
    KeInitializeEvent(&Ready, NotificationEvent, FALSE);
}

KEEPS(LostWakeup, Control)
{
    if (FunctionOf(Call) == OTHER)
    {
        Offer();
        return;
    }
    KeClearEvent(&Ready);
    if (InterlockedOr(&Offered, 0))
        return;
    KeWaitForSingleObject(&Ready, Executive, KernelMode, FALSE, NULL);
}

static DRIVER_CANCEL CancelCarelessly, CancelUnderLock;

_Use_decl_annotations_ static VOID
CancelCarelessly(DEVICE_OBJECT *Device, IRP *Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    InterlockedExchangePointer((PVOID volatile *)&Kept, NULL);
    CompleteIrp(Irp, STATUS_CANCELLED, 0);
}

_Use_decl_annotations_ static VOID
CancelUnderLock(DEVICE_OBJECT *Device, IRP *Irp)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&Lock, &Irql);
    if (Kept == Irp)
        Kept = NULL;
    KeReleaseSpinLock(&Lock, Irql);
    CompleteIrp(Irp, STATUS_CANCELLED, 0);
}

static VOID
Keep(_Inout_ CALL *Call, _In_ DRIVER_CANCEL *Cancel)
{
    IoMarkIrpPending(Call->Irp);
    InterlockedExchangePointer((PVOID volatile *)&Kept, Call->Irp);
    IoSetCancelRoutine(Call->Irp, Cancel);
    Call->Status = STATUS_PENDING;
    Call->Taken = TRUE;
}

BREAKS(CancelRace, Read)
{
    Keep(Call, CancelCarelessly);
}

BREAKS(CancelRace, Control)
{
    IRP *Irp = InterlockedExchangePointer((PVOID volatile *)&Kept, NULL);

    UNREFERENCED_PARAMETER(Call);
    if (!Irp)
        return;
    IoSetCancelRoutine(Irp, NULL); /* whether the cancellation has begun is not looked at */
    CompleteIrp(Irp, STATUS_SUCCESS, 0);
}

KEEPS(CancelRace, Read)
{
    Keep(Call, CancelUnderLock);
}

KEEPS(CancelRace, Control)
{
    KIRQL Irql;
    IRP *Irp;

    UNREFERENCED_PARAMETER(Call);
    KeAcquireSpinLock(&Lock, &Irql);
    Irp = Kept;
    if (Irp && !IoSetCancelRoutine(Irp, NULL))
        Irp = NULL; /* its cancellation has begun and will complete it */
    Kept = Irp ? NULL : Kept;
    KeReleaseSpinLock(&Lock, Irql);
    if (Irp)
        CompleteIrp(Irp, STATUS_SUCCESS, 0);
}

/* Counts without any protection: the accesses themselves are all there is to see. */
static LONG volatile Step = 1;

BREAKS(Unprotected, Control)
{
    if (FunctionOf(Call) == JUDGE)
    {
        CounterJudge();
        return;
    }
    Counter = Counter + Step;
    InterlockedIncrement(&Workers);
}

KEEPS(Unprotected, Control)
{
    KIRQL Irql;

    if (FunctionOf(Call) == JUDGE)
    {
        CounterJudge();
        return;
    }
    KeAcquireSpinLock(&Lock, &Irql);
    Counter = Counter + Step;
    KeReleaseSpinLock(&Lock, Irql);
    InterlockedIncrement(&Workers);
}

/* For counting: one lock, taken once. */
KEEPS(Toy, Control)
{
    UNREFERENCED_PARAMETER(Call);
    CounterSet(1);
}

/* Two locks, each thread in its own order. */
static KSPIN_LOCK Second;

BREAKS(Deadlock, Control)
{
    KSPIN_LOCK *One = FunctionOf(Call) == WORK ? &Lock : &Second, *Two = FunctionOf(Call) == WORK ? &Second : &Lock;
    KIRQL Irql;

    KeAcquireSpinLock(One, &Irql);
    KeAcquireSpinLockAtDpcLevel(Two);
    KeReleaseSpinLockFromDpcLevel(Two);
    KeReleaseSpinLock(One, Irql);
}

/* A loop that no other thread can end. */
BREAKS(Livelock, Control)
{
    if (FunctionOf(Call) == OTHER)
    {
        Offer();
        return;
    }
    while (!InterlockedOr(&Offered, 0) || FunctionOf(Call) == WORK)
        YieldProcessor();
}

/* A hand-made lock: it is waited for in a loop. */
KEEPS(SpinByHand, Control)
{
    UNREFERENCED_PARAMETER(Call);
    while (InterlockedCompareExchange(&Busy, 1, 0))
        YieldProcessor();
    Exclusive();
    InterlockedExchange(&Busy, 0);
}
