/* Generic NDIS objects: a header by which a driver can hand NDIS an object of its own. */
#include "ndis.h"

enum { GENERIC_TYPE = 0xA0, GENERIC_REVISION = 1 };

/* The adapter whose MiniportInitializeEx this thread is in, or NULL. */
static void *initializing(void)
{
    for (const struct frame *frame = self->frame; frame; frame = frame->outer)
        if (frame->callback && !strcmp(frame->name, "MiniportInitializeEx"))
            return (void *)frame->object;
    return NULL;
}

EXPORT_F(void *, NdisAllocateGenericObject, void *driver, uint32_t tag, uint16_t size)
{
    ENTER_FAILS(NdisAllocateGenericObject, driver, true);
    if (fail_)
        return NULL;
    if (!tag)
        violation("PoolTag", driver, "a generic object without a tag");
    struct block *block = block_new(BLOCK_GENERIC, sizeof(NDIS_GENERIC_OBJECT) + size, true);
    NDIS_GENERIC_OBJECT *object = block_memory(block);
    *(struct header *)object = (struct header){GENERIC_TYPE, GENERIC_REVISION, (uint16_t)block->size};
    object->DriverObject = driver;
    block->owner = initializing();
    block->tag = tag;
    return object;
}

EXPORT(void, NdisFreeGenericObject, void *object)
{
    ENTER(NdisFreeGenericObject, object);
    struct block *block = block_at(object, BLOCK_GENERIC);
    if (block)
        block_free(block);
    else
        violation("NdisAllocateGenericObject", object, "NdisFreeGenericObject(%p): this is no generic object, or it is already free", object);
}
