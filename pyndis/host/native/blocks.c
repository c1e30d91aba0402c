/* Memory with a ledger. In guard mode every block ends at an inaccessible page and stays inaccessible after its release; otherwise
   small blocks come from slabs with per-thread caches, for speed. */
#include "sched.h"
#include "special_pool.h"
#include "asan.h"
#include <sys/mman.h>

enum { CLASS_LOW = 6, CLASSES = 7, CACHE = 64, SLAB_PAGES = 64, GRAVEYARD = 100000 };
static const size_t ARENA = ARENA_SIZE;
static const uintptr_t ARENA_HINT = ARENA_PLACE; /* the same in every run, if it is free */
const char *const block_kind_names[BLOCK_KINDS] = {
    "nothing", "pool", "MDL", "IRP", "NBL", "NET_BUFFER", "NBL pool", "NET_BUFFER pool", "OID request", "device object", "file object",
    "NDIS handle", "timer", "work item", "PnP notification", "configuration handle", "RW lock", "system mapping", "buffer", "object", "generic object"};

struct cache {
    struct block *blocks[CLASSES][CACHE];
    int count[CLASSES];
};
static __thread struct cache cache;
static pthread_mutex_t arena_lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t *arena;
static size_t arena_next;
static struct block **pages;
static struct block *class_free[CLASSES], *dead_first, *dead_last, *spare;
static size_t dead_count;
static struct block *chunks[65536]; /* all records, in chunks of 256 */
static size_t record_count;

