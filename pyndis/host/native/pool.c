/* Pool: tags, kinds, guard pages, what is freed wrongly. */
#include "blocks.h"
#include "tracked.h"
#include "paged.h"
#include <sys/mman.h>

enum { POOL_NONPAGED = 0, POOL_PAGED = 1, POOL_NX = 512 };
static const uint64_t FLAG2_UNINITIALIZED = 2, FLAG2_RAISE = 0x20, FLAG2_NONPAGED = 0x40, FLAG2_NONPAGED_EXECUTE = 0x80, FLAG2_PAGED = 0x100;

static void *pool_new(size_t size, uint32_t tag, bool paged, bool zeroed)
{
    if (!size)
        violation("ZeroLengthAllocation", NULL, "a pool allocation of zero bytes");
    if (!tag)
        violation("PoolTag", NULL, "a pool allocation of %zu bytes without a tag", size);
    if (paged && self->irql > APC)
        violation("IrqlExAllocatePool", NULL, "paged pool is allocated at IRQL %u", self->irql);
    if (size > 1ull << 31)
        return NULL;
    struct block *block = block_new(BLOCK_POOL, size, zeroed);
    block->tag = tag;
    block->paged = paged;
    if (paged && !block->size_class) {
        size_t length;
        uint8_t *base = block_pages(block, &length);
        paged_add((uintptr_t)base, length, PROT_READ | PROT_WRITE, false);
    }
    return block_memory(block);
}

void *pool_allocate(size_t size, uint32_t tag, void *owner)
{
    void *memory = pool_new(size, tag, false, false);
    struct block *block = memory ? block_find(memory) : NULL;
    if (block)
        block->owner = owner;
    return memory;
}

/* Three rules say at which IRQL pool is freed; they differ in the call that allocated it. */
static const char *free_rule(const struct block *block)
{
    bool priority = !strcmp(block->made_by, "ExAllocatePoolWithTagPriority");
    return priority ? "IrqlExFree2" : !strcmp(block->made_by, "ExAllocatePoolWithTag") ? "IrqlExFree1" : "IrqlExFree3";
}

void pool_free(void *memory, uint32_t tag, const char *call)
{
    struct block *block = block_find(memory);
    if (block && block->kind == BLOCK_IRP && block->live) {
        violation("IrpFreedAsPool", memory, "%s(%p): this is a request of the I/O manager", call, memory);
        return;
    }
    if (!block || block->address != (uintptr_t)memory || block->kind != BLOCK_POOL) {
        violation("PoolInvalidFree", memory, "%s(%p): this is not the start of a pool block", call, memory);
        return;
    }
    if (!block->live) {
        violation("PoolDoubleFree", memory, "%s(%p): the block is already free", call, memory);
        return;
    }
    if (tag && (block->tag & 0x7FFFFFFF) != (tag & 0x7FFFFFFF))
        violation("PoolTagMismatch", memory, "%s frees a block with the tag 0x%08x; it was allocated with 0x%08x", call, tag, block->tag);
    if (block->paged && self->irql > APC)
        violation(free_rule(block), memory, "%s frees paged pool at IRQL %u", call, self->irql);
    if (block->paged && !block->size_class)
        paged_remove(block->address & ~(uintptr_t)(PAGE - 1));
    memory_leaves(block->address, block->size, call);
    block_free(block);
}

static void *pool_typed(uint32_t type, size_t size, uint32_t tag, bool zeroed)
{
    if ((type & POOL_NX) && settings.os_major == 6 && settings.os_minor < 2)
        violation("NonPagedPoolNxOnWindows7", NULL, "NonPagedPoolNx (512) is asked for on Windows %u.%u, which does not know it", settings.os_major, settings.os_minor);
    bool paged = type & POOL_PAGED;
    if (!paged && !(type & POOL_NX) && settings.os_major * 10 + settings.os_minor >= 62)
        violation("ExecutablePool", NULL, "executable pool (type %u) is asked for; NonPagedPoolNx is %u", type, POOL_NX);
    return pool_new(size, tag, paged, zeroed);
}

