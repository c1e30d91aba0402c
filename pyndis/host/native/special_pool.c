/* Special pool: guard pages catch an access beyond a block's page at once; patterns show the rest when the block is freed or used
   again. With special_pool=overrun a small block ends at its page's end (rounded up to 16 bytes), with underrun it begins at its start. */
#include "special_pool.h"

static bool has_slack(const struct block *block)
{
    return settings.guard && block->kind != BLOCK_MAPPING && !block->size_class;
}

void slack_fill(struct block *block)
{
    size_t length;
    uint8_t *base = block_pages(block, &length), *start = block_memory(block);
    if (!has_slack(block))
        return;
    memset(base, FILL_SLACK, (size_t)(start - base));
    memset(start + block->size, FILL_SLACK, length - (size_t)(start - base) - block->size);
}

static size_t disturbed(const uint8_t *from, const uint8_t *end, uint8_t pattern)
{
    for (const uint8_t *at = from; at < end; at++)
        if (*at != pattern)
            return (size_t)(at - from) + 1;
    return 0;
}

void slack_check(const struct block *block)
{
    size_t length;
    const uint8_t *base = block_pages(block, &length), *start = (const uint8_t *)block->address;
    if (!has_slack(block))
        return;
    size_t after = disturbed(start + block->size, base + length, FILL_SLACK), before = disturbed(base, start, FILL_SLACK);
    if (after)
        violation("PoolOverrun", start, "the byte %zu past the end of a %s of %zu bytes was overwritten", after, block_kind_names[block->kind], block->size);
    if (before)
        violation("PoolUnderrun", start, "the byte %zu before the start of a %s of %zu bytes was overwritten", (size_t)(start - base) - before + 1,
                  block_kind_names[block->kind], block->size);
}

void slab_poison(const struct block *block)
{
    if (settings.verifier)
        memset((void *)block->address, FILL_FREED, block->size);
}

void slab_poison_check(const struct block *block)
{
    const uint8_t *start = (const uint8_t *)block->address;
    size_t written = settings.verifier && block->freed_by ? disturbed(start, start + block->size, FILL_FREED) : 0;
    if (written)
        violation("UseAfterFree", start, "a %s of %zu bytes was written at offset %zu after %s released it", block_kind_names[block->kind], block->size, written - 1, block->freed_by);
}
