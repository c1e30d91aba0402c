/* Memory descriptor lists: building, mapping, partial ones, and what may be done with them when. */
#include "asan.h"
#include "hostile.h"
#include <sys/mman.h>

enum { PFN_SIZE = sizeof(uintptr_t) };

static uintptr_t *pfns(const MDL *mdl)
{
    return (uintptr_t *)((uint8_t *)mdl + sizeof(MDL));
}

static size_t page_count(uintptr_t address, size_t length)
{
    return ((address & (PAGE - 1)) + length + PAGE - 1) / PAGE;
}

/* The block of an MDL that IoAllocateMdl or the host made; its record is the user memory that the MDL describes. */
static struct block *record_of(const MDL *mdl)
{
    return block_at(mdl, BLOCK_MDL);
}

/* The user memory of the first page; NULL too for an MDL of no bytes, which has no page. */
static struct memory *memory_described(const MDL *mdl)
{
    return mdl->ByteOffset + (size_t)mdl->ByteCount ? memory_of_pfn(pfns(mdl)[0]) : NULL;
}

static void mdl_fill(MDL *mdl, uintptr_t address, uint32_t length)
{
    memset(mdl, 0, sizeof *mdl);
    mdl->Size = (int16_t)(sizeof *mdl + PFN_SIZE * page_count(address, length));
    mdl->StartVa = (void *)(address & ~(uintptr_t)(PAGE - 1));
    mdl->ByteOffset = (uint32_t)(address & (PAGE - 1));
    mdl->ByteCount = length;
}

struct block *mdl_new(uintptr_t address, uint32_t length)
{
    struct block *block = block_new(BLOCK_MDL, sizeof(MDL) + PFN_SIZE * page_count(address, length), settings.guard);
    mdl_fill(block_memory(block), address, length);
    block->requests = block->built = block->writes = false;
    return block;
}

static void mapping_end(struct memory *memory, void *address)
{
    struct block *block = block_find(address);
    if (!block || !block->live || block->kind != BLOCK_MAPPING)
        return;
    if (memory && (memory->kept[0] == block || memory->kept[1] == block))
        return;
    block_free(block);
}

static struct block *mapping_new(struct memory *memory, bool writable)
{
    if (memory->keeps_mapping && memory->kept[writable])
        return memory->kept[writable];
    struct block *block = block_reserve(BLOCK_MAPPING, memory->pages);
    int protection = PROT_READ | (writable ? PROT_WRITE : 0);
    if (mmap(block_memory(block), memory->pages * PAGE, protection, MAP_SHARED | MAP_FIXED, memory->fd, 0) == MAP_FAILED)
        abort();
    size_t offset = memory->user % PAGE, end = offset + memory->size;
    asan_close(block->address, offset);
    asan_close(block->address + end, memory->pages * PAGE - end);
    block->read_only = !writable;
    block->hosts = true;
    block->record = memory;
    if (memory->hostile)
        hostile_close(block);
    if (memory->keeps_mapping)
        memory->kept[writable] = block;
    return block;
}

/* Maps the MDL's pages; all of its memory is mapped, so that the address keeps its place in the buffer. */
static void *map(MDL *mdl, bool writable)
{
    struct memory *memory = memory_described(mdl);
    if (!memory || memory->unmappable)
        return NULL;
    struct block *block = mapping_new(memory, writable);
    mdl->MappedSystemVa = (uint8_t *)block_memory(block) + (pfns(mdl)[0] - memory->first_pfn) * PAGE + mdl->ByteOffset;
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    return mdl->MappedSystemVa;
}

/* By how its pages were locked, not by what the driver may have made of the flags. */
static bool driver_may_write(const MDL *mdl)
{
    const struct block *record = record_of(mdl);
    bool says = (mdl->MdlFlags & MDL_WRITE_OPERATION) != 0;
    if (record && says && !record->writes)
        violation("MdlChanged", mdl, "the MDL says that its pages may be written; they are locked for reading");
    return record ? record->writes : says;
}

