/* Interlocked lists, lookaside lists, semaphores, mutexes, remove locks. */
#include "blocks.h"
#include "clock.h"

/* ---- SLISTs: the first entry in the header's second word, the depth in its first ---- */
struct slist {
    uint64_t depth;
    void **first;
};
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;

EXPORT(void, InitializeSListHead, struct slist *list)
{
    ENTER(InitializeSListHead, list);
    *list = (struct slist){0, NULL};
}

EXPORT(void *, ExpInterlockedPushEntrySList, struct slist *list, void **entry)
{
    ENTER(ExpInterlockedPushEntrySList, list);
    pthread_mutex_lock(&list_lock);
    void *before = list->first;
    *entry = before;
    list->first = entry;
    list->depth++;
    pthread_mutex_unlock(&list_lock);
    return before;
}

EXPORT(void *, ExpInterlockedPopEntrySList, struct slist *list)
{
    ENTER(ExpInterlockedPopEntrySList, list);
    pthread_mutex_lock(&list_lock);
    void **entry = list->first;
    if (entry) {
        list->first = *entry;
        list->depth--;
    }
    pthread_mutex_unlock(&list_lock);
    return entry;
}

EXPORT(void *, ExpInterlockedFlushSList, struct slist *list)
{
    ENTER(ExpInterlockedFlushSList, list);
    pthread_mutex_lock(&list_lock);
    void *first = list->first;
    *list = (struct slist){0, NULL};
    pthread_mutex_unlock(&list_lock);
    return first;
}

EXPORT(uint16_t, ExQueryDepthSList, struct slist *list)
{
    ENTER(ExQueryDepthSList, list);
    return (uint16_t)list->depth;
}

/* ---- doubly linked lists under a spin lock of the driver, which is held only here ---- */
struct list_entry {
    struct list_entry *next, *previous;
};

EXPORT(struct list_entry *, ExInterlockedInsertTailList, struct list_entry *list, struct list_entry *entry, void *lock)
{
    ENTER(ExInterlockedInsertTailList, lock);
    pthread_mutex_lock(&list_lock);
    struct list_entry *last = list->previous;
    *entry = (struct list_entry){list, last};
    last->next = list->previous = entry;
    pthread_mutex_unlock(&list_lock);
    return last == list ? NULL : last;
}

EXPORT(struct list_entry *, ExInterlockedInsertHeadList, struct list_entry *list, struct list_entry *entry, void *lock)
{
    ENTER(ExInterlockedInsertHeadList, lock);
    pthread_mutex_lock(&list_lock);
    struct list_entry *first = list->next;
    *entry = (struct list_entry){first, list};
    first->previous = list->next = entry;
    pthread_mutex_unlock(&list_lock);
    return first == list ? NULL : first;
}

EXPORT(struct list_entry *, ExInterlockedRemoveHeadList, struct list_entry *list, void *lock)
{
    ENTER(ExInterlockedRemoveHeadList, lock);
    pthread_mutex_lock(&list_lock);
    struct list_entry *entry = list->next;
    if (entry == list) {
        entry = NULL;
    } else {
        list->next = entry->next;
        entry->next->previous = list;
    }
    pthread_mutex_unlock(&list_lock);
    return entry;
}

/* ---- lookaside lists: the inlined allocation finds an empty list and calls what the header names ---- */
typedef MS void *allocate_fn(uint32_t type, size_t size, uint32_t tag);
typedef MS void free_fn(void *memory);

EXPORT(void, ExInitializeNPagedLookasideList, GENERAL_LOOKASIDE *list, void *allocate, void *release, uint32_t flags, size_t size, uint32_t tag, uint16_t depth)
{
    ENTER(ExInitializeNPagedLookasideList, list);
    (void)flags, (void)depth;
    memset(list, 0, sizeof *list);
    list->Type = 512;
    list->Size = (uint32_t)size;
    list->Tag = tag;
    list->Allocate = allocate ? allocate : export_find("ExAllocatePoolWithTag")->function;
    list->Free = release ? release : export_find("ExFreePool")->function;
}