void blocks_start(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    arena = mmap((void *)ARENA_HINT, ARENA, PROT_NONE, flags, -1, 0);
    pages = mmap(NULL, ARENA / PAGE * sizeof *pages, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (arena == MAP_FAILED || pages == MAP_FAILED)
        abort();
}

static struct block *record_new(void)
{
    struct block *block = spare;
    if (block) {
        spare = block->next;
    } else {
        if (record_count % 256 == 0 && !(chunks[record_count / 256] = calloc(256, sizeof *block)))
            abort();
        block = &chunks[record_count / 256][record_count % 256];
        record_count++;
    }
    *block = (struct block){0};
    return block;
}

uint8_t *block_pages(const struct block *block, size_t *size)
{
    uintptr_t base = block->address & ~(uintptr_t)(PAGE - 1), end = block->address + (block->size ? block->size : 1);
    *size = ((end + PAGE - 1) & ~(uintptr_t)(PAGE - 1)) - base;
    return (uint8_t *)base;
}

static size_t page_index(uintptr_t address)
{
    return (address - (uintptr_t)arena) / PAGE;
}

static void bury(struct block *block)
{
    block->next = NULL;
    if (dead_last)
        dead_last->next = block;
    else
        dead_first = block;
    dead_last = block;
    if (++dead_count < GRAVEYARD)
        return;
    struct block *oldest = dead_first;
    dead_first = oldest->next;
    dead_count--;
    size_t count = (oldest->size + PAGE - 1) / PAGE, first = page_index(oldest->address);
    for (size_t i = 0; i < (count ? count : 1); i++)
        if (pages[first + i] == oldest)
            pages[first + i] = NULL;
    oldest->next = spare;
    spare = oldest;
}

/* Address space for `count` pages with a guard page after it (the one before belongs to the previous block). */
static uint8_t *pages_take(size_t count)
{
    for (size_t tries = 0; tries < ARENA / PAGE; tries++) {
        if (arena_next + (count + 2) * PAGE > ARENA)
            arena_next = 0;
        size_t first = arena_next / PAGE + 1, i = 0;
        while (i < count && !(pages[first + i] && pages[first + i]->live))
            i++;
        arena_next += (i + 1) * PAGE;
        if (i == count)
            return arena + first * PAGE;
    }
    abort();
}

static struct block *guarded_new(size_t size)
{
    size_t count = size ? (size + PAGE - 1) / PAGE : 1, aligned = (size + 15) & ~(size_t)15;
    pthread_mutex_lock(&arena_lock);
    struct block *block = record_new();
    uint8_t *base = pages_take(count);
    for (size_t i = 0; i < count; i++)
        pages[page_index((uintptr_t)base) + i] = block;
    block->address = (uintptr_t)base + (size < PAGE && !settings.underrun ? PAGE - (aligned ? aligned : 16) : 0);
    block->size = size;
    block->live = true;
    pthread_mutex_unlock(&arena_lock);
    mprotect(base, count * PAGE, PROT_READ | PROT_WRITE);
    slack_fill(block);
    return block;
}

static unsigned class_of(size_t size)
{
    unsigned class = 0;
    while (((size_t)1 << (class + CLASS_LOW)) < size)
        class++;
    return class;
}

static void slab_new(unsigned class)
{
    size_t each = (size_t)1 << (class + CLASS_LOW);
    uint8_t *base = pages_take(SLAB_PAGES);
    mprotect(base, SLAB_PAGES * PAGE, PROT_READ | PROT_WRITE);
    struct block **slab = calloc(SLAB_PAGES * PAGE / each, sizeof *slab);
    if (!slab)
        abort();
    for (size_t at = 0; at < SLAB_PAGES * PAGE; at += each) {
        struct block *block = record_new();
        block->address = (uintptr_t)base + at;
        block->size_class = (uint8_t)(class + 1);
        if (at % PAGE == 0)
            pages[page_index(block->address)] = block;
        slab[at / each] = block;
        block->slab = slab;
        block->slab_base = (uintptr_t)base;
        block->next = class_free[class];
        class_free[class] = block;
    }
}

static struct block *slab_take(unsigned class)
{
    if (!cache.count[class]) {
        pthread_mutex_lock(&arena_lock);
        while (cache.count[class] < CACHE / 2) {
            if (!class_free[class])
                slab_new(class);
            struct block *block = class_free[class];
            class_free[class] = block->next;
            cache.blocks[class][cache.count[class]++] = block;
        }
        pthread_mutex_unlock(&arena_lock);
    }
    return cache.blocks[class][--cache.count[class]];
}

static void slab_give(struct block *block)
{
    unsigned class = block->size_class - 1u;
    if (cache.count[class] == CACHE) {
        pthread_mutex_lock(&arena_lock);
        while (cache.count[class] > CACHE / 2) {
            struct block *moved = cache.blocks[class][--cache.count[class]];
            moved->next = class_free[class];
            class_free[class] = moved;
        }
        pthread_mutex_unlock(&arena_lock);
    }
    cache.blocks[class][cache.count[class]++] = block;
}

static size_t class_size(const struct block *block)
{
    return (size_t)1 << (block->size_class - 1 + CLASS_LOW);
}

struct block *block_new(enum block_kind kind, size_t size, bool zeroed)
{
    struct block *block;
    if (settings.guard || size > PAGE) {
        block = guarded_new(size);
    } else {
        block = slab_take(class_of(size ? size : 1));
        asan_open(block->address, class_size(block));
        slab_poison_check(block);
        block->size = size;
        block->tag = 0;
        block->paged = block->read_only = block->hosts = false;
        block->owner = block->record = NULL;
        block->live = true;
        atomic_store_explicit(&block->lent, 0, memory_order_relaxed);
    }
    block->kind = (uint8_t)kind;
    if (__builtin_expect(scheduled, 0))
        block->identity = order_identity();
    block->allocated_thread = self ? self->id : 0;
    block->made_by = self && self->frame ? self->frame->name : "host";
    unsigned count = capture_stack(block->allocated, settings.verifier ? STACK_MAX : 1);
    if (count < STACK_MAX)
        block->allocated[count] = 0;
    if (!zeroed && settings.guard)
        memset(block_memory(block), FILL_NEW, size);
    else if (zeroed && block->size_class)
        memset(block_memory(block), 0, size);
    if (block->size_class)
        asan_close(block->address + size, class_size(block) - size);
    return block;
}

void block_free(struct block *block)
{
    if (atomic_load_explicit(&block->lent, memory_order_relaxed) > 0)
        violation("FreedWhileLent", block_memory(block), "%s frees a %s that an NBL still out with the stack uses", self && self->frame ? self->frame->name : "the host",
                  block_kind_names[block->kind]);
    block->freed_thread = self ? self->id : 0;
    block->freed_by = self && self->frame ? self->frame->name : "host";
    if (block->size_class) {
        block->live = false;
        asan_open(block->address, class_size(block));
        slab_poison(block);
        asan_close(block->address, class_size(block));
        slab_give(block);
        return;
    }
    if (block->kind != BLOCK_MAPPING && settings.guard)
        slack_check(block);
    unsigned count = capture_stack(block->freed, STACK_MAX);
    if (count < STACK_MAX)
        block->freed[count] = 0;
    size_t length;
    uint8_t *base = block_pages(block, &length);
    pthread_mutex_lock(&arena_lock); /* block_peek */
    asan_open(base, length);
    if (block->kind == BLOCK_IRP) /* keeps what it held: see the fault handler */
        mprotect(base, PAGE, PROT_NONE);
    else
        mmap(base, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    block->live = false;
    bury(block);
    pthread_mutex_unlock(&arena_lock);
}

bool block_peek(const struct block *block, void *to, size_t size)
{
    pthread_mutex_lock(&arena_lock);
    bool live = block->live;
    if (live)
        memcpy(to, block_memory((struct block *)block), size < block->size ? size : block->size);
    pthread_mutex_unlock(&arena_lock);
    return live;
}

struct block *block_reserve(enum block_kind kind, size_t count)
{
    pthread_mutex_lock(&arena_lock);
    struct block *block = record_new();
    uint8_t *base = pages_take(count);
    for (size_t i = 0; i < count; i++)
        pages[page_index((uintptr_t)base) + i] = block;
    block->address = (uintptr_t)base;
    block->size = count * PAGE;
    block->kind = (uint8_t)kind;
    block->live = true;
    block->made_by = self && self->frame ? self->frame->name : "host";
    pthread_mutex_unlock(&arena_lock);
    unsigned taken = capture_stack(block->allocated, settings.verifier ? STACK_MAX : 1);
    if (taken < STACK_MAX)
        block->allocated[taken] = 0;
    return block;
}

struct block *block_find(const void *address)
{
    uintptr_t at = (uintptr_t)address;
    if (at - (uintptr_t)arena >= ARENA)
        return NULL;
    struct block *block = pages[page_index(at)];
    if (!block || !block->size_class)
        return block;
    return block->slab[(at - block->slab_base) >> (block->size_class - 1 + CLASS_LOW)];
}

struct block *block_at(const void *address, enum block_kind kind)
{
    struct block *block = block_find(address);
    return block && block->live && block->kind == kind && block->address == (uintptr_t)address ? block : NULL;
}

void blocks_each(void (*visit)(struct block *block, void *argument), void *argument)
{
    for (size_t i = 0; i < record_count; i++) {
        struct block *block = &chunks[i / 256][i % 256];
        if (block->live)
            visit(block, argument);
    }
}

void block_describe(struct text *report, const void *object)
{
    struct block *block = block_find(object);
    if (!block)
        return;
    long offset = (long)((uintptr_t)object - block->address);
    char tag[5] = {(char)block->tag, (char)(block->tag >> 8), (char)(block->tag >> 16), (char)(block->tag >> 24), 0};
    for (int i = 0; i < 4; i++)
        if (tag[i] && (tag[i] < ' ' || tag[i] > '~'))
            tag[i] = '?';
    text_add(report, "object %s%s of %zu bytes at 0x%zx", block->live ? "" : "freed ", block_kind_names[block->kind], block->size, (size_t)block->address);
    if (block->tag)
        text_add(report, ", tag '%s'", tag);
    if (offset)
        text_add(report, ", offset %ld", offset);
    text_add(report, ", made by %s\n", block->made_by ? block->made_by : "host");
    text_add(report, "allocated thread %u\n", block->allocated_thread);
    frames_write(report, block->allocated, STACK_MAX);
    if (!block->live) {
        text_add(report, "freed thread %u by %s\n", block->freed_thread, block->freed_by ? block->freed_by : "host");
        frames_write(report, block->freed, STACK_MAX);
    }
}
