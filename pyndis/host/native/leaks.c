/* What a driver leaves behind: one report per kind of object, tag and call stack that made it. */
#include "blocks.h"

struct leak {
    struct block *first;
    unsigned count;
    size_t bytes;
    struct leak *next;
};
struct leak_search {
    const void *owner;
    struct leak *found, **end;
};

static const char *leak_rule(const struct block *block)
{
    switch (block->kind) {
    case BLOCK_MDL: return "NdisAllocateMdl";
    case BLOCK_NB: return "NdisAllocateNetBuffer";
    case BLOCK_NBL: return "NetBufferListLeak";
    case BLOCK_NBL_POOL:
    case BLOCK_NB_POOL: return "NetBufferPoolLeak";
    case BLOCK_TIMER: return "CancelTimerObject";
    case BLOCK_WORK_ITEM: return "Init_NdisAllocateIoWorkItem";
    case BLOCK_CONFIGURATION: return "NdisOpenConfigurationEx";
    case BLOCK_GENERIC: return "NdisAllocateGenericObject";
    case BLOCK_DEVICE: return "DeviceLeak";
    case BLOCK_NOTIFICATION: return "NotificationLeak";
    case BLOCK_OBJECT: return "ReferenceLeak";
    default: return "PoolLeak";
    }
}

static bool same_place(const struct block *a, const struct block *b)
{
    return a->kind == b->kind && a->tag == b->tag && a->made_by == b->made_by && !memcmp(a->allocated, b->allocated, sizeof a->allocated);
}

static bool drivers(const struct block *block, const void *owner)
{
    if (block->hosts || (owner && block->owner != owner))
        return false;
    return block->kind != BLOCK_IRP && block->kind != BLOCK_MAPPING && block->kind != BLOCK_DATA && block->kind != BLOCK_FILE && block->kind != BLOCK_HANDLE;
}

static void leak_visit(struct block *block, void *argument)
{
    struct leak_search *search = argument;
    if (!drivers(block, search->owner))
        return;
    struct leak *leak = search->found;
    while (leak && !same_place(leak->first, block))
        leak = leak->next;
    if (!leak) {
        leak = calloc(1, sizeof *leak);
        leak->first = block;
        *search->end = leak;
        search->end = &leak->next;
    }
    leak->count++;
    leak->bytes += block->size;
}

static void leak_report(const struct leak *leak, const char *when)
{
    const struct block *block = leak->first;
    const char *by = block->made_by ? block->made_by : "the driver";
    char tag[32] = "";
    if (block->kind == BLOCK_POOL)
        snprintf(tag, sizeof tag, " with the tag '%.4s'", (const char *)&block->tag);
    if (leak->count == 1)
        violation(leak_rule(block), (void *)block->address, "a %s of %zu bytes%s made by %s is left %s", block_kind_names[block->kind], block->size, tag, by, when);
    else
        violation(leak_rule(block), (void *)block->address, "%u blocks (%s) of %zu bytes together%s made by %s at one place are left %s", leak->count, block_kind_names[block->kind],
                  leak->bytes, tag, by, when);
}

void leaks_report(const void *owner, const char *when)
{
    struct leak_search search = {.owner = owner};
    search.end = &search.found;
    blocks_each(leak_visit, &search);
    for (struct leak *leak = search.found, *next; leak; leak = next) {
        next = leak->next;
        leak_report(leak, when);
        free(leak);
    }
}
