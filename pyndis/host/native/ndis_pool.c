/* Pools of NBLs and NBs, their allocation, data access, NDIS MDLs. */
#include "ndis.h"

struct nb_pool {
    bool nbls, with_nb;
    uint16_t context_size;
    uint32_t tag, data_size;
    atomic_int live;
};

static void *pool_make(void *owner, enum block_kind kind, struct nb_pool values)
{
    struct block *block = block_new(kind, 64, true);
    struct nb_pool *pool = calloc(1, sizeof *pool);
    *pool = values;
    block->owner = owner;
    block->tag = values.tag;
    block->record = pool;
    return block_memory(block);
}

static struct nb_pool *pool_of(void *handle, enum block_kind kind, const char *call)
{
    struct block *block = block_at(handle, kind);
    if (block)
        return block->record;
    violation("InvalidHandle", handle, "%s(%p): no such pool", call, handle);
    return NULL;
}

static void pool_end(void *handle, enum block_kind kind, const char *call)
{
    struct nb_pool *pool = pool_of(handle, kind, call);
    if (!pool)
        return;
    bool used = atomic_load(&pool->live); /* what was allocated from it still refers to the record */
    if (used)
        violation("PoolInUse", handle, "%s frees a pool of which %d are still allocated", call, atomic_load(&pool->live));
    block_free(block_at(handle, kind));
    if (!used)
        free(pool);
}

EXPORT_F(void *, NdisAllocateNetBufferListPool, void *handle, const NET_BUFFER_LIST_POOL_PARAMETERS *p)
{
    ENTER_FAILS(NdisAllocateNetBufferListPool, handle, true);
    header_check(p, 0x80, 1, NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1, sizeof *p, "NET_BUFFER_LIST_POOL_PARAMETERS");
    if (!p->PoolTag)
        violation("PoolTag", p, "an NBL pool without a tag");
    if (p->ContextSize % 16)
        violation("NetBufferListPool", p, "ContextSize %u is not a multiple of 16", p->ContextSize);
    if (fail_)
        return NULL;
    return pool_make(handle, BLOCK_NBL_POOL, (struct nb_pool){true, p->fAllocateNetBuffer, p->ContextSize, p->PoolTag, p->DataSize, 0});
}

EXPORT(void, NdisFreeNetBufferListPool, void *handle)
{
    ENTER(NdisFreeNetBufferListPool, handle);
    pool_end(handle, BLOCK_NBL_POOL, "NdisFreeNetBufferListPool");
}

EXPORT_F(void *, NdisAllocateNetBufferPool, void *handle, const NET_BUFFER_POOL_PARAMETERS *p)
{
    ENTER_FAILS(NdisAllocateNetBufferPool, handle, true);
    header_check(p, 0x80, 1, NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1, sizeof *p, "NET_BUFFER_POOL_PARAMETERS");
    return fail_ ? NULL : pool_make(handle, BLOCK_NB_POOL, (struct nb_pool){false, true, 0, p->PoolTag, p->DataSize, 0});
}

EXPORT(void, NdisFreeNetBufferPool, void *handle)
{
    ENTER(NdisFreeNetBufferPool, handle);
    pool_end(handle, BLOCK_NB_POOL, "NdisFreeNetBufferPool");
}

static void nb_point(NET_BUFFER *nb, MDL *mdl, uint32_t offset, size_t length)
{
    nb->MdlChain = nb->CurrentMdl = mdl;
    nb->DataOffset = nb->CurrentMdlOffset = offset;
    nb->stDataLength = length;
    while (nb->CurrentMdl && nb->CurrentMdlOffset >= ((MDL *)nb->CurrentMdl)->ByteCount && ((MDL *)nb->CurrentMdl)->Next) {
        nb->CurrentMdlOffset -= ((MDL *)nb->CurrentMdl)->ByteCount;
        nb->CurrentMdl = ((MDL *)nb->CurrentMdl)->Next;
    }
}

