/* NDIS's names for spin locks, lists, strings, memory and waiting. */
#pragma once

#define NDIS_CURRENT_IRQL() KeGetCurrentIrql()
#define NDIS_RAISE_IRQL_TO_DISPATCH(old) KeRaiseIrql(DISPATCH_LEVEL, old)
#define NDIS_LOWER_IRQL(old, current) \
    do { \
        if ((current) != (old)) { \
            KeLowerIrql(old); \
        } \
    } while (0)

#define NdisAcquireSpinLock(lock) KeAcquireSpinLock(&(lock)->SpinLock, &(lock)->OldIrql)
#define NdisReleaseSpinLock(lock) KeReleaseSpinLock(&(lock)->SpinLock, (lock)->OldIrql)
#define NdisDprAcquireSpinLock(lock) KeAcquireSpinLockAtDpcLevel(&(lock)->SpinLock)
#define NdisDprReleaseSpinLock(lock) KeReleaseSpinLockFromDpcLevel(&(lock)->SpinLock)

FORCEINLINE VOID
NdisAllocateSpinLock(_Out_ PNDIS_SPIN_LOCK SpinLock)
{
    KeInitializeSpinLock(&SpinLock->SpinLock);
}

/* A spin lock owns nothing. */
FORCEINLINE VOID
NdisFreeSpinLock(_In_ PNDIS_SPIN_LOCK SpinLock)
{
    UNREFERENCED_PARAMETER(SpinLock);
}

#define NdisInterlockedIncrement(addend) InterlockedIncrement(addend)
#define NdisInterlockedDecrement(addend) InterlockedDecrement(addend)
#define NdisInitializeListHead(head) InitializeListHead(head)
#define NdisInterlockedInsertHeadList(head, entry, lock) ExInterlockedInsertHeadList(head, entry, &(lock)->SpinLock)
#define NdisInterlockedInsertTailList(head, entry, lock) ExInterlockedInsertTailList(head, entry, &(lock)->SpinLock)
#define NdisInterlockedRemoveHeadList(head, lock) ExInterlockedRemoveHeadList(head, &(lock)->SpinLock)
#define NdisInterlockedAddUlong(addend, increment, lock) ExInterlockedAddUlong(addend, increment, &(lock)->SpinLock)
#define NdisAllocateFromNPagedLookasideList(lookaside) ExAllocateFromNPagedLookasideList(lookaside)
#define NdisFreeToNPagedLookasideList(lookaside, entry) ExFreeToNPagedLookasideList(lookaside, entry)
#define NdisDeleteNPagedLookasideList(lookaside) ExDeleteNPagedLookasideList(lookaside)
#define NdisStallExecution(microseconds) KeStallExecutionProcessor(microseconds)
#define NdisMoveMemory(destination, source, length) RtlCopyMemory(destination, source, length)
#define NdisZeroMemory(destination, length) RtlZeroMemory(destination, length)
#define NdisFillMemory(destination, length, fill) RtlFillMemory(destination, length, fill)
#define NdisEqualMemory(one, other, length) RtlEqualMemory(one, other, length)
#define NdisRetrieveUlong(destination, source) RtlCopyMemory(destination, source, sizeof(ULONG))
#define NdisStoreUlong(destination, value) (*(ULONG UNALIGNED *)(destination) = (value))
#define NdisInitUnicodeString(string, text) RtlInitUnicodeString(string, text)
#define NdisEqualString(one, other, ignore_case) RtlEqualUnicodeString(one, other, ignore_case)
#define NdisEqualUnicodeString(one, other, ignore_case) RtlEqualUnicodeString(one, other, ignore_case)
#define NdisFreeString(string) NdisFreeMemory((string).Buffer, (string).MaximumLength, 0)
#define NDIS_STRING_CONST(text) { sizeof(L##text) - sizeof(WCHAR), sizeof(L##text), L##text }
#define NdisGetPhysicalAddressHigh(address) ((address).HighPart)
#define NdisGetPhysicalAddressLow(address) ((address).LowPart)
#define NdisSetPhysicalAddressHigh(address, value) (((address).HighPart) = (value))
#define NdisSetPhysicalAddressLow(address, value) (((address).LowPart) = (value))
#define NDIS_PHYSICAL_ADDRESS_CONST(low, high) { { (ULONG)(low), (LONG)(high) } }
#define NDIS_MAKE_RID(segment, bus, function) (((segment) << 16) | ((bus) << 8) | (function))
#define NdisReadRegisterUlong(address, data) (*(data) = READ_REGISTER_ULONG((volatile ULONG *)(address)))
#define NdisWriteRegisterUlong(address, data) WRITE_REGISTER_ULONG((volatile ULONG *)(address), data)
