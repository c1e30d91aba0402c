/* ERESOURCE: who holds a resource how often is kept beside it; whoever must wait sleeps until a release lets it look again. */
#include "io.h"
#include "locks.h"

enum { SHARERS = 32 };
enum grant { GRANT_SHARED, GRANT_STARVE, GRANT_WAIT, GRANT_EXCLUSIVE };
struct sharer {
    const void *thread;
    int count;
};
struct resource_wait {
    DISPATCHER_HEADER event;
    bool exclusive;
    struct resource_wait *next;
};
struct resource {
    const void *object, *owner; /* owner: the thread that has it exclusively */
    int depth, sharers;
    struct sharer shared[SHARERS];
    struct resource_wait *waits;
    struct resource *next;
};
static struct resource *resources;

void deadlock_fault(const void *lock, const char *text);

/* Under the kernel lock, as all that follow up to the exports. */
static struct resource *resource_find(const void *object)
{
    for (struct resource *at = resources; at; at = at->next)
        if (at->object == object)
            return at;
    return NULL;
}

static struct sharer *sharer_of(struct resource *resource, const void *thread)
{
    for (int i = 0; i < resource->sharers; i++)
        if (resource->shared[i].thread == thread)
            return &resource->shared[i];
    return NULL;
}

static void sharer_add(struct resource *resource, const void *thread)
{
    struct sharer *sharer = sharer_of(resource, thread);
    if (!sharer && resource->sharers == SHARERS)
        abort();
    if (!sharer)
        sharer = &resource->shared[resource->sharers++], *sharer = (struct sharer){thread, 0};
    sharer->count++;
}

static int waiting(const struct resource *resource, bool exclusive)
{
    int count = 0;
    for (const struct resource_wait *wait = resource->waits; wait; wait = wait->next)
        count += wait->exclusive == exclusive;
    return count;
}

static bool grantable(struct resource *resource, enum grant grant, const void *thread)
{
    if (resource->depth)
        return resource->owner == thread;
    if (grant == GRANT_EXCLUSIVE)
        return resource->sharers == 0;
    if (grant == GRANT_STARVE || !waiting(resource, true))
        return true;
    return grant == GRANT_SHARED && sharer_of(resource, thread);
}

static void granted(struct resource *resource, enum grant grant, const void *thread)
{
    self->resources_held++;
    if (grant == GRANT_EXCLUSIVE || resource->depth)
        resource->depth++, resource->owner = thread;
    else
        sharer_add(resource, thread);
}

static void waits_wake(struct resource *resource)
{
    for (struct resource_wait *wait = resource->waits; wait; wait = wait->next)
        object_signal_locked(&wait->event);
}

static void wait_end(const void *object, struct resource_wait *wait)
{
    struct resource *resource = resource_find(object);
    for (struct resource_wait **at = resource ? &resource->waits : NULL; at && *at; at = &(*at)->next) {
        if (*at == wait) {
            *at = wait->next;
            return;
        }
    }
}

/* One release by `thread`; false when it holds nothing. */
static bool released(struct resource *resource, const void *thread)
{
    struct sharer *sharer = sharer_of(resource, thread);
    if (resource->depth && resource->owner == thread)
        resource->depth--;
    else if (sharer && --sharer->count == 0)
        *sharer = resource->shared[--resource->sharers];
    else if (!sharer)
        return false;
    self->resources_held--;
    waits_wake(resource);
    return true;
}

/* ---- what acquires and releases share ---- */

/* Of threads that can be suspended while they hold it; those of the system cannot, and are exempt. */
static void region_check(const void *object, const char *call)
{
    bool suspendable = self->process && self->process != process_system();
    if (suspendable && !self->apc_off && self->irql < APC)
        violation("WithinCriticalRegion", object, "%s is called outside a critical region: normal kernel APCs are on", call);
}

static void again_check(const void *object, enum grant grant, bool mine, bool shares, const char *call)
{
    if (grant == GRANT_EXCLUSIVE && mine)
        violation("ExclusiveResourceAccess", object, "%s on a resource that this thread has exclusively already", call);
    if (grant == GRANT_EXCLUSIVE && shares) {
        violation("ExclusiveResourceAccess", object, "%s by a thread that shares the resource: it waits for itself", call);
        deadlock_fault(object, "a thread waits for a resource that it shares");
    }
}

