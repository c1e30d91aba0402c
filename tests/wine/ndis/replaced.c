/* SPDX-License-Identifier: MIT
 *
 * IRQL, spin locks, rundown protection, MDLs and notifications, for the driver alone.
 */
#include "test_ndis.h"
#include "slots.h"

/* ---- IRQL: in a field of the thread's block that is there for user32, which a driver's thread does not use ---- */

#define THREAD_FIELD "0x150"

KIRQL
TestKeGetCurrentIrql(void)
{
    ULONG Irql;

    __asm__ volatile("movl %%gs:" THREAD_FIELD ", %0" : "=r"(Irql));
    return (KIRQL)Irql;
}

KIRQL
IrqlSet(KIRQL Irql)
{
    KIRQL Before = TestKeGetCurrentIrql();

    __asm__ volatile("movl %0, %%gs:" THREAD_FIELD : : "r"((ULONG)Irql));
    return Before;
}

KIRQL
TestKeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    KIRQL Before = IrqlSet(DISPATCH_LEVEL);

    KeAcquireSpinLockRaiseToDpc(SpinLock);
    return Before;
}

void
TestKeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    KeReleaseSpinLock(SpinLock, NewIrql);
    IrqlSet(NewIrql);
}

/* ---- rundown protection: twice the number of holders, and 1 while it is being run down ---- */

#define RUNNING_DOWN 1
#define ONE_HOLDER 2

void
TestExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    RunRef->Count = 0;
}

BOOLEAN
TestExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    LONG64 volatile *Count = (LONG64 volatile *)&RunRef->Count;

    for (;;)
    {
        LONG64 Before = *Count;

        if (Before & RUNNING_DOWN)
            return FALSE;
        if (InterlockedCompareExchange64(Count, Before + ONE_HOLDER, Before) == Before)
            return TRUE;
    }
}

void
TestExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    InterlockedExchangeAdd64((LONG64 volatile *)&RunRef->Count, -ONE_HOLDER);
}

void
TestExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    LONG64 volatile *Count = (LONG64 volatile *)&RunRef->Count;
    LARGE_INTEGER Pause = { .QuadPart = -10000 };

    InterlockedOr64(Count, RUNNING_DOWN);
    while (*Count != RUNNING_DOWN)
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
}

/* ---- MDLs: what Wine's I/O manager locks is in this process, at the address that the MDL says ---- */

PVOID
TestMmMapLockedPagesSpecifyCache(
    PMDL Mdl,
    KPROCESSOR_MODE AccessMode,
    MEMORY_CACHING_TYPE CacheType,
    PVOID RequestedAddress,
    ULONG BugCheckOnFailure,
    ULONG Priority)
{
    UNREFERENCED_PARAMETER(AccessMode);
    UNREFERENCED_PARAMETER(CacheType);
    UNREFERENCED_PARAMETER(RequestedAddress);
    UNREFERENCED_PARAMETER(BugCheckOnFailure);
    UNREFERENCED_PARAMETER(Priority);
    Mdl->MappedSystemVa = MmGetMdlVirtualAddress(Mdl);
    Mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    if (Mdl->MdlFlags & MDL_PARTIAL)
        Mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    return Mdl->MappedSystemVa;
}

void
TestMmUnmapLockedPages(PVOID BaseAddress, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(BaseAddress);
    Mdl->MdlFlags &= ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
}

void
TestIoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    const UCHAR *Start = MmGetMdlVirtualAddress(SourceMdl);
    ULONG Offset = (ULONG)((const UCHAR *)VirtualAddress - Start);

    if (Offset + Length > MmGetMdlByteCount(SourceMdl))
        LogLine("mistake partial-mdl-outside %lu\n", Offset + Length);
    TargetMdl->StartVa = PAGE_ALIGN(VirtualAddress);
    TargetMdl->ByteOffset = BYTE_OFFSET(VirtualAddress);
    TargetMdl->ByteCount = Length != 0 ? Length : MmGetMdlByteCount(SourceMdl) - Offset;
    TargetMdl->MdlFlags = MDL_PARTIAL;
}

/* ---- notifications: none comes, but they are counted ---- */

static LONG Notifications;

NTSTATUS
TestIoRegisterPlugPlayNotification(
    IO_NOTIFICATION_EVENT_CATEGORY EventCategory,
    ULONG EventCategoryFlags,
    PVOID EventCategoryData,
    PDRIVER_OBJECT DriverObject,
    PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine,
    PVOID Context,
    PVOID *NotificationEntry)
{
    UNREFERENCED_PARAMETER(EventCategory);
    UNREFERENCED_PARAMETER(EventCategoryFlags);
    UNREFERENCED_PARAMETER(EventCategoryData);
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(CallbackRoutine);
    UNREFERENCED_PARAMETER(Context);
    LogLine("notifications %ld\n", InterlockedIncrement(&Notifications));
    *NotificationEntry = &Notifications;
    return STATUS_SUCCESS;
}

NTSTATUS
TestIoUnregisterPlugPlayNotificationEx(PVOID NotificationEntry)
{
    UNREFERENCED_PARAMETER(NotificationEntry);
    LogLine("notifications %ld\n", InterlockedDecrement(&Notifications));
    return STATUS_SUCCESS;
}