bool mdl_is_hostile(MDL *mdl)
{
    struct memory *memory = memory_described(mdl);
    return memory && memory->hostile;
}

void *mdl_address(MDL *mdl)
{
    struct memory *memory = memory_described(mdl);
    if (!mdl_is_hostile(mdl) && mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        return mdl->MappedSystemVa; /* hostile memory's own view: the stack's reads are no fetches of the driver */
    return memory ? memory->host + (pfns(mdl)[0] - memory->first_pfn) * PAGE + mdl->ByteOffset : NULL;
}

MDL *mdl_for_memory(struct memory *memory, size_t offset, uint32_t length, bool driver_writes)
{
    uintptr_t address = memory->user + offset;
    struct block *block = mdl_new(address, length);
    MDL *mdl = block_memory(block);
    block->hosts = true;
    block->requests = block->built = true;
    block->writes = driver_writes;
    block->record = memory;
    mdl->MdlFlags = (int16_t)(MDL_PAGES_LOCKED | (driver_writes ? MDL_WRITE_OPERATION : 0));
    mdl->Process = memory->process;
    uint64_t first = memory->first_pfn + ((memory->user & (PAGE - 1)) + offset) / PAGE;
    for (size_t i = 0; i < page_count(address, length); i++)
        pfns(mdl)[i] = (uintptr_t)first + i;
    return mdl;
}

static void mdl_free(struct block *block)
{
    block->record = NULL;
    block_free(block);
}

void mdl_end(MDL *mdl)
{
    struct block *block = block_at(mdl, BLOCK_MDL);
    struct memory *memory = memory_described(mdl);
    if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        mapping_end(memory, mdl->MappedSystemVa);
    mdl_free(block);
}

bool mdl_is_nonpaged(const MDL *mdl)
{
    return (mdl->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_PAGES_LOCKED | MDL_PARTIAL)) != 0;
}

static void lent_long(struct timer *timer)
{
    struct memory *memory = (struct memory *)((char *)timer - offsetof(struct memory, watch));
    note("LentLong", memory->request, "the pages of a write are lent to the network stack for 30 seconds; %d NBLs hold them", atomic_load(&memory->lent));
}

static void memory_lend(struct memory *memory, int by)
{
    static const uint64_t long_time = 30ull * 10000000;
    int before = atomic_fetch_add(&memory->lent, by);
    if (!settings.verifier || (before != 0 && before + by != 0))
        return;
    kernel_lock();
    timer_cancel_locked(&memory->watch);
    memory->watch.fire = lent_long;
    memory->watch.hosts = true;
    if (before == 0)
        timer_arm_locked(&memory->watch, clock_ticks() + long_time);
    kernel_unlock();
}

void mdl_lend(MDL *mdl, int by)
{
    for (; mdl; mdl = mdl->Next) {
        struct block *own = block_find(mdl);
        if (own && own->live)
            atomic_fetch_add(&own->lent, by);
        struct memory *memory = memory_described(mdl);
        if (memory) {
            memory_lend(memory, by);
            continue;
        }
        struct block *pool = mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL ? block_find(mdl->MappedSystemVa) : NULL;
        if (pool && pool->live && pool != own)
            atomic_fetch_add(&pool->lent, by);
    }
}

/* A process ends: its pages that MmProbeAndLockPages locked must be unlocked by now. */
static void locked_visit(struct block *block, void *process)
{
    MDL mdl;
    if (block->kind != BLOCK_MDL || block->requests || !block_peek(block, &mdl, sizeof mdl))
        return;
    if ((mdl.MdlFlags & MDL_PAGES_LOCKED) && !(mdl.MdlFlags & MDL_PARTIAL) && mdl.Process == process)
        violation("PagesLeftLocked", block_memory(block), "a process ends while %u bytes of it are locked", mdl.ByteCount);
}

void mdl_process_check(void *process)
{
    blocks_each(locked_visit, process);
}