static uint8_t resource_acquire(void *object, uint8_t wait, enum grant grant, const char *call)
{
    const void *thread = self->ethread;
    region_check(object, call);
    if (wait)
        sleeping_lock_wanted(object);
    for (;;) {
        struct resource_wait sleeper = {.exclusive = grant == GRANT_EXCLUSIVE};
        object_init(&sleeper.event, EVENT_NOTIFICATION, false);
        kernel_lock();
        struct resource *resource = resource_find(object);
        bool known = resource != NULL, mine = known && resource->depth && resource->owner == thread, shares = known && sharer_of(resource, thread);
        bool free = known && grantable(resource, grant, thread);
        if (free)
            granted(resource, grant, thread);
        else if (known && wait && !(shares && grant == GRANT_EXCLUSIVE))
            sleeper.next = resource->waits, resource->waits = &sleeper;
        kernel_unlock();
        if (!known) {
            violation("ExclusiveResourceAccess", object, "%s on a resource that was not initialised", call);
            return 0;
        }
        if (free)
            sleeping_lock_taken(object);
        if (free || wait)
            again_check(object, grant, mine, shares, call);
        if (free || !wait)
            return free;
        wait_for(&sleeper.event, call);
        kernel_lock();
        wait_end(object, &sleeper);
        kernel_unlock();
    }
}

static void resource_release(void *object, const void *thread, const char *call)
{
    region_check(object, call);
    kernel_lock();
    struct resource *resource = resource_find(object);
    bool held = resource && released(resource, thread);
    kernel_unlock();
    if (held)
        sleeping_lock_released(object);
    else
        violation("ExclusiveResourceAccess", object, "%s on a resource that the thread does not hold", call);
}

void resources_return_check(const char *callback)
{
    violation("ExclusiveResourceAccess", NULL, "%s returned with a resource held", callback);
}

/* ---- exports ---- */

EXPORT(status_t, ExInitializeResourceLite, void *object)
{
    ENTER(ExInitializeResourceLite, object);
    struct resource *resource = calloc(1, sizeof *resource);
    memset(object, 0, sizeof(ERESOURCE));
    resource->object = object;
    kernel_lock();
    bool twice = resource_find(object) != NULL;
    resource->next = resources;
    resources = resource;
    kernel_unlock();
    if (twice)
        violation("ExclusiveResourceAccess", object, "ExInitializeResourceLite on a resource that is initialised already");
    return STATUS_SUCCESS;
}

EXPORT(status_t, ExReinitializeResourceLite, void *object)
{
    ENTER(ExReinitializeResourceLite, object);
    kernel_lock();
    struct resource *resource = resource_find(object);
    bool fine = resource && !resource->depth && !resource->sharers;
    kernel_unlock();
    if (!fine)
        violation("ExclusiveResourceAccess", object, "ExReinitializeResourceLite on a resource that %s", resource ? "is held" : "was not initialised");
    return STATUS_SUCCESS;
}

EXPORT(status_t, ExDeleteResourceLite, void *object)
{
    ENTER(ExDeleteResourceLite, object);
    bool held = false, found = false;
    kernel_lock();
    for (struct resource **at = &resources; *at; at = &(*at)->next) {
        if ((*at)->object != object)
            continue;
        struct resource *gone = *at;
        held = gone->sharers || gone->depth || gone->waits;
        found = true;
        *at = gone->next;
        free(gone);
        break;
    }
    kernel_unlock();
    if (held || !found)
        violation("ExclusiveResourceAccess", object, held ? "a held resource is deleted" : "a resource is deleted that was not initialised");
    return STATUS_SUCCESS;
}

EXPORT(uint8_t, ExAcquireResourceExclusiveLite, void *object, uint8_t wait)
{
    ENTER(ExAcquireResourceExclusiveLite, object);
    return resource_acquire(object, wait, GRANT_EXCLUSIVE, "ExAcquireResourceExclusiveLite");
}

EXPORT(uint8_t, ExAcquireResourceSharedLite, void *object, uint8_t wait)
{
    ENTER(ExAcquireResourceSharedLite, object);
    return resource_acquire(object, wait, GRANT_SHARED, "ExAcquireResourceSharedLite");
}

EXPORT(uint8_t, ExAcquireSharedStarveExclusive, void *object, uint8_t wait)
{
    ENTER(ExAcquireSharedStarveExclusive, object);
    return resource_acquire(object, wait, GRANT_STARVE, "ExAcquireSharedStarveExclusive");
}

