/* Spin locks. The lock word holds its owner, so that waiting, self-deadlock and wrong release are seen at once. */
#include "locks.h"
#include "sched.h"
#include <sched.h>
#include <time.h>

enum { ORDER_NODES = 256, ORDER_EDGES = 32, STUCK_SECONDS = 20 };
static const char *const kind_names[] = {"", "spin lock", "spin lock (at DPC level)", "queued spin lock", "queued spin lock (at DPC level)", "NDIS spin lock",
                                         "NDIS spin lock (Dpr)", "shared spin lock", "exclusive spin lock", "RW lock (read)", "RW lock (write)", "cancel spin lock", "mutex or resource"};
struct order_node {
    const void *lock;
    uint8_t style;
    const void *after[ORDER_EDGES];
    uintptr_t where[ORDER_EDGES];
    int count;
    bool visited;
};
static struct order_node nodes[ORDER_NODES];
static int node_count;
static pthread_mutex_t order_lock = PTHREAD_MUTEX_INITIALIZER;

void deadlock_fault(const void *lock, const char *text);

static struct order_node *node_of(const void *lock)
{
    for (int i = 0; i < node_count; i++)
        if (nodes[i].lock == lock)
            return &nodes[i];
    if (node_count == ORDER_NODES)
        return NULL;
    nodes[node_count] = (struct order_node){.lock = lock};
    return &nodes[node_count++];
}

static bool reaches(struct order_node *from, const void *lock)
{
    if (from->visited)
        return false;
    from->visited = true;
    for (int i = 0; i < from->count; i++) {
        struct order_node *next = node_of(from->after[i]);
        if (from->after[i] == lock || (next && reaches(next, lock)))
            return true;
    }
    return false;
}

static bool edge_add(const void *first, const void *second)
{
    struct order_node *node = node_of(first), *other = node_of(second);
    if (!node || !other)
        return false;
    for (int i = 0; i < node->count; i++)
        if (node->after[i] == second)
            return false;
    if (node->count == ORDER_EDGES)
        return false;
    node->where[node->count] = self->frame ? self->frame->ip : 0;
    node->after[node->count++] = second;
    for (int i = 0; i < node_count; i++)
        nodes[i].visited = false;
    return reaches(other, first);
}

static bool queued(enum lock_kind kind)
{
    return kind == LOCK_QUEUED || kind == LOCK_QUEUED_AT_DPC;
}

static void order_check(const void *lock, enum lock_kind kind)
{
    const void *cycle = NULL;
    bool mixed = false;
    pthread_mutex_lock(&order_lock);
    struct order_node *node = node_of(lock);
    uint8_t style = queued(kind) ? 2 : 1;
    if (node && kind <= LOCK_QUEUED_AT_DPC) {
        mixed = node->style && node->style != style;
        node->style = style;
    }
    bool sleeps = kind == LOCK_SLEEPING;
    for (int i = 0; i < self->held_count && !cycle; i++)
        if (self->held[i].lock != lock && edge_add(self->held[i].lock, lock))
            cycle = self->held[i].lock;
    for (int i = 0; i < self->sleeping_count && !cycle; i++)
        if (self->sleeping[i] != lock && edge_add(self->sleeping[i], lock))
            cycle = self->sleeping[i], sleeps = true;
    pthread_mutex_unlock(&order_lock);
    if (cycle)
        violation(sleeps ? "LockOrder" : "SpinLockOrder", lock, "the lock %p is taken while %p is held; elsewhere they are taken the other way round", lock, cycle);
    if (mixed)
        violation("QueuedSpinLock", lock, "the lock %p is used both as a queued and as a plain spin lock", lock);
}

void sleeping_lock_wanted(const void *lock)
{
    if (settings.verifier)
        order_check(lock, LOCK_SLEEPING);
}

void sleeping_lock_taken(const void *lock)
{
    if (self->sleeping_count < HELD_MAX)
        self->sleeping[self->sleeping_count++] = lock;
}

bool sleeping_lock_released(const void *lock)
{
    int at = self->sleeping_count;
    while (at-- > 0 && self->sleeping[at] != lock)
        ;
    if (at < 0)
        return false;
    memmove(&self->sleeping[at], &self->sleeping[at + 1], sizeof *self->sleeping * (size_t)(--self->sleeping_count - at));
    return true;
}

void locks_forget(uintptr_t address, size_t size)
{
    if (!settings.verifier)
        return;
    pthread_mutex_lock(&order_lock);
    for (int i = 0; i < node_count; i++) {
        struct order_node *node = &nodes[i];
        for (int k = 0; k < node->count; k++)
            if ((uintptr_t)node->after[k] - address < size)
                node->after[k] = node->after[--node->count], k--;
        if ((uintptr_t)node->lock - address < size)
            *node = nodes[--node_count], i--;
    }
    pthread_mutex_unlock(&order_lock);
}

