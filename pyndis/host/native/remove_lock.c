/* Remove locks: two counters and an event in the driver's memory; beside them every acquire with its tag, to be matched with its release. */
#include "io.h"
#include "tracked.h"

struct remove_lock {
    uint8_t removed, reserved[3];
    atomic_int count;
    DISPATCHER_HEADER event;
};
struct acquire {
    const void *lock, *tag;
    const struct irp_record *dispatched; /* the request in whose dispatch it was made */
    struct acquire *next;
};
struct lock_record {
    bool waited; /* released for good */
};
static struct acquire *acquires;
static pthread_mutex_t acquires_lock = PTHREAD_MUTEX_INITIALIZER;

static struct lock_record *record_of(const void *lock, const char *call)
{
    struct lock_record *record = tracked(TRACKED_REMOVE_LOCK, lock, NULL);
    if (!record)
        violation("RemoveLock", lock, "%s on a remove lock that was not initialised", call);
    return record;
}

static void acquire_note(const void *lock, const void *tag)
{
    struct acquire *made = malloc(sizeof *made);
    pthread_mutex_lock(&acquires_lock);
    *made = (struct acquire){lock, tag, self->irp && self->irp->dispatching ? self->irp : NULL, acquires};
    acquires = made;
    pthread_mutex_unlock(&acquires_lock);
}

static bool acquire_forget(const void *lock, const void *tag)
{
    pthread_mutex_lock(&acquires_lock);
    struct acquire **at = &acquires;
    while (*at && ((*at)->lock != lock || (*at)->tag != tag))
        at = &(*at)->next;
    struct acquire *found = *at;
    if (found)
        *at = found->next;
    pthread_mutex_unlock(&acquires_lock);
    free(found);
    return found != NULL;
}

EXPORT(void, IoInitializeRemoveLockEx, struct remove_lock *lock, uint32_t tag, uint32_t minutes, uint32_t high, uint32_t size)
{
    ENTER(IoInitializeRemoveLockEx, lock);
    (void)tag, (void)minutes, (void)high, (void)size;
    if (tracked(TRACKED_REMOVE_LOCK, lock, NULL))
        violation("RemoveLock", lock, "a remove lock is initialised again");
    else
        track(TRACKED_REMOVE_LOCK, lock, calloc(1, sizeof(struct lock_record)));
    lock->removed = 0;
    atomic_store(&lock->count, 1);
    object_init(&lock->event, EVENT_SYNCHRONIZATION, false);
}

EXPORT_F(status_t, IoAcquireRemoveLockEx, struct remove_lock *lock, void *tag, const char *file, uint32_t line, uint32_t size)
{
    ENTER_FAILS(IoAcquireRemoveLockEx, lock, false);
    (void)file, (void)line, (void)size;
    if (!record_of(lock, "IoAcquireRemoveLock") || fail_ || lock->removed)
        return (status_t)STATUS_DELETE_PENDING;
    atomic_fetch_add(&lock->count, 1);
    acquire_note(lock, tag);
    return STATUS_SUCCESS;
}

static void count_down(struct remove_lock *lock)
{
    int before = atomic_fetch_sub(&lock->count, 1);
    if (before <= 0)
        violation("RemoveLock", lock, "a remove lock is released more often than it was acquired");
    else if (before == 1)
        object_signal(&lock->event);
}

EXPORT(void, IoReleaseRemoveLockEx, struct remove_lock *lock, void *tag, uint32_t size)
{
    ENTER(IoReleaseRemoveLockEx, lock);
    (void)size;
    if (!record_of(lock, "IoReleaseRemoveLock"))
        return;
    if (!acquire_forget(lock, tag))
        violation("RemoveLock", lock, "IoReleaseRemoveLock with the tag %p, with which the lock is not held", tag);
    else
        count_down(lock);
}

EXPORT(void, IoReleaseRemoveLockAndWaitEx, struct remove_lock *lock, void *tag, uint32_t size)
{
    ENTER(IoReleaseRemoveLockAndWaitEx, lock);
    (void)size;
    struct lock_record *record = record_of(lock, "IoReleaseRemoveLockAndWait");
    if (!record)
        return;
    if (record->waited)
        violation("RemoveLock", lock, "IoReleaseRemoveLockAndWait for the second time");
    if (!acquire_forget(lock, tag)) {
        violation("RemoveLock", lock, "IoReleaseRemoveLockAndWait with the tag %p, with which the lock is not held", tag);
        return;
    }
    record->waited = true;
    lock->removed = 1;
    count_down(lock); /* the caller's own */
    if (atomic_fetch_sub(&lock->count, 1) > 1)
        wait_for(&lock->event, "IoReleaseRemoveLockAndWaitEx");
}

/* The memory of the lock goes. */
void remove_lock_leaves(const void *lock, void *record, const char *call)
{
    if (!((struct lock_record *)record)->waited)
        violation("RemoveLockCheck", lock, "%s ends a remove lock that IoReleaseRemoveLockAndWait was not called for", call);
    pthread_mutex_lock(&acquires_lock);
    for (struct acquire **at = &acquires; *at;) {
        struct acquire *acquire = *at;
        if (acquire->lock == lock) {
            *at = acquire->next;
            free(acquire);
        } else {
            at = &acquire->next;
        }
    }
    pthread_mutex_unlock(&acquires_lock);
    free(record);
}

/* A dispatch routine has returned and its request is completed: no acquire of it may be left. */
void remove_lock_dispatch_check(const struct irp_record *record, const void *irp, bool completed, const char *rule)
{
    const void *held = NULL;
    pthread_mutex_lock(&acquires_lock);
    for (struct acquire *at = acquires; at; at = at->next) {
        if (at->dispatched != record)
            continue;
        at->dispatched = NULL;
        if (completed)
            held = at->lock;
    }
    pthread_mutex_unlock(&acquires_lock);
    if (held)
        violation(rule, irp, "the dispatch routine completed the request and returned with the remove lock %p held", held);
}
