/* Interlocked lists, lookaside lists, semaphores, mutexes. */
#include "blocks.h"
#include "clock.h"
#include "tracked.h"

/* ---- SLISTs: where inlined code looks for them, the depth and (x86) the first entry stand as on Windows ---- */
#if defined(__i386__)
struct slist {
    void **first;
    uint16_t depth, sequence;
};
#else
struct slist {
    uint64_t depth;
    void **first;
};
#endif
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;

EXPORT(void, InitializeSListHead, struct slist *list)
{
    ENTER(InitializeSListHead, list);
    *list = (struct slist){0};
}

static void *slist_push(struct slist *list, void **entry)
{
    pthread_mutex_lock(&list_lock);
    void *before = list->first;
    *entry = before;
    list->first = entry;
    list->depth++;
    pthread_mutex_unlock(&list_lock);
    return before;
}

static void *slist_pop(struct slist *list)
{
    pthread_mutex_lock(&list_lock);
    void **entry = list->first;
    if (entry) {
        list->first = *entry;
        list->depth--;
    }
    pthread_mutex_unlock(&list_lock);
    return entry;
}

static void *slist_flush(struct slist *list)
{
    pthread_mutex_lock(&list_lock);
    void *first = list->first;
    *list = (struct slist){0};
    pthread_mutex_unlock(&list_lock);
    return first;
}

#if defined(__i386__)
EXPORT(void *, ExInterlockedPushEntrySList, struct slist *list, void **entry, void *lock)
{
    ENTER(ExInterlockedPushEntrySList, list);
    (void)lock;
    return slist_push(list, entry);
}

EXPORT(void *, ExInterlockedPopEntrySList, struct slist *list, void *lock)
{
    ENTER(ExInterlockedPopEntrySList, list);
    (void)lock;
    return slist_pop(list);
}

EXPORT(void *, InterlockedPushEntrySList, struct slist *list, void **entry)
{
    ENTER(InterlockedPushEntrySList, list);
    return slist_push(list, entry);
}

EXPORT(void *, InterlockedPopEntrySList, struct slist *list)
{
    ENTER(InterlockedPopEntrySList, list);
    return slist_pop(list);
}

EXPORT(void *, ExInterlockedFlushSList, struct slist *list)
{
    ENTER(ExInterlockedFlushSList, list);
    return slist_flush(list);
}
#else
EXPORT(void *, ExpInterlockedPushEntrySList, struct slist *list, void **entry)
{
    ENTER(ExpInterlockedPushEntrySList, list);
    return slist_push(list, entry);
}

EXPORT(void *, ExpInterlockedPopEntrySList, struct slist *list)
{
    ENTER(ExpInterlockedPopEntrySList, list);
    return slist_pop(list);
}

EXPORT(void *, ExpInterlockedFlushSList, struct slist *list)
{
    ENTER(ExpInterlockedFlushSList, list);
    return slist_flush(list);
}
#endif

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
    track(TRACKED_LOOKASIDE, list, NULL);
}

EXPORT(void, ExDeleteNPagedLookasideList, GENERAL_LOOKASIDE *list)
{
    ENTER(ExDeleteNPagedLookasideList, list);
    if (!untrack(TRACKED_LOOKASIDE, list))
        violation("LookasideList", list, "ExDeleteNPagedLookasideList on a list that was not initialised");
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