NET_BUFFER *nb_new(void *pool, MDL *mdl, uint32_t offset, size_t length)
{
    struct block *block = block_new(BLOCK_NB, sizeof(NET_BUFFER), true);
    NET_BUFFER *nb = block_memory(block);
    nb->NdisPoolHandle = pool;
    nb_point(nb, mdl, offset, length);
    return nb;
}

NET_BUFFER_LIST *nbl_new(void *pool, uint32_t context_size)
{
    size_t context = context_size ? sizeof(NET_BUFFER_LIST_CONTEXT) + context_size : 0;
    struct block *block = block_new(BLOCK_NBL, sizeof(NET_BUFFER_LIST) + context, true);
    NET_BUFFER_LIST *nbl = block_memory(block);
    nbl->NdisPoolHandle = pool;
    block->number = 0;
    if (context) {
        NET_BUFFER_LIST_CONTEXT *c = (NET_BUFFER_LIST_CONTEXT *)(nbl + 1);
        c->Size = (uint16_t)context_size;
        nbl->Context = c;
    }
    return nbl;
}

static NET_BUFFER_LIST *nbl_allocate(void *handle, struct nb_pool *pool, uint16_t context, bool with_nb, MDL *mdl, uint32_t offset, size_t length)
{
    NET_BUFFER_LIST *nbl = nbl_new(handle, pool->context_size > context ? pool->context_size : context);
    struct block *block = block_find(nbl);
    block->record = pool;
    block->owner = block_find(handle)->owner;
    block->tag = pool->tag;
    atomic_fetch_add(&pool->live, 1);
    if (with_nb) {
        NET_BUFFER *nb = nb_new(handle, mdl, offset, length);
        block_find(nb)->hosts = true; /* goes with its NBL */
        nbl->FirstNetBuffer = nb;
    }
    return nbl;
}

EXPORT_F(NET_BUFFER_LIST *, NdisAllocateNetBufferAndNetBufferList, void *handle, uint16_t context, uint16_t back_fill, MDL *mdl, uint32_t offset, size_t length)
{
    ENTER_FAILS(NdisAllocateNetBufferAndNetBufferList, handle, true);
    (void)back_fill;
    struct nb_pool *pool = pool_of(handle, BLOCK_NBL_POOL, "NdisAllocateNetBufferAndNetBufferList");
    if (fail_ || !pool)
        return NULL;
    if (!pool->with_nb || pool->data_size)
        violation("NetBufferListPool", handle, "NdisAllocateNetBufferAndNetBufferList needs a pool with fAllocateNetBuffer TRUE and DataSize 0");
    return nbl_allocate(handle, pool, context, true, mdl, offset, length);
}

EXPORT_F(NET_BUFFER_LIST *, NdisAllocateNetBufferList, void *handle, uint16_t context, uint16_t back_fill)
{
    ENTER_FAILS(NdisAllocateNetBufferList, handle, true);
    (void)back_fill;
    struct nb_pool *pool = pool_of(handle, BLOCK_NBL_POOL, "NdisAllocateNetBufferList");
    if (fail_ || !pool)
        return NULL;
    if (!pool->data_size)
        return nbl_allocate(handle, pool, context, pool->with_nb, NULL, 0, 0);
    struct block *data = block_new(BLOCK_POOL, pool->data_size, false);
    data->hosts = true;
    struct block *mdl_block = mdl_new(data->address, pool->data_size);
    MDL *mdl = block_memory(mdl_block);
    mdl_block->hosts = true;
    mdl->MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->MappedSystemVa = block_memory(data);
    return nbl_allocate(handle, pool, context, true, mdl, 0, 0);
}

static void preallocated_free(struct nb_pool *pool, NET_BUFFER *nb)
{
    struct block *block = block_at(nb, BLOCK_NB);
    if (!block)
        return;
    MDL *mdl = nb->MdlChain;
    if (pool->data_size && mdl && block_at(mdl, BLOCK_MDL) && block_find(mdl)->hosts) {
        struct block *data = block_find(mdl->MappedSystemVa);
        block_free(block_find(mdl));
        if (data && data->live)
            block_free(data);
    }
    block_free(block);
}

