/* Shared pages behind user buffers: a memfd each, so that the user's view and every system mapping are different addresses. */
#include "hostile.h"
#include <sys/mman.h>

enum { PFN_SPACE = 1 << 24 };
static const uint64_t PFN_BASE = 1ull << 36; /* above the page numbers of any host address */
static const uintptr_t USER_BASE = 0x10000000000ull;
static struct memory **by_page;
static uint64_t next_page;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

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
        by_page = mmap(NULL, PFN_SPACE * sizeof *by_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (next_page + memory->pages + 1 > PFN_SPACE)
        next_page = 0; /* numbers come round again after 64 GiB of user memory */
    for (size_t i = 0; i < memory->pages; i++)
        by_page[next_page + i] = memory;
    memory->first_pfn = PFN_BASE + next_page;
    memory->user = USER_BASE + next_page * PAGE + offset;
    next_page += memory->pages + 1;
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

struct memory *memory_of_user(uintptr_t address)
{
    return memory_of_pfn(PFN_BASE + (address - USER_BASE) / PAGE);
}
