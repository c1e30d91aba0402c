/* Spin locks, IRQL and mutexes: what is a macro or inline in C. */
#pragma once

/* The lock is one word; free is zero. */
FORCEINLINE VOID
KeInitializeSpinLock(_Out_ PKSPIN_LOCK SpinLock)
{
    *SpinLock = 0;
}

#ifdef _X86_
#define KeAcquireSpinLock(lock, irql) (*(irql) = KfAcquireSpinLock(lock))
#define KeReleaseSpinLock(lock, irql) KfReleaseSpinLock(lock, irql)
#define KeAcquireSpinLockAtDpcLevel(lock) KefAcquireSpinLockAtDpcLevel(lock)
#define KeReleaseSpinLockFromDpcLevel(lock) KefReleaseSpinLockFromDpcLevel(lock)
#else
#define KeAcquireSpinLock(lock, irql) (*(irql) = KeAcquireSpinLockRaiseToDpc(lock))
#endif

#ifndef _AMD64_
#define KeLowerIrql(irql) KfLowerIrql(irql)
#endif
#ifdef _ARM64_
#define KeRaiseIrqlToDpcLevel() KfRaiseIrql(DISPATCH_LEVEL)
#endif
#define KeRaiseIrql(irql, old) (*(old) = KfRaiseIrql(irql))

#define ExAcquireSpinLock(lock, irql) KeAcquireSpinLock(lock, irql)
#define ExReleaseSpinLock(lock, irql) KeReleaseSpinLock(lock, irql)
#define ExAcquireSpinLockAtDpcLevel(lock) KeAcquireSpinLockAtDpcLevel(lock)
#define ExReleaseSpinLockFromDpcLevel(lock) KeReleaseSpinLockFromDpcLevel(lock)

/* Lists that need no lock. */
#ifdef _X86_
#define ExQueryDepthSList(head) ((head)->Depth)
#define InterlockedFlushSList(head) ExInterlockedFlushSList(head)
#else
#define InterlockedPopEntrySList(head) ExpInterlockedPopEntrySList(head)
#define InterlockedPushEntrySList(head, entry) ExpInterlockedPushEntrySList(head, entry)
#define InterlockedFlushSList(head) ExpInterlockedFlushSList(head)
#define ExInterlockedFlushSList(head) ExpInterlockedFlushSList(head)
#endif
#define ExInitializeSListHead(head) InitializeSListHead(head)
#define QueryDepthSList(head) ExQueryDepthSList(head)

/* Lists that a spin lock guards: x86 has them under other names. */
#ifdef _X86_
#define ExInterlockedInsertHeadList(head, entry, lock) ExfInterlockedInsertHeadList(head, entry, lock)
#define ExInterlockedInsertTailList(head, entry, lock) ExfInterlockedInsertTailList(head, entry, lock)
#define ExInterlockedRemoveHeadList(head, lock) ExfInterlockedRemoveHeadList(head, lock)
#define ExInterlockedPopEntryList(head, lock) ExfInterlockedPopEntryList(head, lock)
#define ExInterlockedPushEntryList(head, entry, lock) ExfInterlockedPushEntryList(head, entry, lock)
#define ExInterlockedAddUlong(addend, increment, lock) ExfInterlockedAddUlong(addend, increment, lock)
#endif

FORCEINLINE VOID
ExInitializeFastMutex(_Out_ PFAST_MUTEX FastMutex)
{
    FastMutex->Count = FM_LOCK_BIT;
    FastMutex->Owner = NULL;
    FastMutex->Contention = 0;
    KeInitializeEvent(&FastMutex->Event, SynchronizationEvent, FALSE);
}

#define KeWaitForMutexObject KeWaitForSingleObject

#define ExGetCurrentResourceThread() ((ERESOURCE_THREAD)(PVOID)KeGetCurrentThread())

#define IoInitializeRemoveLock(lock, tag, minutes, most) \
    IoInitializeRemoveLockEx(lock, tag, minutes, most, sizeof(IO_REMOVE_LOCK))
#define IoAcquireRemoveLock(lock, tag) IoAcquireRemoveLockEx(lock, tag, "", 1, sizeof(IO_REMOVE_LOCK))
#define IoReleaseRemoveLock(lock, tag) IoReleaseRemoveLockEx(lock, tag, sizeof(IO_REMOVE_LOCK))
#define IoReleaseRemoveLockAndWait(lock, tag) IoReleaseRemoveLockAndWaitEx(lock, tag, sizeof(IO_REMOVE_LOCK))

#define KeInitializeCallbackRecord(record) ((record)->State = BufferEmpty)

/* In checked builds, pageable code says so where it starts. */
#if DBG
#define NT_ASSERT(condition) ((condition) ? (VOID)0 : RtlAssert((PVOID)#condition, (PVOID)__FILE__, __LINE__, NULL))
#define PAGED_CODE() NT_ASSERT(KeGetCurrentIrql() <= APC_LEVEL)
#else
#define NT_ASSERT(condition) ((VOID)0)
#define PAGED_CODE() ((VOID)0)
#endif
#define ASSERT(condition) NT_ASSERT(condition)
#define NT_VERIFY(condition) ((condition) ? TRUE : FALSE)

#if DBG
#define KdPrint(arguments) DbgPrint arguments
#define KdPrintEx(arguments) DbgPrintEx arguments
#else
#define KdPrint(arguments) ((VOID)0)
#define KdPrintEx(arguments) ((VOID)0)
#endif