EXPORT_F(void *, ExAllocatePoolWithTag, uint32_t type, size_t size, uint32_t tag)
{
    ENTER_FAILS(ExAllocatePoolWithTag, NULL, true);
    return fail_ ? NULL : pool_typed(type, size, tag, false);
}

EXPORT_F(void *, ExAllocatePoolWithTagPriority, uint32_t type, size_t size, uint32_t tag, int priority)
{
    ENTER_FAILS(ExAllocatePoolWithTagPriority, NULL, true);
    (void)priority;
    return fail_ ? NULL : pool_typed(type, size, tag, false);
}

EXPORT_F(void *, ExAllocatePoolZero, uint32_t type, size_t size, uint32_t tag)
{
    ENTER_FAILS(ExAllocatePoolZero, NULL, true);
    return fail_ ? NULL : pool_typed(type, size, tag, true);
}

EXPORT_F(void *, ExAllocatePool2, uint64_t flags, size_t size, uint32_t tag)
{
    ENTER_FAILS(ExAllocatePool2, NULL, true);
    uint64_t kinds = flags & (FLAG2_NONPAGED | FLAG2_NONPAGED_EXECUTE | FLAG2_PAGED);
    if (!kinds || (kinds & (kinds - 1)) || !tag) {
        violation("PoolFlags", NULL, "ExAllocatePool2 with flags 0x%llx and tag 0x%x", (unsigned long long)flags, tag);
        return NULL;
    }
    if (kinds == FLAG2_NONPAGED_EXECUTE)
        violation("ExecutablePool", NULL, "executable pool is asked for");
    if (flags & FLAG2_RAISE)
        violation("PoolFlags", NULL, "ExAllocatePool2 is asked to raise on failure");
    return fail_ ? NULL : pool_new(size, tag, kinds == FLAG2_PAGED, !(flags & FLAG2_UNINITIALIZED));
}

EXPORT(void, ExFreePoolWithTag, void *memory, uint32_t tag)
{
    ENTER(ExFreePoolWithTag, memory);
    pool_free(memory, tag, "ExFreePoolWithTag");
}

EXPORT(void, ExFreePool, void *memory)
{
    ENTER(ExFreePool, memory);
    pool_free(memory, 0, "ExFreePool");
}

/* ---- NDIS memory ---- */

EXPORT_F(void *, NdisAllocateMemoryWithTagPriority, void *handle, uint32_t size, uint32_t tag, int priority)
{
    ENTER_FAILS(NdisAllocateMemoryWithTagPriority, handle, true);
    (void)priority;
    if (!tag)
        violation("NdisAllocateMemoryWithTagPriority", handle, "an allocation of %u bytes without a tag", size);
    return fail_ ? NULL : pool_allocate(size, tag ? tag : 1, handle);
}

EXPORT_F(uint32_t, NdisAllocateMemoryWithTag, void **memory, uint32_t size, uint32_t tag)
{
    ENTER_FAILS(NdisAllocateMemoryWithTag, NULL, true);
    *memory = fail_ ? NULL : pool_allocate(size, tag, NULL);
    return *memory ? 0 : NDIS_STATUS_FAILURE;
}

EXPORT(void, NdisFreeMemory, void *memory, uint32_t size, uint32_t flags)
{
    ENTER(NdisFreeMemory, memory);
    (void)size;
    if (flags)
        violation("Irql_Miscellaneous_Function", memory, "NdisFreeMemory with the legacy flags 0x%x", flags);
    pool_free(memory, 0, "NdisFreeMemory");
}

EXPORT(void, NdisFreeMemoryWithTagPriority, void *handle, void *memory, uint32_t tag)
{
    ENTER(NdisFreeMemoryWithTagPriority, memory);
    (void)handle;
    pool_free(memory, tag, "NdisFreeMemoryWithTagPriority");
}

EXPORT(void, NdisFreeMemoryWithTag, void *memory, uint32_t tag)
{
    ENTER(NdisFreeMemoryWithTag, memory);
    pool_free(memory, tag, "NdisFreeMemoryWithTag");
}
