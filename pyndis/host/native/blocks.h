/* The ledger: every piece of memory the simulated kernel gives out, what it is, who made it, whether it is still alive. */
#pragma once
#include "host.h"

enum block_kind {
    BLOCK_NONE, BLOCK_POOL, BLOCK_MDL, BLOCK_IRP, BLOCK_NBL, BLOCK_NB, BLOCK_NBL_POOL, BLOCK_NB_POOL, BLOCK_OID, BLOCK_DEVICE, BLOCK_FILE,
    BLOCK_HANDLE, BLOCK_TIMER, BLOCK_WORK_ITEM, BLOCK_NOTIFICATION, BLOCK_CONFIGURATION, BLOCK_RW_LOCK, BLOCK_MAPPING, BLOCK_DATA, BLOCK_OBJECT, BLOCK_GENERIC,
    BLOCK_KINDS,
};
struct block {
    uintptr_t address;
    size_t size;
    uint32_t tag;
    uint8_t kind;
    bool live, paged, read_only, hosts; /* hosts: the host's own, no leak of the driver's */
    uint8_t size_class;
    atomic_int lent; /* NBLs out with the stack that use this memory */
    void *owner;     /* adapter it was made with, or NULL */
    void *record;    /* what the host keeps beside it */
    const char *made_by, *freed_by;
    uintptr_t allocated[STACK_MAX], freed[STACK_MAX];
    uint32_t allocated_thread, freed_thread;
    uint64_t identity;  /* in a deterministic schedule: the same for the same allocation of the same task */
    uint64_t number;    /* of an NBL: which indication, or position in its send chain */
    bool requests, built, writes; /* of an MDL: the I/O manager's own; describes pages; the driver may write to them */
    struct block *next, **slab; /* slab: all records of its slab, by position */
    uintptr_t slab_base;
};
extern const char *const block_kind_names[BLOCK_KINDS];
void blocks_start(void);
/* Memory of `size` bytes, its end (or its start: settings.underrun) against an inaccessible page (guard mode). Content: zero, or a pattern when not `zeroed`. */
struct block *block_new(enum block_kind kind, size_t size, bool zeroed);
void block_free(struct block *block);
/* Copies the start of a block that another thread may free meanwhile. FALSE: it is not live any more. */
bool block_peek(const struct block *block, void *to, size_t size);
struct block *block_find(const void *address);
/* The whole pages that a block with guard pages lies in. */
uint8_t *block_pages(const struct block *block, size_t *size);
/* The live block of that kind that starts at `address`, or NULL. */
struct block *block_at(const void *address, enum block_kind kind);
/* Inaccessible address space of whole pages with guards around it, for mappings. */
struct block *block_reserve(enum block_kind kind, size_t pages);
void block_describe(struct text *report, const void *object);
/* Calls `visit` for every live block. */
void blocks_each(void (*visit)(struct block *block, void *argument), void *argument);
/* leaks.c: reports what the driver has left, all of it or (owner) what belongs to one adapter; once per place that made it. */
void leaks_report(const void *owner, const char *when);
static inline void *block_memory(struct block *block)
{
    return (void *)block->address;
}