EXPORT(void, ExDeleteNPagedLookasideList, GENERAL_LOOKASIDE *list)
{
    ENTER(ExDeleteNPagedLookasideList, list);
    struct slist *entries = (struct slist *)list;
    free_fn *release = (free_fn *)list->Free;
    while (entries->first) {
        void **entry = entries->first;
        entries->first = *entry;
        release(entry);
    }
}

/* ---- semaphores and mutexes ---- */

EXPORT(void, KeInitializeSemaphore, DISPATCHER_HEADER *semaphore, int32_t count, int32_t limit)
{
    ENTER(KeInitializeSemaphore, semaphore);
    object_init(semaphore, OBJECT_SEMAPHORE, false);
    semaphore->SignalState = count;
    memcpy(semaphore + 1, &limit, 4);
}

EXPORT(int32_t, KeReleaseSemaphore, DISPATCHER_HEADER *semaphore, int32_t increment, int32_t adjustment, uint8_t wait)
{
    ENTER(KeReleaseSemaphore, semaphore);
    (void)increment, (void)wait;
    int32_t before = semaphore->SignalState, limit;
    memcpy(&limit, semaphore + 1, 4);
    if (adjustment <= 0 || before + adjustment > limit)
        violation("Semaphore", semaphore, "KeReleaseSemaphore by %d; the count is %d and its limit %d", adjustment, before, limit);
    for (int32_t i = 0; i < adjustment; i++)
        object_signal(semaphore);
    return before;
}

EXPORT(void, KeInitializeMutex, DISPATCHER_HEADER *mutex, uint32_t level)
{
    ENTER(KeInitializeMutex, mutex);
    (void)level;
    object_init(mutex, OBJECT_MUTANT, true);
}

EXPORT(int32_t, KeReleaseMutex, DISPATCHER_HEADER *mutex, uint8_t wait)
{
    ENTER(KeReleaseMutex, mutex);
    (void)wait;
    int32_t before = mutex->SignalState;
    if (before > 0)
        violation("Mutex", mutex, "KeReleaseMutex on a mutex that nobody holds");
    else
        object_signal(mutex);
    return before;
}

/* ---- remove locks: two counters and an event in the caller's memory ---- */
struct remove_lock {
    uint8_t removed, reserved[3];
    atomic_int count;
    DISPATCHER_HEADER event;
};

EXPORT(void, IoInitializeRemoveLockEx, struct remove_lock *lock, uint32_t tag, uint32_t minutes, uint32_t high, uint32_t size)
{
    ENTER(IoInitializeRemoveLockEx, lock);
    (void)tag, (void)minutes, (void)high, (void)size;
    lock->removed = 0;
    atomic_store(&lock->count, 1);
    object_init(&lock->event, EVENT_SYNCHRONIZATION, false);
}

EXPORT_F(status_t, IoAcquireRemoveLockEx, struct remove_lock *lock, void *tag, const char *file, uint32_t line, uint32_t size)
{
    ENTER_FAILS(IoAcquireRemoveLockEx, lock, false);
    (void)tag, (void)file, (void)line, (void)size;
    if (fail_ || lock->removed)
        return (status_t)STATUS_DELETE_PENDING;
    atomic_fetch_add(&lock->count, 1);
    return STATUS_SUCCESS;
}

static void remove_lock_release(struct remove_lock *lock)
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
    (void)tag, (void)size;
    remove_lock_release(lock);
}

EXPORT(void, IoReleaseRemoveLockAndWaitEx, struct remove_lock *lock, void *tag, uint32_t size)
{
    ENTER(IoReleaseRemoveLockAndWaitEx, lock);
    (void)tag, (void)size;
    lock->removed = 1;
    remove_lock_release(lock); /* the caller's own */
    if (atomic_fetch_sub(&lock->count, 1) > 1)
        wait_for(&lock->event, "IoReleaseRemoveLockAndWaitEx");
}
