/* Each family of calls of the kernel, above the IRQL at which it may be called, and at it. */
#include "probe.h"

static KEVENT Event;
static KSPIN_LOCK Lock;
static FAST_MUTEX Fast;
static KGUARDED_MUTEX Guarded;
static ERESOURCE Resource;

static VOID
AtIrql(_In_ KIRQL Irql, _In_ SCENE_FUNCTION *Function, _Inout_ CALL *Call)
{
    KIRQL Old;

    KeRaiseIrql(Irql, &Old);
    Function(Call);
    KeLowerIrql(Old);
}

/* Breaks the rule of its name by calling Function at the one IRQL, keeps it by calling it at the other. */
#define IRQL_SCENES(Rule, Wrong, Right, Function)                                                                        \
    BREAKS(Rule, Control)                                                                                                \
    {                                                                                                                    \
        AtIrql(Wrong, Function, Call);                                                                                   \
    }                                                                                                                    \
    KEEPS(Rule, Control)                                                                                                 \
    {                                                                                                                    \
        AtIrql(Right, Function, Call);                                                                                   \
    }
#define ACT(Name)                                                                                                        \
    static VOID Name(_Inout_ CALL *Call)
#define ABOVE (DISPATCH_LEVEL + 1)

BREAKS(IrqlReturn, Control)
{
    KIRQL Irql;

    CompleteIrp(Call->Irp, STATUS_SUCCESS, 0);
    Call->Taken = TRUE;
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
}

KEEPS(IrqlReturn, Control)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Call);
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    KeLowerIrql(Irql);
}

ACT(LockAtDpcLevel)
{
    UNREFERENCED_PARAMETER(Call);
    KeInitializeSpinLock(&Lock);
    KeAcquireSpinLockAtDpcLevel(&Lock);
    KeReleaseSpinLockFromDpcLevel(&Lock);
}
IRQL_SCENES(IrqlDispatch, PASSIVE_LEVEL, DISPATCH_LEVEL, LockAtDpcLevel)

ACT(ReadEvent)
{
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Call->Status = KeReadStateEvent(&Event);
}
IRQL_SCENES(IrqlKeDispatchLte, ABOVE, DISPATCH_LEVEL, ReadEvent)

BREAKS(IrqlKeReleaseSpinLock, Control)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Call);
    KeInitializeSpinLock(&Lock);
    KeAcquireSpinLock(&Lock, &Irql);
    KeReleaseSpinLock(&Lock, APC_LEVEL);
}

KEEPS(IrqlKeReleaseSpinLock, Control)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Call);
    KeInitializeSpinLock(&Lock);
    KeAcquireSpinLock(&Lock, &Irql);
    KeReleaseSpinLock(&Lock, Irql);
}

BREAKS(IrqlKeRaiseLower, Control)
{
    KIRQL Outer;
    KIRQL Inner;

    UNREFERENCED_PARAMETER(Call);
    KeRaiseIrql(DISPATCH_LEVEL, &Outer);
    KeRaiseIrql(APC_LEVEL, &Inner);
    KeLowerIrql(Inner);
    KeLowerIrql(Outer);
}

static VOID
RaiseTwice(KIRQL Restored)
{
    KIRQL Outer;
    KIRQL Inner;

    KeRaiseIrql(APC_LEVEL, &Outer);
    KeRaiseIrql(DISPATCH_LEVEL, &Inner);
    KeLowerIrql(Restored);
    KeLowerIrql(Outer);
}

KEEPS(IrqlKeRaiseLower, Control)
{
    UNREFERENCED_PARAMETER(Call);
    RaiseTwice(APC_LEVEL);
}

BREAKS(IrqlKeRaiseLower2, Control)
{
    UNREFERENCED_PARAMETER(Call);
    RaiseTwice(PASSIVE_LEVEL);
}

KEEPS(IrqlKeRaiseLower2, Control)
{
    UNREFERENCED_PARAMETER(Call);
    RaiseTwice(APC_LEVEL);
}

ACT(SetEventAndWait)
{
    LARGE_INTEGER Now = { .QuadPart = 0 };

    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KeSetEvent(&Event, IO_NO_INCREMENT, TRUE);
    Call->Status = KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Now);
}
IRQL_SCENES(IrqlKeSetEvent, DISPATCH_LEVEL, APC_LEVEL, SetEventAndWait)

ACT(WaitForOne)
{
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    Call->Status = KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
}
IRQL_SCENES(IrqlKeWaitForMutexObject, DISPATCH_LEVEL, APC_LEVEL, WaitForOne)

