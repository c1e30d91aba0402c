/* Reader/writer spin locks of the executive, and NDIS' spin and RW locks. */
#include "blocks.h"
#include "locks.h"

/* An EX_SPIN_LOCK is a LONG: its neighbours in memory are not ours. The held state lives in a table beside it. */
struct wide {
    const void *address;
    word_t word;
    struct wide *next;
};
static struct wide *_Atomic wides[1024];

static word_t *word_of(const void *address)
{
    struct wide *_Atomic *head = &wides[((uintptr_t)address >> 2) % COUNT(wides)];
    for (;;) {
        struct wide *first = atomic_load(head);
        for (struct wide *wide = first; wide; wide = wide->next)
            if (wide->address == address)
                return &wide->word;
        struct wide *made = calloc(1, sizeof *made);
        made->address = address;
        made->next = first;
        if (atomic_compare_exchange_strong(head, &first, made))
            return &made->word;
        free(made);
    }
}

const void *lock_address(const struct held *held)
{
    bool wide = held->kind == LOCK_SHARED || held->kind == LOCK_EXCLUSIVE;
    return wide ? ((const struct wide *)((const char *)held->lock - offsetof(struct wide, word)))->address : held->lock;
}

EXPORT(uint8_t, ExAcquireSpinLockExclusive, int32_t *lock)
{
    ENTER(ExAcquireSpinLockExclusive, lock);
    uint8_t old;
    lock_acquire(word_of(lock), LOCK_EXCLUSIVE, true, &old);
    return old;
}

EXPORT(uint8_t, ExAcquireSpinLockShared, int32_t *lock)
{
    ENTER(ExAcquireSpinLockShared, lock);
    uint8_t old;
    lock_acquire(word_of(lock), LOCK_SHARED, true, &old);
    return old;
}

EXPORT(void, ExReleaseSpinLockExclusive, int32_t *lock, uint8_t irql)
{
    ENTER(ExReleaseSpinLockExclusive, lock);
    lock_release(word_of(lock), LOCK_EXCLUSIVE, irql, "ExReleaseSpinLockExclusive");
}

EXPORT(void, ExReleaseSpinLockShared, int32_t *lock, uint8_t irql)
{
    ENTER(ExReleaseSpinLockShared, lock);
    lock_release(word_of(lock), LOCK_SHARED, irql, "ExReleaseSpinLockShared");
}

EXPORT(void, ExAcquireSpinLockExclusiveAtDpcLevel, int32_t *lock)
{
    ENTER(ExAcquireSpinLockExclusiveAtDpcLevel, lock);
    lock_acquire(word_of(lock), LOCK_EXCLUSIVE, false, NULL);
}

EXPORT(void, ExAcquireSpinLockSharedAtDpcLevel, int32_t *lock)
{
    ENTER(ExAcquireSpinLockSharedAtDpcLevel, lock);
    lock_acquire(word_of(lock), LOCK_SHARED, false, NULL);
}

EXPORT(void, ExReleaseSpinLockExclusiveFromDpcLevel, int32_t *lock)
{
    ENTER(ExReleaseSpinLockExclusiveFromDpcLevel, lock);
    lock_release(word_of(lock), LOCK_EXCLUSIVE, KEEP_IRQL, "ExReleaseSpinLockExclusiveFromDpcLevel");
}

EXPORT(void, ExReleaseSpinLockSharedFromDpcLevel, int32_t *lock)
{
    ENTER(ExReleaseSpinLockSharedFromDpcLevel, lock);
    lock_release(word_of(lock), LOCK_SHARED, KEEP_IRQL, "ExReleaseSpinLockSharedFromDpcLevel");
}

EXPORT(int32_t, ExTryConvertSharedSpinLockExclusive, int32_t *lock)
{
    ENTER(ExTryConvertSharedSpinLockExclusive, lock);
    word_t *word = word_of(lock);
    uintptr_t only_us = 2;
    for (int i = self->held_count - 1; i >= 0; i--) {
        if (self->held[i].lock != (const void *)word || self->held[i].kind != LOCK_SHARED)
            continue;
        if (!atomic_compare_exchange_strong(word, &only_us, (uintptr_t)self->id << 1 | 1))
            return 0;
        self->held[i].kind = LOCK_EXCLUSIVE;
        return 1;
    }
    violation("SpinLockRelease", lock, "ExTryConvertSharedSpinLockExclusive on a lock that this thread does not hold shared");
    return 0;
}