static void held_push(const void *lock, enum lock_kind kind, uint8_t old)
{
    if (self->held_count == HELD_MAX)
        deadlock_fault(lock, "too many locks are held at once");
    self->held[self->held_count++] = (struct held){lock, (uint8_t)kind, old, self->frame ? self->frame->ip : 0};
}

static bool held_by_self(const void *lock)
{
    for (int i = 0; i < self->held_count; i++)
        if (self->held[i].lock == lock)
            return true;
    return false;
}

static void wait_turn(unsigned *turns, time_t *since, const void *lock)
{
    if (atomic_load_explicit(&driver_dead, memory_order_relaxed))
        park();
    if (scheduled)
        deadlock_fault(lock, "a thread waits for a spin lock that is never released");
    processor_pause();
    if (++*turns % 64)
        return;
    sched_yield();
    if (*turns % 65536 == 0) {
        if (!*since)
            *since = time(NULL);
        else if (time(NULL) - *since > STUCK_SECONDS)
            deadlock_fault(lock, "a spin lock was not released for 20 seconds");
    }
}

static bool shared_kind(enum lock_kind kind)
{
    return kind == LOCK_SHARED || kind == LOCK_RW_READ;
}

/* The word: 0 free; odd: owner << 1 | 1, exclusively held; even: 2 × the number of readers. */
static bool try_acquire(word_t *word, enum lock_kind kind)
{
    uintptr_t seen = atomic_load_explicit(word, memory_order_relaxed);
    if (shared_kind(kind))
        return !(seen & 1) && atomic_compare_exchange_strong(word, &seen, seen + 2);
    uintptr_t mine = (uintptr_t)self->id << 1 | 1;
    seen = 0;
    return atomic_compare_exchange_strong(word, &seen, mine);
}

/* Which rule a misuse of a lock of this kind breaks: Dpr and queued locks have their own. */
const char *lock_rule(enum lock_kind kind)
{
    return kind == LOCK_NDIS_DPR ? "SpinLockDpr" : kind == LOCK_CANCEL ? "CancelSpinLock" : queued(kind) ? "QueuedSpinLock" : "SpinLock";
}

static const char *release_rule(enum lock_kind kind)
{
    if (kind == LOCK_NDIS)
        return "SpinLockRelease";
    return kind == LOCK_NDIS_DPR ? "SpinLockDprRelease" : kind == LOCK_CANCEL ? "CancelSpinlockRelease" : queued(kind) ? "QueuedSpinLockRelease" : "SpinlockRelease";
}

void lock_acquire(word_t *word, enum lock_kind kind, bool raise, uint8_t *old_irql)
{
    uint8_t old = self->irql;
    unsigned turns = 0;
    time_t since = 0;
    if ((uintptr_t)word % sizeof *word)
        violation("LockAlignment", word, "the lock %p is not aligned to %zu bytes", (void *)word, sizeof *word);
    if (held_by_self(word)) {
        violation(lock_rule(kind), word, "the %s %p is acquired again by the thread that holds it", kind_names[kind], (void *)word);
        deadlock_fault(word, "a thread waits for a spin lock that it holds");
    }
    if (settings.verifier)
        order_check(word, kind);
    if (raise && self->irql < DISPATCH)
        self->irql = DISPATCH;
    if (__builtin_expect(scheduled, 0))
        sched_lock(word, shared_kind(kind));
    while (!try_acquire(word, kind))
        wait_turn(&turns, &since, word);
    held_push(word, kind, old);
    if (old_irql)
        *old_irql = old;
}

void lock_release(word_t *word, enum lock_kind kind, uint8_t irql, const char *call)
{
    int at = self->held_count - 1;
    while (at >= 0 && self->held[at].lock != (const void *)word)
        at--;
    if (at < 0) {
        violation(release_rule(kind), word, "%s releases the lock %p, which this thread does not hold", call, (void *)word);
        return;
    }
    struct held held = self->held[at];
    if (held.kind != kind)
        violation("SpinLockBalanced", word, "%s releases the lock %p, which was acquired as a %s", call, (void *)word, kind_names[held.kind]);
    if (irql != KEEP_IRQL && irql != held.old_irql)
        violation("IrqlKeReleaseSpinLock", word, "%s lowers to IRQL %u; the acquire saved %u", call, irql, held.old_irql);
    if (irql != KEEP_IRQL && at != self->held_count - 1 && irql < DISPATCH)
        violation("SpinLockLifo", word, "%s lowers the IRQL while the lock %p, taken later, is still held", call, self->held[self->held_count - 1].lock);
    memmove(&self->held[at], &self->held[at + 1], sizeof(struct held) * (size_t)(self->held_count - at - 1));
    self->held_count--;
    if (shared_kind((enum lock_kind)held.kind))
        atomic_fetch_sub(word, 2);
    else
        atomic_store(word, 0);
    order_event("unlock", (const void *)word, NULL);
    if (irql != KEEP_IRQL)
        self->irql = irql;
}

void locks_free_check(const char *call, const void *object)
{
    if (self->held_count)
        violation("SpinLockSafe", object, "%s is called with the lock %p held: it may call the driver again", call, self->held[self->held_count - 1].lock);
}

