/* Shared pages behind user buffers: a memfd each, so that the user's view and every system mapping are different addresses. */
#include "hostile.h"
#include <sys/mman.h>

static struct memory **by_page;
static uint64_t next_page;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void space_start(void)
{
    by_page = mmap(NULL, PFN_SPACE * sizeof *by_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (by_page == MAP_FAILED)
        abort();
    if (sizeof(void *) == 4 && mmap((void *)USER_BASE, PFN_SPACE * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != (void *)USER_BASE)
        abort(); /* nothing of the host's may lie where user memory is said to be */
}

/* Page numbers come round again; those of living memory are passed over. One stays free on each side. */
static uint64_t pages_number(size_t count)
{
    for (uint64_t at = next_page, seen = 0, free = 0; seen < 2 * (uint64_t)PFN_SPACE; seen++, at++) {
        if (at == PFN_SPACE)
            at = free = 0;
        free = by_page[at] ? 0 : free + 1;
        if (free > count + 1) {
            next_page = at + 1 == PFN_SPACE ? 0 : at + 1;
            return at - count;
        }
    }
    abort();
}

struct memory *memory_new(size_t size, size_t alignment)
{
    struct memory *memory = calloc(1, sizeof *memory);
    size_t offset = alignment % PAGE, bytes = (offset + size + PAGE - 1) & ~(size_t)(PAGE - 1);
    memory->size = size;
    memory->pages = bytes ? bytes / PAGE : 1;
    memory->fd = memfd_create("user", MFD_CLOEXEC);
    if (memory->fd < 0 || ftruncate(memory->fd, (off_t)(memory->pages * PAGE)))
        abort();
    memory->host = mmap(NULL, memory->pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd, 0);
    if (memory->host == MAP_FAILED)
        abort();
    pthread_mutex_lock(&lock);
    if (!by_page)
        space_start();
    uint64_t first = pages_number(memory->pages);
    for (size_t i = 0; i < memory->pages; i++)
        by_page[first + i] = memory;
    memory->first_pfn = PFN_BASE + first;
    memory->user = (uintptr_t)(USER_BASE + first * PAGE + offset);
    pthread_mutex_unlock(&lock);
    memory->writable = true;
    atomic_init(&memory->references, 1);
    return memory;
}

void memory_release(struct memory *memory)
{
    if (atomic_fetch_sub(&memory->references, 1) > 1)
        return;
    kernel_lock();
    timer_cancel_locked(&memory->watch);
    kernel_unlock();
    for (int i = 0; i < 2; i++)
        if (memory->kept[i])
            block_free(memory->kept[i]);
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < memory->pages; i++)
        if (by_page[memory->first_pfn - PFN_BASE + i] == memory)
            by_page[memory->first_pfn - PFN_BASE + i] = NULL;
    pthread_mutex_unlock(&lock);
    hostile_end(memory);
    munmap(memory->host, memory->pages * PAGE);
    close(memory->fd);
    free(memory);
}

struct memory *memory_of_pfn(uint64_t pfn)
{
    return pfn - PFN_BASE < PFN_SPACE && by_page ? by_page[pfn - PFN_BASE] : NULL;
}

/* The same pages have a second address each, which 32-bit processes can name, as far as these reach. */
enum { NARROW_BASE = 0x40000000, NARROW_PAGES = 0x20000 };

static bool narrow_address(uintptr_t address)
{
    return sizeof(void *) == 8 && address - NARROW_BASE < (uintptr_t)NARROW_PAGES * PAGE;
}

bool memory_narrow(struct memory *memory)
{
    uintptr_t narrow = memory->user - (uintptr_t)USER_BASE + NARROW_BASE;
    if (sizeof(void *) == 4)
        return true;
    if (!narrow_address(narrow) || !narrow_address(narrow + memory->size))
        return false;
    memory->user = narrow;
    return true;
}

bool user_address(uintptr_t address)
{
    return address - USER_BASE < (uint64_t)PFN_SPACE * PAGE || narrow_address(address);
}

struct memory *memory_of_user(uintptr_t address)
{
    if (narrow_address(address))
        return memory_of_pfn(PFN_BASE + (address - NARROW_BASE) / PAGE);
    return memory_of_pfn(PFN_BASE + (address - USER_BASE) / PAGE);
}
