/* What an object is, in lines of a report. */
#include "ndis.h"
#include "pe.h"

void irp_describe(struct text *report, const struct irp_record *record);
void oid_describe(struct text *report, const struct block *block);

static void send_describe(struct text *report, const struct send_nbl *send)
{
    text_add(report, "object NBL %u of send chain %llu on adapter %llu, %s\n", send->index, (unsigned long long)send->chain, (unsigned long long)send->adapter->id,
             send->out ? "with the driver" : "completed");
}

static void nbl_describe(struct text *report, struct block *block)
{
    if (block->live && block->hosts && block->record)
        send_describe(report, block->record);
    else if (!block->hosts && block->number)
        text_add(report, "object receive NBL %llu, %s\n", (unsigned long long)block->number, atomic_load(&block->lent) > 0 ? "with the stack" : "with the driver");
}

static void handle_describe(struct text *report, const struct block *block)
{
    const struct adapter *adapter = block->record;
    if (adapter)
        text_add(report, "object adapter %llu, %s\n", (unsigned long long)adapter->id, life_names[atomic_load(&adapter->life)]);
}

void object_describe(struct text *report, const void *object)
{
    struct block *block = block_find(object);
    if (image_contains((uintptr_t)object))
        text_add(report, "object data %s+0x%zx\n", image.name, (size_t)((uintptr_t)object - (uintptr_t)image.base));
    if (!block)
        return;
    if (block->kind == BLOCK_IRP && block->live && block->record)
        irp_describe(report, block->record);
    else if (block->kind == BLOCK_NBL)
        nbl_describe(report, block);
    else if (block->kind == BLOCK_HANDLE && block->live)
        handle_describe(report, block);
    else if (block->kind == BLOCK_OID)
        oid_describe(report, block);
    block_describe(report, object);
}
