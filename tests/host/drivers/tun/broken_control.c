/* Mistakes that a control request sets off, so that all else of the driver stays sound. */
#include "tun.h"

#if WITH_MISTAKES
volatile CHOSEN_MISTAKE ChosenMistake = { "chosen mistake:", MISTAKE_NONE };

static VOID
UseLockWrongly(TUN *Tun)
{
    KIRQL Irql;
    KIRQL Inner;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    if (MISTAKE(LOCK_HELD))
        return;
    if (MISTAKE(PASSIVE_UNDER_LOCK))
        NdisMSleep(10);
    if (MISTAKE(DOUBLE_ACQUIRE))
    {
        KeAcquireSpinLock(&Tun->Lock, &Inner);
        KeReleaseSpinLock(&Tun->Lock, Inner);
    }
    KeReleaseSpinLock(&Tun->Lock, Irql);
}

static VOID
LockInBothOrders(TUN *Tun)
{
    KIRQL Irql;
    KSPIN_LOCK *Other = &Tun->SecondLock;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    KeAcquireSpinLockAtDpcLevel(Other);
    KeReleaseSpinLockFromDpcLevel(Other);
    KeReleaseSpinLock(&Tun->Lock, Irql);
    KeAcquireSpinLock(Other, &Irql);
    KeAcquireSpinLockAtDpcLevel(&Tun->Lock);
    KeReleaseSpinLockFromDpcLevel(&Tun->Lock);
    KeReleaseSpinLock(Other, Irql);
}

static VOID
UsePoolWrongly(VOID)
{
    volatile UCHAR *Block = ExAllocatePoolWithTag(NonPagedPoolNx, 32, POOL_TAG);

    if (MISTAKE(OVERRUN))
        Block[32] = 1;
    ExFreePoolWithTag((VOID *)Block, POOL_TAG);
    if (MISTAKE(USE_AFTER_FREE))
        Block[0] = 1;
    if (MISTAKE(POOL_TWICE))
        ExFreePoolWithTag((VOID *)Block, POOL_TAG);
}

__attribute__((noinline)) static VOID
TouchNull(VOID)
{
    ((volatile TUN *)NULL)->Handles = 1;
}

__attribute__((noinline)) static ULONG
Descend(volatile ULONG *Depth)
{
    volatile ULONG Frame[200];

    Frame[0] = ++*Depth;
    return *Depth < 1000000 ? Descend(Depth) + Frame[0] : Frame[0];
}

static NTSTATUS
CompleteWrongly(TUN *Tun, IRP *Irp)
{
    KIRQL Irql;

    if (MISTAKE(NOT_COMPLETED) || MISTAKE(NOT_MARKED))
    {
        ExReleaseRundownProtection(&Tun->Requests);
        return MISTAKE(NOT_MARKED) ? STATUS_PENDING : STATUS_SUCCESS;
    }
    if (MISTAKE(COMPLETED_AND_PENDED))
    {
        CompleteIrp(Tun, Irp, STATUS_SUCCESS, 0);
        return STATUS_PENDING;
    }
    if (MISTAKE(STATUS_PENDING))
    {
        CompleteIrp(Tun, Irp, STATUS_PENDING, 0);
        return STATUS_PENDING;
    }
    if (MISTAKE(COMPLETE_UNDER_LOCK))
    {
        KeAcquireSpinLock(&Tun->Lock, &Irql);
        CompleteIrp(Tun, Irp, STATUS_SUCCESS, 0);
        KeReleaseSpinLock(&Tun->Lock, Irql);
        return STATUS_SUCCESS;
    }
    CompleteIrp(Tun, Irp, STATUS_INVALID_PARAMETER, 0);
    return MISTAKE(WRONG_STATUS) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS
BrokenControl(TUN *Tun, IRP *Irp)
{
    KIRQL Irql;
    ULONG Depth = 0;

    if (MISTAKE(IRQL_NOT_RESTORED))
        KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    if (MISTAKE(LOCK_HELD) || MISTAKE(PASSIVE_UNDER_LOCK) || MISTAKE(DOUBLE_ACQUIRE))
        UseLockWrongly(Tun);
    if (MISTAKE(LOCK_ORDER))
        LockInBothOrders(Tun);
    if (MISTAKE(OVERRUN) || MISTAKE(USE_AFTER_FREE) || MISTAKE(POOL_TWICE))
        UsePoolWrongly();
    if (MISTAKE(NULL))
        TouchNull();
    if (MISTAKE(BUG_CHECK))
        KeBugCheckEx(0xE2, 1, 2, 3, 4);
    if (MISTAKE(STACK_OVERFLOW))
        Descend(&Depth);
    return CompleteWrongly(Tun, Irp);
}
#endif