ACT(WaitForSeveral)
{
    PVOID Objects[1] = { &Event };

    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    Call->Status = KeWaitForMultipleObjects(1, Objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}
IRQL_SCENES(IrqlKeWaitForMultipleObjects, DISPATCH_LEVEL, APC_LEVEL, WaitForSeveral)

ACT(UseGuardedMutex)
{
    UNREFERENCED_PARAMETER(Call);
    KeAcquireGuardedMutex(&Guarded);
    KeReleaseGuardedMutex(&Guarded);
}

BREAKS(IrqlKeApcLte1, Control)
{
    KeInitializeGuardedMutex(&Guarded);
    AtIrql(DISPATCH_LEVEL, UseGuardedMutex, Call);
}

KEEPS(IrqlKeApcLte1, Control)
{
    KeInitializeGuardedMutex(&Guarded);
    UseGuardedMutex(Call);
}

ACT(CriticalRegion)
{
    UNREFERENCED_PARAMETER(Call);
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
}
IRQL_SCENES(IrqlKeApcLte2, DISPATCH_LEVEL, APC_LEVEL, CriticalRegion)

/* ---- pool ---- */

BREAKS(IrqlExAllocatePool, Control)
{
    PVOID Block;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Call);
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    Block = ExAllocatePoolWithTag(PagedPool, 16, POOL_TAG);
    KeLowerIrql(Irql);
    if (Block)
        ExFreePoolWithTag(Block, POOL_TAG);
}

ACT(NonpagedPool)
{
    PVOID Block = ExAllocatePoolWithTag(NonPagedPoolNx, 16, POOL_TAG);

    UNREFERENCED_PARAMETER(Call);
    if (Block)
        ExFreePoolWithTag(Block, POOL_TAG);
}

KEEPS(IrqlExAllocatePool, Control)
{
    AtIrql(DISPATCH_LEVEL, NonpagedPool, Call);
}

static PVOID Paged;

ACT(FreePaged)
{
    UNREFERENCED_PARAMETER(Call);
    ExFreePoolWithTag(Paged, POOL_TAG);
}

#define FREE_SCENES(Rule, Allocation)                                                                                    \
    BREAKS(Rule, Control)                                                                                                \
    {                                                                                                                    \
        Paged = Allocation;                                                                                              \
        if (Paged)                                                                                                       \
            AtIrql(DISPATCH_LEVEL, FreePaged, Call);                                                                     \
    }                                                                                                                    \
    KEEPS(Rule, Control)                                                                                                 \
    {                                                                                                                    \
        Paged = Allocation;                                                                                              \
        if (Paged)                                                                                                       \
            AtIrql(APC_LEVEL, FreePaged, Call);                                                                          \
    }

FREE_SCENES(IrqlExFree1, ExAllocatePoolWithTag(PagedPool, 16, POOL_TAG))
FREE_SCENES(IrqlExFree2, ExAllocatePoolWithTagPriority(PagedPool, 16, POOL_TAG, NormalPoolPriority))
FREE_SCENES(IrqlExFree3, ExAllocatePool2(POOL_FLAG_PAGED, 16, POOL_TAG))

/* ---- the executive ---- */

ACT(UseFastMutex)
{
    UNREFERENCED_PARAMETER(Call);
    ExInitializeFastMutex(&Fast);
    ExAcquireFastMutex(&Fast);
    ExReleaseFastMutex(&Fast);
}
IRQL_SCENES(IrqlExApcLte1, DISPATCH_LEVEL, PASSIVE_LEVEL, UseFastMutex)

ACT(ProbeNothing)
{
    UNREFERENCED_PARAMETER(Call);
    ProbeForRead(NULL, 0, 1);
}
IRQL_SCENES(IrqlExApcLte2, DISPATCH_LEVEL, APC_LEVEL, ProbeNothing)

ACT(UseResource)
{
    UNREFERENCED_PARAMETER(Call);
    ExAcquireResourceExclusiveLite(&Resource, TRUE);
    ExReleaseResourceLite(&Resource);
}

static VOID
WithResource(KIRQL Irql, _Inout_ CALL *Call)
{
    ExInitializeResourceLite(&Resource);
    KeEnterCriticalRegion();
    AtIrql(Irql, UseResource, Call);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&Resource);
}

BREAKS(IrqlExApcLte3, Control)
{
    WithResource(DISPATCH_LEVEL, Call);
}

KEEPS(IrqlExApcLte3, Control)
{
    WithResource(APC_LEVEL, Call);
}

ACT(RaiseStatus)
{
    __try
    {
        ExRaiseStatus(STATUS_INVALID_PARAMETER);
    }
    __except (1) /* EXCEPTION_EXECUTE_HANDLER */
    {
        Call->Status = STATUS_SUCCESS;
    }
}
IRQL_SCENES(IrqlExPassive, DISPATCH_LEVEL, PASSIVE_LEVEL, RaiseStatus)

/* ---- I/O, objects, threads, strings ---- */

static DEVICE_OBJECT *Made;

ACT(DeleteMade)
{
    UNREFERENCED_PARAMETER(Call);
    IoDeleteDevice(Made);
}

ACT(Make)
{
    IoCreateDevice(Call->Device->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &Made);
}

BREAKS(IrqlIoApcLte, Control)
{
    Make(Call);
    AtIrql(DISPATCH_LEVEL, DeleteMade, Call);
}

KEEPS(IrqlIoApcLte, Control)
{
    Make(Call);
    AtIrql(APC_LEVEL, DeleteMade, Call);
}

BREAKS(IrqlIoPassive1, Control)
{
    AtIrql(DISPATCH_LEVEL, Make, Call);
    DeleteMade(Call);
}

