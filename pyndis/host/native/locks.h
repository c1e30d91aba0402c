/* Spin locks of every kind: who holds what, in which order. */
#pragma once
#include "host.h"

enum lock_kind { LOCK_PLAIN = 1, LOCK_AT_DPC, LOCK_QUEUED, LOCK_QUEUED_AT_DPC, LOCK_NDIS, LOCK_NDIS_DPR, LOCK_SHARED, LOCK_EXCLUSIVE, LOCK_RW_READ, LOCK_RW_WRITE, LOCK_CANCEL, LOCK_SLEEPING };
typedef _Atomic uintptr_t word_t; /* as wide as a KSPIN_LOCK */
void lock_acquire(word_t *word, enum lock_kind kind, bool raise, uint8_t *old_irql);
/* Checks that this thread holds it in that way; lowers to `irql` unless it is KEEP_IRQL. */
enum { KEEP_IRQL = 0xFF };
void lock_release(word_t *word, enum lock_kind kind, uint8_t irql, const char *call);
const char *lock_rule(enum lock_kind kind);
/* Mutexes and resources, for the order in which locks are taken: before the thread may wait for one, when it has it, when not any more
   (false: this thread had not). */
void sleeping_lock_wanted(const void *lock);
void sleeping_lock_taken(const void *lock);
bool sleeping_lock_released(const void *lock);
/* Broken rule where a call that leaves the driver is made with a lock held. */
void locks_free_check(const char *call, const void *object);
/* The memory goes: forget its locks' order. */
void locks_forget(uintptr_t address, size_t size);
/* Where the driver's lock lies: a lock of 32 bits keeps its state elsewhere. */
const void *lock_address(const struct held *held);
