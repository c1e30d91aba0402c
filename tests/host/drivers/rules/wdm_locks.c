/* Spin locks, queued spin locks, regions and resources, and the order in which locks are taken. */
#include "probe.h"

static KSPIN_LOCK First;
static KSPIN_LOCK Second;
static ERESOURCE Resource;
static KDPC Dpc;
static FAST_MUTEX FastFirst;
static FAST_MUTEX FastSecond;

static VOID
CompleteFirst(_Inout_ CALL *Call)
{
    CompleteIrp(Call->Irp, STATUS_SUCCESS, 0);
    Call->Taken = TRUE;
}

BREAKS(SpinLock, Control)
{
    KIRQL Irql;

    CompleteFirst(Call);
    KeInitializeSpinLock(&First);
    KeAcquireSpinLock(&First, &Irql);
}

KEEPS(SpinLock, Control)
{
    KIRQL Outer;
    KIRQL Inner;

    UNREFERENCED_PARAMETER(Call);
    KeInitializeSpinLock(&First);
    KeInitializeSpinLock(&Second);
    KeAcquireSpinLock(&First, &Outer);
    KeAcquireSpinLock(&Second, &Inner);
    KeReleaseSpinLock(&Second, Inner);
    KeReleaseSpinLock(&First, Outer);
}

static KDEFERRED_ROUTINE LocksInDpc;

/* Its context: whether to release the lock. */
_Use_decl_annotations_ static VOID
LocksInDpc(KDPC *Object, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&First);
    if (Context)
        KeReleaseSpinLockFromDpcLevel(&First);
}

static VOID
QueueDpc(_In_opt_ PVOID Context)
{
    KeInitializeSpinLock(&First);
    KeInitializeDpc(&Dpc, LocksInDpc, Context);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}

BREAKS(SpinLockDpc, Control)
{
    UNREFERENCED_PARAMETER(Call);
    QueueDpc(NULL);
}

KEEPS(SpinLockDpc, Control)
{
    QueueDpc(Call);
}

BREAKS(SpinlockRelease, Control)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Call);
    KeInitializeSpinLock(&First);
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    KeReleaseSpinLock(&First, DISPATCH_LEVEL);
    KeLowerIrql(Irql);
}

KEEPS(SpinlockRelease, Control)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Call);
    KeInitializeSpinLock(&First);
    KeAcquireSpinLock(&First, &Irql);
    KeReleaseSpinLock(&First, Irql);
}

BREAKS(SpinLockSafe, Control)
{
    KIRQL Irql;

    KeInitializeSpinLock(&First);
    KeAcquireSpinLock(&First, &Irql);
    CompleteFirst(Call);
    KeReleaseSpinLock(&First, Irql);
}

KEEPS(SpinLockSafe, Control)
{
    KIRQL Irql;

    KeInitializeSpinLock(&First);
    KeAcquireSpinLock(&First, &Irql);
    KeReleaseSpinLock(&First, Irql);
    CompleteFirst(Call);
}

BREAKS(QueuedSpinLock, Control)
{
    KLOCK_QUEUE_HANDLE Handle;

    CompleteFirst(Call);
    KeInitializeSpinLock(&First);
    KeAcquireInStackQueuedSpinLock(&First, &Handle);
}

BREAKS(QueuedSpinLockRelease, Control)
{
    KLOCK_QUEUE_HANDLE Handle;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Call);
    KeInitializeSpinLock(&First);
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    KeAcquireInStackQueuedSpinLock(&First, &Handle);
    KeReleaseInStackQueuedSpinLock(&Handle);
    KeReleaseInStackQueuedSpinLock(&Handle);
    KeLowerIrql(Irql);
}

static VOID
UseQueuedLock(VOID)
{
    KLOCK_QUEUE_HANDLE Handle;

    KeInitializeSpinLock(&First);
    KeAcquireInStackQueuedSpinLock(&First, &Handle);
    KeReleaseInStackQueuedSpinLock(&Handle);
}

KEEPS(QueuedSpinLock, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseQueuedLock();
}

KEEPS(QueuedSpinLockRelease, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseQueuedLock();
}

/* ---- regions and resources ---- */

BREAKS(CriticalRegions, Control)
{
    UNREFERENCED_PARAMETER(Call);
    KeEnterCriticalRegion();
}

KEEPS(CriticalRegions, Control)
{
    UNREFERENCED_PARAMETER(Call);
    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
    KeLeaveCriticalRegion();
}