KEEPS(IrqlIoPassive1, Control)
{
    Make(Call);
    DeleteMade(Call);
}

ACT(Link)
{
    DECLARE_CONST_UNICODE_STRING(Name, L"\\Device\\NoSuchDevice");
    DECLARE_CONST_UNICODE_STRING(Other, L"\\DosDevices\\NoSuchDevice");

    UNREFERENCED_PARAMETER(Call);
    if (NT_SUCCESS(IoCreateSymbolicLink((UNICODE_STRING *)&Other, (UNICODE_STRING *)&Name)))
        IoDeleteSymbolicLink((UNICODE_STRING *)&Other);
}
IRQL_SCENES(IrqlIoPassive4, DISPATCH_LEVEL, PASSIVE_LEVEL, Link)

ACT(OpenDevice)
{
    DECLARE_CONST_UNICODE_STRING(Name, L"\\Device\\NoSuchDevice");
    FILE_OBJECT *File;
    DEVICE_OBJECT *Device;

    UNREFERENCED_PARAMETER(Call);
    if (NT_SUCCESS(IoGetDeviceObjectPointer((UNICODE_STRING *)&Name, FILE_READ_DATA, &File, &Device)))
        ObDereferenceObject(File);
}
IRQL_SCENES(IrqlIoPassive5, DISPATCH_LEVEL, PASSIVE_LEVEL, OpenDevice)

ACT(ReferenceNothing)
{
    PVOID Object;

    UNREFERENCED_PARAMETER(Call);
    if (NT_SUCCESS(ObReferenceObjectByHandle((HANDLE)(ULONG_PTR)0xFFF4, EVENT_MODIFY_STATE, *ExEventObjectType, UserMode, &Object, NULL)))
        ObDereferenceObject(Object);
}
IRQL_SCENES(IrqlObPassive, DISPATCH_LEVEL, PASSIVE_LEVEL, ReferenceNothing)

static KSTART_ROUTINE NoThread;
static HANDLE Thread;

_Use_decl_annotations_ static VOID
NoThread(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
}

ACT(StartThread)
{
    UNREFERENCED_PARAMETER(Call);
    PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, NoThread, NULL);
}

ACT(CloseThread)
{
    UNREFERENCED_PARAMETER(Call);
    ZwClose(Thread);
}

BREAKS(IrqlPsPassive, Control)
{
    AtIrql(DISPATCH_LEVEL, StartThread, Call);
    CloseThread(Call);
}

KEEPS(IrqlPsPassive, Control)
{
    StartThread(Call);
    CloseThread(Call);
}

BREAKS(IrqlZwPassive, Control)
{
    StartThread(Call);
    AtIrql(DISPATCH_LEVEL, CloseThread, Call);
}

KEEPS(IrqlZwPassive, Control)
{
    StartThread(Call);
    CloseThread(Call);
}

ACT(Compare)
{
    DECLARE_CONST_UNICODE_STRING(One, L"one");
    DECLARE_CONST_UNICODE_STRING(Two, L"TWO");

    Call->Status = RtlCompareUnicodeString(&One, &Two, TRUE) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
IRQL_SCENES(IrqlRtlPassive, DISPATCH_LEVEL, PASSIVE_LEVEL, Compare)

/* ---- paged code and memory ---- */

__attribute__((noinline, section("PAGE"))) static VOID
InPagedSection(_Inout_ CALL *Call)
{
    Call->Flags++;
}
IRQL_SCENES(PagedCode, DISPATCH_LEVEL, APC_LEVEL, InPagedSection)

ACT(TouchPaged)
{
    UNREFERENCED_PARAMETER(Call);
    *(volatile UCHAR *)Paged = 1;
}

static VOID
UsePaged(KIRQL Irql, _Inout_ CALL *Call)
{
    Paged = ExAllocatePoolWithTag(PagedPool, 16, POOL_TAG);
    if (!Paged)
        return;
    TouchPaged(Call);
    AtIrql(Irql, TouchPaged, Call);
    TouchPaged(Call);
    ExFreePoolWithTag(Paged, POOL_TAG);
}

BREAKS(PagedMemory, Control)
{
    UsePaged(DISPATCH_LEVEL, Call);
}

KEEPS(PagedMemory, Control)
{
    AtIrql(DISPATCH_LEVEL, NonpagedPool, Call);
    UsePaged(APC_LEVEL, Call);
    AtIrql(DISPATCH_LEVEL, NonpagedPool, Call);
}

/* A function of the kernel touches it. */
ACT(CopyToPaged)
{
    UNREFERENCED_PARAMETER(Call);
    RtlInitUnicodeString(Paged, L"x");
}

BREAKS(PagedMemory_Passed, Control)
{
    Paged = ExAllocatePoolWithTag(PagedPool, sizeof(UNICODE_STRING), POOL_TAG);
    if (!Paged)
        return;
    AtIrql(DISPATCH_LEVEL, CopyToPaged, Call);
    ExFreePoolWithTag(Paged, POOL_TAG);
}