/* The driver changes no field of a request's MDL. */
void mdl_unchanged_check(const MDL *mdl, const MDL *before, const void *irp)
{
    static const int16_t its_own = MDL_MAPPED_TO_SYSTEM_VA;
    if (mdl->StartVa != before->StartVa || mdl->ByteOffset != before->ByteOffset || mdl->ByteCount != before->ByteCount || mdl->Process != before->Process ||
        ((mdl->MdlFlags ^ before->MdlFlags) & ~its_own))
        violation("MdlChanged", irp, "the request's MDL is not as it was: %u bytes at %p, flags 0x%x; it had %u at %p, flags 0x%x", mdl->ByteCount,
                  (void *)((uintptr_t)mdl->StartVa + mdl->ByteOffset), (uint16_t)mdl->MdlFlags, before->ByteCount, (void *)((uintptr_t)before->StartVa + before->ByteOffset),
                  (uint16_t)before->MdlFlags);
}

/* Partial MDLs of a request's pages that are still there when it completes. */
struct outliving {
    struct memory *memory;
    struct block *found;
};

static void outliving_visit(struct block *block, void *argument)
{
    struct outliving *search = argument;
    MDL mdl;
    if (block->kind != BLOCK_MDL || block->requests || block->record != search->memory || !block_peek(block, &mdl, sizeof mdl))
        return;
    if (mdl.MdlFlags & (MDL_PARTIAL | MDL_PARTIAL_HAS_BEEN_MAPPED))
        search->found = block;
}

void mdl_check_partials(struct memory *memory, const void *irp)
{
    struct outliving search = {memory, NULL};
    blocks_each(outliving_visit, &search);
    if (search.found)
        violation("PartialMdlOutlivesSource", irp, "the request completes while the partial MDL %p still describes its pages", block_memory(search.found));
}

/* ---- exports ---- */

EXPORT_F(MDL *, IoAllocateMdl, void *address, uint32_t length, uint8_t secondary, uint8_t quota, IRP *irp)
{
    ENTER_FAILS(IoAllocateMdl, irp, true);
    (void)secondary, (void)quota;
    if (fail_ || length > 0x7FFFFFFF)
        return NULL;
    struct block *block = mdl_new((uintptr_t)address, length);
    MDL *mdl = block_memory(block);
    if (irp) {
        if (irp->MdlAddress && !secondary)
            violation("MdlOverwritten", irp, "IoAllocateMdl replaces the MDL that the request already has");
        irp->MdlAddress = mdl;
    }
    return mdl;
}

EXPORT(void, IoFreeMdl, MDL *mdl)
{
    ENTER(IoFreeMdl, mdl);
    struct block *block = block_at(mdl, BLOCK_MDL);
    if (!block) {
        struct block *gone = block_find(mdl);
        violation(gone && !gone->live ? "MdlDoubleFree" : "MdlInvalidFree", mdl, "IoFreeMdl(%p): %s", (void *)mdl,
                  gone && !gone->live ? "this MDL is already free" : "this is no MDL of IoAllocateMdl");
        return;
    }
    if (block->requests) {
        violation("MdlOfRequestFreed", mdl, "IoFreeMdl on an MDL that belongs to a request: the I/O manager frees it");
        return;
    }
    if (mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED)
        mapping_end(block->record, mdl->MappedSystemVa);
    else if ((mdl->MdlFlags & MDL_PAGES_LOCKED) && !(mdl->MdlFlags & MDL_PARTIAL))
        violation("PagesLeftLocked", mdl, "IoFreeMdl on an MDL whose pages are still locked");
    mdl_free(block);
}

