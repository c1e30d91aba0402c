/* What lives in the driver's memory and must be ended before that memory is: Driver Verifier's miscellaneous checks. */
#include "tracked.h"
#include "locks.h"

struct entry {
    const void *object;
    void *record;
    enum tracked_kind kind;
    struct entry *next;
};
static struct entry *entries;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Whether such an object in memory that goes is wrong by itself; a remove lock and a queue only are if they are in use. */
static const char *const must_be_deleted[TRACKED_KINDS] = {[TRACKED_LOOKASIDE] = "a lookaside list that was not deleted"};

void timers_forget(uintptr_t address, size_t size);
bool waits_find(uintptr_t address, size_t size);
void objects_forget(uintptr_t address, size_t size);
void remove_lock_leaves(const void *object, void *record, const char *call);

static struct entry **find(enum tracked_kind kind, const void *object)
{
    struct entry **at = &entries;
    while (*at && ((*at)->object != object || (*at)->kind != kind))
        at = &(*at)->next;
    return at;
}

void track(enum tracked_kind kind, const void *object, void *record)
{
    struct entry *made = calloc(1, sizeof *made);
    pthread_mutex_lock(&lock);
    struct entry **at = find(kind, object);
    if (*at) {
        (*at)->record = record;
        free(made);
    } else {
        *made = (struct entry){object, record, kind, entries};
        entries = made;
    }
    pthread_mutex_unlock(&lock);
}

void *tracked(enum tracked_kind kind, const void *object, bool *found)
{
    pthread_mutex_lock(&lock);
    struct entry *entry = *find(kind, object);
    void *record = entry ? entry->record : NULL;
    pthread_mutex_unlock(&lock);
    if (found)
        *found = entry != NULL;
    return record;
}

bool untrack(enum tracked_kind kind, const void *object)
{
    pthread_mutex_lock(&lock);
    struct entry **at = find(kind, object), *entry = *at;
    if (entry)
        *at = entry->next;
    pthread_mutex_unlock(&lock);
    free(entry);
    return entry != NULL;
}

/* Takes one object out of the memory; its kind and record in `taken`. */
static bool take(uintptr_t address, size_t size, struct entry *taken)
{
    pthread_mutex_lock(&lock);
    struct entry **at = &entries;
    while (*at && (uintptr_t)(*at)->object - address >= size)
        at = &(*at)->next;
    struct entry *entry = *at;
    if (entry) {
        *taken = *entry;
        *at = entry->next;
    }
    pthread_mutex_unlock(&lock);
    free(entry);
    return entry != NULL;
}

static bool lock_held_in(uintptr_t address, size_t size)
{
    for (struct thread *thread = threads_first(); thread; thread = thread->next)
        for (int i = 0; i < thread->held_count; i++)
            if ((uintptr_t)lock_address(&thread->held[i]) - address < size)
                return true;
    return false;
}

static void active(uintptr_t address, const char *call, const char *what)
{
    violation("FreedWhileActive", (void *)address, "%s lets memory go that holds %s", call, what);
}

void memory_leaves(uintptr_t address, size_t size, const char *call)
{
    struct entry taken;
    if (settings.verifier && lock_held_in(address, size))
        active(address, call, "a lock that is held");
    locks_forget(address, size);
    if (!settings.guard)
        return;
    timers_forget(address, size);
    objects_forget(address, size);
    if (waits_find(address, size))
        active(address, call, "an object that a thread waits for");
    while (take(address, size, &taken)) {
        if (must_be_deleted[taken.kind])
            active(address, call, must_be_deleted[taken.kind]);
        if (taken.kind == TRACKED_REMOVE_LOCK)
            remove_lock_leaves(taken.object, taken.record, call);
    }
}