static void initialise_check(const void *lock)
{
    for (struct thread *thread = threads_first(); thread; thread = thread->next)
        for (int i = 0; i < thread->held_count; i++)
            if (thread->held[i].lock == lock)
                violation("SpinLock", lock, "the lock %p is initialised while it is held", lock);
}

/* ---- exports: executive spin locks ---- */
EXPORT(void, KeInitializeSpinLock, word_t *lock)
{
    ENTER(KeInitializeSpinLock, (void *)lock);
    if (settings.verifier)
        initialise_check((const void *)lock);
    atomic_store(lock, 0);
}

EXPORT(uint8_t, KeAcquireSpinLockRaiseToDpc, word_t *lock)
{
    ENTER(KeAcquireSpinLockRaiseToDpc, (void *)lock);
    uint8_t old;
    lock_acquire(lock, LOCK_PLAIN, true, &old);
    return old;
}

EXPORT(void, KeReleaseSpinLock, word_t *lock, uint8_t irql)
{
    ENTER(KeReleaseSpinLock, (void *)lock);
    lock_release(lock, LOCK_PLAIN, irql, "KeReleaseSpinLock");
}

EXPORT(void, KeAcquireSpinLockAtDpcLevel, word_t *lock)
{
    ENTER(KeAcquireSpinLockAtDpcLevel, (void *)lock);
    lock_acquire(lock, LOCK_AT_DPC, false, NULL);
}

EXPORT(void, KeReleaseSpinLockFromDpcLevel, word_t *lock)
{
    ENTER(KeReleaseSpinLockFromDpcLevel, (void *)lock);
    lock_release(lock, LOCK_AT_DPC, KEEP_IRQL, "KeReleaseSpinLockFromDpcLevel");
}

#if defined(__i386__) /* the same under the names that x86 has for them */
EXPORT(uint8_t, KfAcquireSpinLock, word_t *lock)
{
    ENTER(KfAcquireSpinLock, (void *)lock);
    uint8_t old;
    lock_acquire(lock, LOCK_PLAIN, true, &old);
    return old;
}

EXPORT(void, KfReleaseSpinLock, word_t *lock, uint8_t irql)
{
    ENTER(KfReleaseSpinLock, (void *)lock);
    lock_release(lock, LOCK_PLAIN, irql, "KeReleaseSpinLock");
}

EXPORT(void, KefAcquireSpinLockAtDpcLevel, word_t *lock)
{
    ENTER(KefAcquireSpinLockAtDpcLevel, (void *)lock);
    lock_acquire(lock, LOCK_AT_DPC, false, NULL);
}

EXPORT(void, KefReleaseSpinLockFromDpcLevel, word_t *lock)
{
    ENTER(KefReleaseSpinLockFromDpcLevel, (void *)lock);
    lock_release(lock, LOCK_AT_DPC, KEEP_IRQL, "KeReleaseSpinLockFromDpcLevel");
}
#endif

static void queue_fill(KLOCK_QUEUE_HANDLE *queue, word_t *lock, uint8_t old)
{
    void *address = (void *)lock;
    memset(queue, 0, sizeof *queue);
    memcpy((void **)queue + 1, &address, sizeof address);
    queue->OldIrql = old;
}

static word_t *queue_lock(const KLOCK_QUEUE_HANDLE *queue)
{
    void *address;
    memcpy(&address, (void *const *)queue + 1, sizeof address);
    return address;
}

EXPORT(void, KeAcquireInStackQueuedSpinLock, word_t *lock, KLOCK_QUEUE_HANDLE *queue)
{
    ENTER(KeAcquireInStackQueuedSpinLock, (void *)lock);
    uint8_t old;
    lock_acquire(lock, LOCK_QUEUED, true, &old);
    queue_fill(queue, lock, old);
}

EXPORT(void, KeReleaseInStackQueuedSpinLock, KLOCK_QUEUE_HANDLE *queue)
{
    ENTER(KeReleaseInStackQueuedSpinLock, queue_lock(queue));
    lock_release(queue_lock(queue), LOCK_QUEUED, queue->OldIrql, "KeReleaseInStackQueuedSpinLock");
}

EXPORT(void, KeAcquireInStackQueuedSpinLockAtDpcLevel, word_t *lock, KLOCK_QUEUE_HANDLE *queue)
{
    ENTER(KeAcquireInStackQueuedSpinLockAtDpcLevel, (void *)lock);
    lock_acquire(lock, LOCK_QUEUED_AT_DPC, false, NULL);
    queue_fill(queue, lock, self->irql);
}

EXPORT(void, KeReleaseInStackQueuedSpinLockFromDpcLevel, KLOCK_QUEUE_HANDLE *queue)
{
    ENTER(KeReleaseInStackQueuedSpinLockFromDpcLevel, queue_lock(queue));
    lock_release(queue_lock(queue), LOCK_QUEUED_AT_DPC, KEEP_IRQL, "KeReleaseInStackQueuedSpinLockFromDpcLevel");
}