EXPORT(void, IoBuildPartialMdl, MDL *source, MDL *target, void *address, uint32_t length)
{
    ENTER(IoBuildPartialMdl, target);
    uintptr_t start = (uintptr_t)source->StartVa + source->ByteOffset, at = (uintptr_t)address;
    if (length == 0)
        length = (uint32_t)(source->ByteCount - (at - start));
    if (at < start || at - start > source->ByteCount || length > source->ByteCount - (at - start)) {
        violation("PartialMdlRange", target, "IoBuildPartialMdl: %u bytes at offset %lld do not lie in the source's %u bytes", length, (long long)(at - start), source->ByteCount);
        return;
    }
    size_t room = ((size_t)target->Size - sizeof *target) / PFN_SIZE;
    if (page_count(at, length) > room) {
        violation("PartialMdlRange", target, "IoBuildPartialMdl: the target has room for %zu pages, %zu are needed", room, page_count(at, length));
        return;
    }
    struct block *record = record_of(target);
    if (target->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED)
        violation("MdlReuse", target, "IoBuildPartialMdl on an MDL that is still mapped: MmPrepareMdlForReuse comes first");
    if (record) {
        const struct block *from = record_of(source);
        record->record = memory_described(source);
        record->built = true;
        record->writes = from ? from->writes : source->MdlFlags & MDL_WRITE_OPERATION;
    }
    int16_t keep = target->MdlFlags & (MDL_ALLOCATED_FIXED_SIZE | MDL_ALLOCATED_MUST_SUCCEED);
    int16_t inherit = source->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA | MDL_IO_SPACE | MDL_WRITE_OPERATION);
    target->MdlFlags = (int16_t)(keep | inherit | MDL_PARTIAL);
    target->Process = source->Process;
    target->StartVa = (void *)(at & ~(uintptr_t)(PAGE - 1));
    target->ByteOffset = (uint32_t)(at & (PAGE - 1));
    target->ByteCount = length;
    target->MappedSystemVa = source->MappedSystemVa ? (uint8_t *)source->MappedSystemVa + (at - start) : NULL;
    size_t skip = (at >> 12) - (uintptr_t)source->StartVa / PAGE;
    memcpy(pfns(target), pfns(source) + skip, PFN_SIZE * page_count(at, length));
}

EXPORT(void, MmBuildMdlForNonPagedPool, MDL *mdl)
{
    ENTER(MmBuildMdlForNonPagedPool, mdl);
    uint8_t *address = (uint8_t *)mdl->StartVa + mdl->ByteOffset;
    struct block *block = block_find(address);
    if (!block || !block->live || block->paged || (uintptr_t)address + mdl->ByteCount > block->address + block->size)
        violation("NonPagedMdl", mdl, "MmBuildMdlForNonPagedPool: %u bytes at %p are not nonpaged pool", mdl->ByteCount, (void *)address);
    struct block *record = record_of(mdl);
    if (record)
        record->built = true;
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->MappedSystemVa = address;
    mdl->Process = NULL;
    for (size_t i = 0; i < page_count((uintptr_t)address, mdl->ByteCount); i++)
        pfns(mdl)[i] = ((uintptr_t)address >> 12) + i;
}

static void *map_checked(MDL *mdl, int mode, uint32_t priority, bool fail)
{
    if (mode != 0) {
        violation("UserMapping", mdl, "mapping pages into user mode is not part of this host");
        return NULL;
    }
    if ((priority & 0x40000000) && settings.os_major == 6 && settings.os_minor < 2)
        note("MdlMappingNoExecuteOnWindows7", mdl, "MdlMappingNoExecute is passed on Windows 7, which does not know it");
    if (!(priority & 0x40000000) && settings.os_major * 10 + settings.os_minor >= 62)
        violation("ExecutableMapping", mdl, "pages are mapped executable: MdlMappingNoExecute is missing");
    if (mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) {
        violation("MdlRemapped", mdl, "an MDL of nonpaged pool is mapped again");
        return mdl->MappedSystemVa;
    }
    if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        return mdl->MappedSystemVa;
    if (!mdl_is_nonpaged(mdl)) {
        violation("MdlNotLocked", mdl, "an MDL is mapped whose pages are not locked");
        return NULL;
    }
    void *address = fail ? NULL : map(mdl, driver_may_write(mdl));
    if (address && (mdl->MdlFlags & MDL_PARTIAL))
        mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    return address;
}

