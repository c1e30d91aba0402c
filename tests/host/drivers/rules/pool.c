/* Pool: its edges, its release, and what may not lie in it when it goes. */
#include "probe.h"

#define SIZE 33 /* no multiple of the pool's alignment */

static PVOID
Allocate(SIZE_T Size)
{
    return ExAllocatePoolWithTag(NonPagedPoolNx, Size, POOL_TAG);
}

KEEPS(PoolBounds, Control)
{
    volatile UCHAR *Block = Allocate(SIZE);

    UNREFERENCED_PARAMETER(Call);
    Block[0] = Block[SIZE - 1] = 1;
    ExFreePoolWithTag((PVOID)Block, POOL_TAG);
}

static VOID
WriteAt(LONG Offset)
{
    volatile UCHAR *Block = Allocate(SIZE);

    Block[Offset] = 1;
    ExFreePoolWithTag((PVOID)Block, POOL_TAG);
}

BREAKS(PoolOverrunByOne, Control)
{
    UNREFERENCED_PARAMETER(Call);
    WriteAt(SIZE);
}

BREAKS(PoolOverrunFar, Control)
{
    UNREFERENCED_PARAMETER(Call);
    WriteAt(SIZE + 100);
}

BREAKS(PoolUnderrunByOne, Control)
{
    UNREFERENCED_PARAMETER(Call);
    WriteAt(-1);
}

BREAKS(PoolReadAfterFree, Control)
{
    volatile UCHAR *Block = Allocate(SIZE);

    UNREFERENCED_PARAMETER(Call);
    ExFreePoolWithTag((PVOID)Block, POOL_TAG);
    (VOID)Block[0];
}

BREAKS(PoolWrittenAfterFree, Control)
{
    volatile UCHAR *Block = Allocate(SIZE);
    PVOID Others[80];

    UNREFERENCED_PARAMETER(Call);
    ExFreePoolWithTag((PVOID)Block, POOL_TAG);
    Block[5] = 1;
    for (ULONG i = 0; i < ARRAYSIZE(Others); ++i)
        Others[i] = Allocate(SIZE);
    for (ULONG i = 0; i < ARRAYSIZE(Others); ++i)
        ExFreePoolWithTag(Others[i], POOL_TAG);
}

BREAKS(PoolFreedTwice, Control)
{
    PVOID Block = Allocate(SIZE);

    UNREFERENCED_PARAMETER(Call);
    ExFreePoolWithTag(Block, POOL_TAG);
    ExFreePoolWithTag(Block, POOL_TAG);
}

BREAKS(PoolFreedWithAnotherTag, Control)
{
    UNREFERENCED_PARAMETER(Call);
    ExFreePoolWithTag(Allocate(SIZE), 'rehO');
}

BREAKS(PoolFreedInTheMiddle, Control)
{
    UCHAR *Block = Allocate(64);

    UNREFERENCED_PARAMETER(Call);
    ExFreePoolWithTag(Block + 16, POOL_TAG);
    ExFreePoolWithTag(Block, POOL_TAG);
}

BREAKS(PoolWithoutTag, Control)
{
    UNREFERENCED_PARAMETER(Call);
    ExFreePool(ExAllocatePoolWithTag(NonPagedPoolNx, SIZE, 0));
}

BREAKS(PoolOfNoBytes, Control)
{
    UNREFERENCED_PARAMETER(Call);
    ExFreePoolWithTag(Allocate(0), POOL_TAG);
}

BREAKS(PoolLeft, Control)
{
    UNREFERENCED_PARAMETER(Call);
    (VOID)Allocate(SIZE);
}

BREAKS(PoolLeftAtTwoPlaces, Control)
{
    for (volatile ULONG i = 0; i < 3; ++i) /* not unrolled */
        (VOID)Allocate(SIZE);
    Call->Status = Allocate(100) ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

BREAKS(ExecutablePool, Control)
{
    UNREFERENCED_PARAMETER(Call);
    ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPoolExecute, SIZE, POOL_TAG), POOL_TAG);
}

BREAKS(IrpFreed, Control)
{
    ExFreePool(Call->Irp);
}

/* ---- what lies in memory that is freed ---- */

static VOID
UseTimer(BOOLEAN Cancelled)
{
    KTIMER *Timer = Allocate(sizeof(*Timer));
    LARGE_INTEGER Due = { .QuadPart = -10000000 };

    KeInitializeTimer(Timer);
    KeSetTimer(Timer, Due, NULL);
    if (Cancelled)
        KeCancelTimer(Timer);
    ExFreePoolWithTag(Timer, POOL_TAG);
}

BREAKS(TimerInFreedPool, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseTimer(FALSE);
}

KEEPS(TimerInFreedPool, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseTimer(TRUE);
}

static VOID
UseLock(BOOLEAN Released)
{
    KSPIN_LOCK *Lock = Allocate(sizeof(*Lock));
    KIRQL Irql;

    KeInitializeSpinLock(Lock);
    KeAcquireSpinLock(Lock, &Irql);
    if (Released)
        KeReleaseSpinLock(Lock, Irql);
    ExFreePoolWithTag(Lock, POOL_TAG);
}

BREAKS(LockInFreedPool, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseLock(FALSE);
}

KEEPS(LockInFreedPool, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseLock(TRUE);
}

BREAKS(SharedLockInFreedPool, Control)
{
    EX_SPIN_LOCK *Lock = Allocate(64);

    UNREFERENCED_PARAMETER(Call);
    *Lock = 0;
    ExAcquireSpinLockShared(Lock);
    ExFreePoolWithTag((PVOID)Lock, POOL_TAG);
}

static VOID
UseResource(BOOLEAN Deleted)
{
    ERESOURCE *Resource = Allocate(sizeof(*Resource));

    ExInitializeResourceLite(Resource);
    if (Deleted)
        ExDeleteResourceLite(Resource);
    ExFreePoolWithTag(Resource, POOL_TAG);
}

BREAKS(ResourceInFreedPool, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseResource(FALSE);
}

KEEPS(ResourceInFreedPool, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseResource(TRUE);
}

static VOID
UseLookaside(BOOLEAN Deleted)
{
    NPAGED_LOOKASIDE_LIST *List = Allocate(sizeof(*List));

    ExInitializeNPagedLookasideList(List, NULL, NULL, 0, 64, POOL_TAG, 0);
    if (Deleted)
        ExDeleteNPagedLookasideList(List);
    ExFreePoolWithTag(List, POOL_TAG);
}

BREAKS(LookasideInFreedPool, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseLookaside(FALSE);
}

KEEPS(LookasideInFreedPool, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseLookaside(TRUE);
}

static KSTART_ROUTINE WaitFor;
static KEVENT *Waited;

_Use_decl_annotations_ static VOID
WaitFor(PVOID Context)
{
    KEVENT *Event = Context;

    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
}

/* A thread waits for an event in pool by the time of the first control request; the second one frees it. */
static VOID
UseEvent(BOOLEAN Set)
{
    HANDLE Thread;

    if (!Waited)
    {
        Waited = Allocate(sizeof(*Waited));
        KeInitializeEvent(Waited, NotificationEvent, FALSE);
        PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, WaitFor, Waited);
        ZwClose(Thread);
        return;
    }
    if (Set)
        KeSetEvent(Waited, IO_NO_INCREMENT, FALSE);
    ExFreePoolWithTag(Waited, POOL_TAG);
}

BREAKS(EventInFreedPool, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseEvent(FALSE);
}

KEEPS(EventInFreedPool, Control)
{
    UNREFERENCED_PARAMETER(Call);
    UseEvent(TRUE);
}