EXPORT(void, NdisFreeNetBufferList, NET_BUFFER_LIST *nbl)
{
    ENTER(NdisFreeNetBufferList, nbl);
    struct block *block = block_at(nbl, BLOCK_NBL);
    struct nb_pool *pool = block ? block->record : NULL;
    if (!pool || block->hosts) {
        struct block *gone = block_find(nbl);
        violation("NdisFreeNetBufferList", nbl, "NdisFreeNetBufferList(%p): %s", (void *)nbl,
                  gone && !gone->live ? "this NBL is already free" : "this NBL is not from a pool of the driver");
        return;
    }
    if (atomic_load(&block->lent) > 0) {
        violation("FreedWhileLent", nbl, "NdisFreeNetBufferList frees an NBL that is still out with the stack");
        return;
    }
    NET_BUFFER *nb = nbl->FirstNetBuffer;
    while (nb) {
        NET_BUFFER *next = nb->Next;
        if (block_at(nb, BLOCK_NB) && block_find(nb)->hosts)
            preallocated_free(pool, nb);
        nb = next;
    }
    atomic_fetch_sub(&pool->live, 1);
    block_free(block);
}

EXPORT_F(NET_BUFFER *, NdisAllocateNetBuffer, void *handle, MDL *mdl, uint32_t offset, size_t length)
{
    ENTER_FAILS(NdisAllocateNetBuffer, handle, true);
    struct nb_pool *pool = pool_of(handle, BLOCK_NB_POOL, "NdisAllocateNetBuffer");
    if (fail_ || !pool)
        return NULL;
    NET_BUFFER *nb = nb_new(handle, mdl, offset, length);
    block_find(nb)->record = pool;
    atomic_fetch_add(&pool->live, 1);
    return nb;
}

EXPORT(void, NdisFreeNetBuffer, NET_BUFFER *nb)
{
    ENTER(NdisFreeNetBuffer, nb);
    struct block *block = block_at(nb, BLOCK_NB);
    struct nb_pool *pool = block ? block->record : NULL;
    if (!pool) {
        violation("NdisAllocateNetBuffer", nb, "NdisFreeNetBuffer(%p): this is no NET_BUFFER of the driver's pools", (void *)nb);
        return;
    }
    atomic_fetch_sub(&pool->live, 1);
    block_free(block);
}

/* ---- MDLs ---- */

EXPORT_F(MDL *, NdisAllocateMdl, void *handle, void *address, uint32_t length)
{
    ENTER_FAILS(NdisAllocateMdl, handle, true);
    if (fail_)
        return NULL;
    struct block *pool = block_find(address), *block = mdl_new((uintptr_t)address, length);
    MDL *mdl = block_memory(block);
    if (!pool || !pool->live || pool->kind != BLOCK_POOL || pool->paged || (uintptr_t)address + length > pool->address + pool->size)
        violation("NdisAllocateMdl", address, "NdisAllocateMdl on %u bytes at %p, which are not nonpaged pool", length, address);
    block->owner = handle;
    mdl->MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->MappedSystemVa = address;
    return mdl;
}

EXPORT(void, NdisFreeMdl, MDL *mdl)
{
    ENTER(NdisFreeMdl, mdl);
    struct block *block = block_at(mdl, BLOCK_MDL);
    if (block && !block->requests)
        block_free(block);
    else
        violation("NdisAllocateMdl", mdl, "NdisFreeMdl(%p): this is no MDL of NdisAllocateMdl, or it is already free", (void *)mdl);
}

/* ---- data ---- */

size_t nb_copy(const NET_BUFFER *nb, size_t offset, size_t length, uint8_t *to)
{
    MDL *mdl = nb->CurrentMdl;
    size_t at = nb->CurrentMdlOffset + offset, done = 0;
    for (; mdl && done < length; mdl = mdl->Next) {
        if (at >= mdl->ByteCount) {
            at -= mdl->ByteCount;
            continue;
        }
        size_t part = mdl->ByteCount - at < length - done ? mdl->ByteCount - at : length - done;
        const uint8_t *from = mdl_address(mdl);
        if (!from)
            return done;
        memcpy(to + done, from + at, part);
        done += part;
        at = 0;
    }
    return done;
}