EXPORT(uint8_t, ExAcquireSharedWaitForExclusive, void *object, uint8_t wait)
{
    ENTER(ExAcquireSharedWaitForExclusive, object);
    return resource_acquire(object, wait, GRANT_WAIT, "ExAcquireSharedWaitForExclusive");
}

EXPORT(void, ExReleaseResourceLite, void *object)
{
    ENTER(ExReleaseResourceLite, object);
    resource_release(object, self->ethread, "ExReleaseResourceLite");
}

EXPORT(void, ExReleaseResourceForThreadLite, void *object, void *thread)
{
    ENTER(ExReleaseResourceForThreadLite, object);
    resource_release(object, thread, "ExReleaseResourceForThreadLite");
}

EXPORT(void, ExConvertExclusiveToSharedLite, void *object)
{
    ENTER(ExConvertExclusiveToSharedLite, object);
    kernel_lock();
    struct resource *resource = resource_find(object);
    bool mine = resource && resource->depth && resource->owner == self->ethread;
    if (mine) {
        for (; resource->depth; resource->depth--)
            sharer_add(resource, self->ethread);
        waits_wake(resource);
    }
    kernel_unlock();
    if (!mine)
        violation("ExclusiveResourceAccess", object, "ExConvertExclusiveToSharedLite on a resource that this thread does not have exclusively");
}

EXPORT(void *, ExEnterCriticalRegionAndAcquireResourceExclusive, void *object)
{
    ENTER(ExEnterCriticalRegionAndAcquireResourceExclusive, object);
    self->apc_off++;
    resource_acquire(object, true, GRANT_EXCLUSIVE, "ExEnterCriticalRegionAndAcquireResourceExclusive");
    return self->ethread;
}

EXPORT(void *, ExEnterCriticalRegionAndAcquireResourceShared, void *object)
{
    ENTER(ExEnterCriticalRegionAndAcquireResourceShared, object);
    self->apc_off++;
    resource_acquire(object, true, GRANT_SHARED, "ExEnterCriticalRegionAndAcquireResourceShared");
    return self->ethread;
}

EXPORT(void, ExReleaseResourceAndLeaveCriticalRegion, void *object)
{
    ENTER(ExReleaseResourceAndLeaveCriticalRegion, object);
    resource_release(object, self->ethread, "ExReleaseResourceAndLeaveCriticalRegion");
    if (self->apc_off-- <= 0)
        violation("CriticalRegions", object, "ExReleaseResourceAndLeaveCriticalRegion outside a critical region");
}

EXPORT(uint8_t, ExIsResourceAcquiredExclusiveLite, void *object)
{
    ENTER(ExIsResourceAcquiredExclusiveLite, object);
    kernel_lock();
    struct resource *resource = resource_find(object);
    bool mine = resource && resource->depth && resource->owner == self->ethread;
    kernel_unlock();
    return mine;
}

EXPORT(uint32_t, ExIsResourceAcquiredSharedLite, void *object)
{
    ENTER(ExIsResourceAcquiredSharedLite, object);
    kernel_lock();
    struct resource *resource = resource_find(object);
    struct sharer *sharer = resource ? sharer_of(resource, self->ethread) : NULL;
    bool mine = resource && resource->depth && resource->owner == self->ethread;
    uint32_t count = (uint32_t)(mine ? resource->depth : sharer ? sharer->count : 0);
    kernel_unlock();
    return count;
}

static uint32_t waiter_count(const void *object, bool exclusive)
{
    kernel_lock();
    const struct resource *resource = resource_find(object);
    int count = resource ? waiting(resource, exclusive) : 0;
    kernel_unlock();
    return (uint32_t)count;
}

EXPORT(uint32_t, ExGetExclusiveWaiterCount, void *object)
{
    ENTER(ExGetExclusiveWaiterCount, object);
    return waiter_count(object, true);
}

EXPORT(uint32_t, ExGetSharedWaiterCount, void *object)
{
    ENTER(ExGetSharedWaiterCount, object);
    return waiter_count(object, false);
}

/* Memory goes: a resource in it must have been deleted. */
void objects_forget(uintptr_t address, size_t size)
{
    bool found = false;
    kernel_lock();
    for (struct resource **at = &resources; *at;) {
        if ((uintptr_t)(*at)->object - address < size)
            *at = (*at)->next, found = true;
        else
            at = &(*at)->next;
    }
    kernel_unlock();
    if (found)
        violation("FreedWhileActive", (void *)address, "memory is freed that holds an initialised resource");
}
