/* Driver Verifier's forced IRQL checking. What is paged is inaccessible while a thread runs in the driver at DISPATCH_LEVEL: closed when
   one crosses into the driver at that IRQL, opened by the first fault of a thread below it. With one thread at a time that is exact; in a
   free schedule a touch goes unseen between such an opening and the next crossing at DISPATCH_LEVEL. */
#include "paged.h"
#include "pe.h"
#include <sys/mman.h>

enum { INIT_SECTIONS = 8 };
struct region {
    uintptr_t base;
    size_t length;
    int protection;
    bool code, open, reported;
    struct region *next;
};
static struct region *regions;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int opened; /* regions that a thread at DISPATCH_LEVEL must close */
bool paged_armed;
static struct {
    uintptr_t base;
    size_t size;
} discarded[INIT_SECTIONS];
static size_t discarded_count;

void paged_add(uintptr_t base, size_t length, int protection, bool code)
{
    struct region *made = malloc(sizeof *made);
    pthread_mutex_lock(&lock);
    *made = (struct region){base, length, protection, code, true, false, regions};
    regions = made;
    paged_armed = true;
    atomic_fetch_add(&opened, 1);
    pthread_mutex_unlock(&lock);
}

static void protect(const struct region *region, int protection)
{
    mprotect((void *)region->base, region->length, protection);
}

void paged_remove(uintptr_t base)
{
    pthread_mutex_lock(&lock);
    struct region **at = &regions;
    while (*at && (*at)->base != base)
        at = &(*at)->next;
    struct region *region = *at;
    if (region) {
        *at = region->next;
        if (region->open)
            atomic_fetch_sub(&opened, 1);
        protect(region, region->protection);
    }
    pthread_mutex_unlock(&lock);
    free(region);
}

void paged_crossing(void)
{
    if (self->irql < DISPATCH || !atomic_load(&opened))
        return;
    pthread_mutex_lock(&lock);
    for (struct region *region = regions; region; region = region->next) {
        if (!region->open || region->reported)
            continue;
        region->open = false;
        atomic_fetch_sub(&opened, 1);
        protect(region, PROT_NONE);
    }
    pthread_mutex_unlock(&lock);
}

static void report(const struct region *region, uintptr_t address, const struct registers *r)
{
    struct frame *frame = self->frame, here = {.outer = frame, .name = "access", .ip = r->ip, .sp = r->sp, .bp = r->r[FRAME_POINTER]};
    if (image_contains(r->ip))
        self->frame = &here;
    if (region->code)
        violation("PagedCode", (void *)address, "code or data of a paged section is used at IRQL %u", self->irql);
    else
        violation("PagedMemory", (void *)address, "paged pool is touched at IRQL %u", self->irql);
    self->frame = frame;
}

static bool allows(const struct region *region, uintptr_t address, bool write, uintptr_t ip)
{
    return region->protection & (write ? PROT_WRITE : address == ip ? PROT_EXEC : PROT_READ);
}

bool paged_fault(uintptr_t address, bool write, const struct registers *r)
{
    struct region found = {0};
    bool wrong = self->irql >= DISPATCH;
    pthread_mutex_lock(&lock);
    struct region *region = regions;
    while (region && address - region->base >= region->length)
        region = region->next;
    bool ours = region && allows(region, address, write, r->ip), closed = ours && !region->open;
    if (closed) {
        found = *region;
        region->reported = wrong; /* and stays open: once is enough */
        region->open = true;
        atomic_fetch_add(&opened, 1);
        protect(region, region->protection);
    }
    pthread_mutex_unlock(&lock);
    if (closed && wrong)
        report(&found, address, r);
    return ours; /* if it was open, another thread has just opened it */
}

void section_mapped(const char *name, uintptr_t base, size_t size, int protection)
{
    if ((protection & PROT_WRITE) && (protection & PROT_EXEC))
        violation("WritableCode", (void *)base, "the section %.8s can be written and executed", name);
    if (!strncmp(name, "PAGE", 4))
        paged_add(base, size, protection, true);
    if (!strncmp(name, "INIT", 4) && discarded_count < INIT_SECTIONS) {
        discarded[discarded_count].base = base;
        discarded[discarded_count++].size = size;
    }
}

void sections_discard(void)
{
    while (discarded_count) {
        discarded_count--;
        mprotect((void *)discarded[discarded_count].base, discarded[discarded_count].size, PROT_NONE);
    }
}