BREAKS(GuardedRegions, Control)
{
    UNREFERENCED_PARAMETER(Call);
    KeEnterGuardedRegion();
}

BREAKS(GuardedRegions_Leave, Control)
{
    UNREFERENCED_PARAMETER(Call);
    KeLeaveGuardedRegion();
}

KEEPS(GuardedRegions, Control)
{
    UNREFERENCED_PARAMETER(Call);
    KeEnterGuardedRegion();
    KeLeaveGuardedRegion();
}

BREAKS(ExclusiveResourceAccess, Control)
{
    UNREFERENCED_PARAMETER(Call);
    ExInitializeResourceLite(&Resource);
    KeEnterCriticalRegion();
    ExReleaseResourceLite(&Resource);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&Resource);
}

static VOID
UseResource(BOOLEAN InRegion)
{
    ExInitializeResourceLite(&Resource);
    if (InRegion)
        KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&Resource, TRUE);
    ExReleaseResourceLite(&Resource);
    if (InRegion)
        KeLeaveCriticalRegion();
    ExDeleteResourceLite(&Resource);
}

KEEPS(ExclusiveResourceAccess, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseResource(TRUE);
}

BREAKS(WithinCriticalRegion, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseResource(FALSE);
}

KEEPS(WithinCriticalRegion, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseResource(TRUE);
}

/* ---- orders ---- */

static VOID
Take(_Inout_ KSPIN_LOCK *Outer, _Inout_ KSPIN_LOCK *Inner)
{
    KIRQL Irql;

    KeAcquireSpinLock(Outer, &Irql);
    KeAcquireSpinLockAtDpcLevel(Inner);
    KeReleaseSpinLockFromDpcLevel(Inner);
    KeReleaseSpinLock(Outer, Irql);
}

static VOID
TakeInTwoOrders(BOOLEAN Reversed)
{
    KeInitializeSpinLock(&First);
    KeInitializeSpinLock(&Second);
    Take(&First, &Second);
    if (Reversed)
        Take(&Second, &First);
    else
        Take(&First, &Second);
}

BREAKS(SpinLockOrder, Control)
{
    UNREFERENCED_PARAMETER(Call);
    TakeInTwoOrders(TRUE);
}

KEEPS(SpinLockOrder, Control)
{
    UNREFERENCED_PARAMETER(Call);
    TakeInTwoOrders(FALSE);
}

/* A mutex inside a resource, then the resource inside the mutex. */
static VOID
TakeSleepingLocks(BOOLEAN Reversed)
{
    ExInitializeFastMutex(&FastFirst);
    ExInitializeFastMutex(&FastSecond);
    ExAcquireFastMutex(&FastFirst);
    ExAcquireFastMutex(&FastSecond);
    ExReleaseFastMutex(&FastSecond);
    ExReleaseFastMutex(&FastFirst);
    ExAcquireFastMutex(Reversed ? &FastSecond : &FastFirst);
    ExAcquireFastMutex(Reversed ? &FastFirst : &FastSecond);
    ExReleaseFastMutex(Reversed ? &FastFirst : &FastSecond);
    ExReleaseFastMutex(Reversed ? &FastSecond : &FastFirst);
}

BREAKS(LockOrder, Control)
{
    UNREFERENCED_PARAMETER(Call);
    TakeSleepingLocks(TRUE);
}

KEEPS(LockOrder, Control)
{
    UNREFERENCED_PARAMETER(Call);
    TakeSleepingLocks(FALSE);
}

static VOID
TakeResourceAndMutex(BOOLEAN MutexFirst)
{
    KeEnterCriticalRegion();
    if (MutexFirst)
        ExAcquireFastMutex(&FastFirst);
    ExAcquireResourceExclusiveLite(&Resource, TRUE);
    if (!MutexFirst)
    {
        ExAcquireFastMutex(&FastFirst);
        ExReleaseFastMutex(&FastFirst);
    }
    ExReleaseResourceLite(&Resource);
    if (MutexFirst)
        ExReleaseFastMutex(&FastFirst);
    KeLeaveCriticalRegion();
}

BREAKS(LockOrder_Resource, Control)
{
    UNREFERENCED_PARAMETER(Call);
    ExInitializeFastMutex(&FastFirst);
    ExInitializeResourceLite(&Resource);
    TakeResourceAndMutex(FALSE);
    TakeResourceAndMutex(TRUE);
    ExDeleteResourceLite(&Resource);
}