EXPORT_F(void *, MmMapLockedPagesSpecifyCache, MDL *mdl, int mode, int cache, void *requested, uint32_t bugcheck, uint32_t priority)
{
    ENTER_FAILS(MmMapLockedPagesSpecifyCache, mdl, true);
    (void)cache, (void)requested;
    if (bugcheck)
        violation("MapBugCheck", mdl, "MmMapLockedPagesSpecifyCache is asked to bug-check on failure");
    return map_checked(mdl, mode, priority, fail_);
}

EXPORT(void, MmUnmapLockedPages, void *address, MDL *mdl)
{
    ENTER(MmUnmapLockedPages, mdl);
    struct block *record = record_of(mdl);
    if (record && record->requests) {
        violation("MdlOfRequestUnmapped", mdl, "MmUnmapLockedPages on a request's own MDL: the I/O manager unmaps it");
        return;
    }
    if (!(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) || address != mdl->MappedSystemVa) {
        violation("MdlNotMapped", mdl, "MmUnmapLockedPages(%p): the MDL is not mapped there", address);
        return;
    }
    if ((mdl->MdlFlags & MDL_PARTIAL) && !(mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED)) {
        violation("MdlNotMapped", mdl, "MmUnmapLockedPages on a partial MDL that uses its source's mapping");
        return;
    }
    mapping_end(memory_described(mdl), address);
    mdl->MdlFlags &= (int16_t)~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
}

bool raise_status(uint32_t status);

EXPORT_RAISES(void, MmProbeAndLockPages, MDL *mdl, int mode, int operation)
{
    ENTER_FAILS(MmProbeAndLockPages, mdl, true);
    uintptr_t address = (uintptr_t)mdl->StartVa + mdl->ByteOffset;
    struct memory *memory = memory_of_user(address);
    if (!memory) {
        struct block *block = block_find((void *)address);
        if (mode == 0 && block && block->live) {
            mdl->MdlFlags |= MDL_PAGES_LOCKED;
            for (size_t i = 0; i < page_count(address, mdl->ByteCount); i++)
                pfns(mdl)[i] = (address >> 12) + i;
            mdl->MappedSystemVa = (void *)address;
            mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
            return;
        }
    }
    bool reaches = memory && address + mdl->ByteCount <= memory->user + memory->size;
    if (fail_ || !reaches || (operation != 0 && !memory->writable)) {
        raise_status(STATUS_ACCESS_VIOLATION);
        return;
    }
    uint64_t first = memory->first_pfn + (address / PAGE - memory->user / PAGE);
    for (size_t i = 0; i < page_count(address, mdl->ByteCount); i++)
        pfns(mdl)[i] = (uintptr_t)first + i;
    atomic_fetch_add(&memory->references, 1);
    mdl->Process = memory->process;
    mdl->MdlFlags |= (int16_t)(MDL_PAGES_LOCKED | (operation ? MDL_WRITE_OPERATION : 0));
    struct block *record = record_of(mdl);
    if (record) {
        record->record = memory;
        record->writes = operation != 0;
    }
}

EXPORT(void, MmUnlockPages, MDL *mdl)
{
    ENTER(MmUnlockPages, mdl);
    struct block *record = record_of(mdl);
    if (record && record->requests) {
        violation("MdlOfRequestUnlocked", mdl, "MmUnlockPages on a request's own MDL: the I/O manager unlocks it");
        return;
    }
    if (!(mdl->MdlFlags & MDL_PAGES_LOCKED)) {
        violation("PagesNotLocked", mdl, "MmUnlockPages on an MDL whose pages are not locked");
        return;
    }
    struct memory *memory = memory_described(mdl);
    if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        mapping_end(memory, mdl->MappedSystemVa);
    mdl->MdlFlags &= (int16_t)~(MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_WRITE_OPERATION);
    if (memory)
        memory_release(memory);
}

/* As the mapping macro does it in the driver: NULL when the pages cannot be mapped. */
void *mdl_map_for_driver(MDL *mdl)
{
    void *address = mdl_is_nonpaged(mdl) ? map(mdl, driver_may_write(mdl)) : NULL;
    if (address && (mdl->MdlFlags & MDL_PARTIAL))
        mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    return address;
}