/* ---- NDIS ---- */

EXPORT(void, NdisAllocateSpinLock, NDIS_SPIN_LOCK *lock)
{
    ENTER(NdisAllocateSpinLock, lock);
    memset(lock, 0, sizeof *lock);
}

EXPORT(void, NdisFreeSpinLock, NDIS_SPIN_LOCK *lock)
{
    ENTER(NdisFreeSpinLock, lock);
    if (atomic_load((word_t *)lock))
        violation("SpinLock", lock, "NdisFreeSpinLock frees a lock that is held");
}

EXPORT(void, NdisAcquireSpinLock, NDIS_SPIN_LOCK *lock)
{
    ENTER(NdisAcquireSpinLock, lock);
    uint8_t old;
    lock_acquire((word_t *)lock, LOCK_NDIS, true, &old);
    lock->OldIrql = old;
}

EXPORT(void, NdisReleaseSpinLock, NDIS_SPIN_LOCK *lock)
{
    ENTER(NdisReleaseSpinLock, lock);
    lock_release((word_t *)lock, LOCK_NDIS, lock->OldIrql, "NdisReleaseSpinLock");
}

EXPORT(void, NdisDprAcquireSpinLock, NDIS_SPIN_LOCK *lock)
{
    ENTER(NdisDprAcquireSpinLock, lock);
    lock_acquire((word_t *)lock, LOCK_NDIS_DPR, false, NULL);
}

EXPORT(void, NdisDprReleaseSpinLock, NDIS_SPIN_LOCK *lock)
{
    ENTER(NdisDprReleaseSpinLock, lock);
    lock_release((word_t *)lock, LOCK_NDIS_DPR, KEEP_IRQL, "NdisDprReleaseSpinLock");
}

EXPORT_F(void *, NdisAllocateRWLock, void *handle)
{
    ENTER_FAILS(NdisAllocateRWLock, handle, true);
    if (fail_)
        return NULL;
    struct block *block = block_new(BLOCK_RW_LOCK, 64, true);
    return block_memory(block);
}

EXPORT(void, NdisFreeRWLock, void *lock)
{
    ENTER(NdisFreeRWLock, lock);
    struct block *block = block_at(lock, BLOCK_RW_LOCK);
    if (!block) {
        violation("InvalidHandle", lock, "NdisFreeRWLock(%p): no such lock", lock);
        return;
    }
    locks_forget(block->address, block->size);
    block_free(block);
}

static void rw_acquire(void *lock, LOCK_STATE_EX *state, uint8_t flags, enum lock_kind kind)
{
    bool at_dispatch = flags & 1; /* NDIS_RWL_AT_DISPATCH_LEVEL */
    if (at_dispatch && self->irql != DISPATCH)
        violation("Irql_Synch_Function", lock, "an RW lock is acquired with NDIS_RWL_AT_DISPATCH_LEVEL at IRQL %u", self->irql);
    uint8_t old;
    lock_acquire(lock, kind, true, &old);
    state->OldIrql = old;
    state->LockState = (uint8_t)kind;
    state->Flags = flags;
}

EXPORT(void, NdisAcquireRWLockRead, void *lock, LOCK_STATE_EX *state, uint8_t flags)
{
    ENTER(NdisAcquireRWLockRead, lock);
    rw_acquire(lock, state, flags, LOCK_RW_READ);
}

EXPORT(void, NdisAcquireRWLockWrite, void *lock, LOCK_STATE_EX *state, uint8_t flags)
{
    ENTER(NdisAcquireRWLockWrite, lock);
    rw_acquire(lock, state, flags, LOCK_RW_WRITE);
}

EXPORT(void, NdisReleaseRWLock, void *lock, LOCK_STATE_EX *state)
{
    ENTER(NdisReleaseRWLock, lock);
    lock_release(lock, (enum lock_kind)state->LockState, state->OldIrql, "NdisReleaseRWLock");
}