static void *driver_address(MDL *mdl)
{
    extern void *mdl_map_for_driver(MDL *mdl);
    return mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL) ? mdl->MappedSystemVa : mdl_map_for_driver(mdl);
}

EXPORT_F(void *, NdisGetDataBuffer, NET_BUFFER *nb, uint32_t needed, void *storage, uint32_t multiple, uint32_t offset)
{
    ENTER_FAILS(NdisGetDataBuffer, nb, false);
    MDL *mdl = nb->CurrentMdl;
    if (fail_ || !mdl || nb->DataLength < needed)
        return NULL;
    for (MDL *at = mdl; at; at = at->Next)
        if (!driver_address(at))
            return NULL;
    uint8_t *address = (uint8_t *)driver_address(mdl) + nb->CurrentMdlOffset;
    bool aligned = multiple <= 1 || ((uintptr_t)address - offset) % multiple == 0;
    if (mdl->ByteCount - nb->CurrentMdlOffset >= needed && aligned)
        return address;
    if (!storage || nb_copy(nb, 0, needed, storage) < needed)
        return NULL;
    return storage;
}

EXPORT(void, NdisAdvanceNetBufferDataStart, NET_BUFFER *nb, uint32_t delta, uint8_t free_mdl, void *free_handler)
{
    ENTER(NdisAdvanceNetBufferDataStart, nb);
    (void)free_mdl, (void)free_handler;
    if (delta > nb->DataLength) {
        violation("NetBufferData", nb, "NdisAdvanceNetBufferDataStart by %u bytes; the NET_BUFFER has %u", delta, nb->DataLength);
        return;
    }
    nb_point(nb, nb->MdlChain, nb->DataOffset + delta, nb->stDataLength - delta);
}

EXPORT(uint32_t, NdisRetreatNetBufferDataStart, NET_BUFFER *nb, uint32_t delta, uint32_t back_fill, void *allocate)
{
    ENTER(NdisRetreatNetBufferDataStart, nb);
    (void)back_fill, (void)allocate;
    if (delta > nb->DataOffset)
        return NDIS_STATUS_RESOURCES;
    nb_point(nb, nb->MdlChain, nb->DataOffset - delta, nb->stDataLength + delta);
    return NDIS_STATUS_SUCCESS;
}

EXPORT(void, NdisAdvanceNetBufferListDataStart, NET_BUFFER_LIST *nbl, uint32_t delta, uint8_t free_mdl, void *free_handler)
{
    ENTER(NdisAdvanceNetBufferListDataStart, nbl);
    (void)free_mdl, (void)free_handler;
    for (NET_BUFFER *nb = nbl->FirstNetBuffer; nb; nb = nb->Next)
        nb_point(nb, nb->MdlChain, nb->DataOffset + delta, nb->stDataLength - delta);
}

EXPORT(uint32_t, NdisCopyFromNetBufferToNetBuffer, NET_BUFFER *to, uint32_t to_offset, uint32_t length, const NET_BUFFER *from, uint32_t from_offset, uint32_t *copied)
{
    ENTER(NdisCopyFromNetBufferToNetBuffer, to);
    MDL *mdl = to->CurrentMdl;
    size_t at = to->CurrentMdlOffset + to_offset, done = 0;
    for (; mdl && done < length; mdl = mdl->Next) {
        if (at >= mdl->ByteCount) {
            at -= mdl->ByteCount;
            continue;
        }
        size_t part = mdl->ByteCount - at < length - done ? mdl->ByteCount - at : length - done;
        size_t n = nb_copy(from, from_offset + done, part, (uint8_t *)driver_address(mdl) + at);
        done += n;
        at = 0;
        if (n < part)
            break;
    }
    *copied = (uint32_t)done;
    return NDIS_STATUS_SUCCESS;
}
