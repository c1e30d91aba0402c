/* Executive: rundown protection, fast and guarded mutexes. */
#include "clock.h"
#include "locks.h"
#include "pe.h"

/* ---- rundown protection: count × 2, bit 0 = run down; a waiter is a host event ---- */
struct rundown_wait {
    _Atomic uintptr_t *ref;
    DISPATCHER_HEADER event;
    struct rundown_wait *next;
};
static struct rundown_wait *rundown_waits;
static pthread_mutex_t rundown_lock = PTHREAD_MUTEX_INITIALIZER;

EXPORT(void, ExInitializeRundownProtection, _Atomic uintptr_t *ref)
{
    ENTER(ExInitializeRundownProtection, (void *)ref);
    atomic_store(ref, 0);
}

EXPORT(void, ExReInitializeRundownProtection, _Atomic uintptr_t *ref)
{
    ENTER(ExReInitializeRundownProtection, (void *)ref);
    if (atomic_load(ref) != 1)
        violation("Rundown", (void *)ref, "ExReInitializeRundownProtection before the rundown is complete");
    atomic_store(ref, 0);
}

static bool rundown_acquire(_Atomic uintptr_t *ref, uint32_t count)
{
    uintptr_t seen = atomic_load(ref);
    while (!(seen & 1))
        if (atomic_compare_exchange_weak(ref, &seen, seen + 2 * (uintptr_t)count))
            return true;
    return false;
}

static void rundown_release(_Atomic uintptr_t *ref, uint32_t count)
{
    uintptr_t before = atomic_load(ref);
    do {
        if (before < 2 * (uintptr_t)count) {
            violation("Rundown", (void *)ref, "a rundown protection is released more often than it was acquired");
            return;
        }
    } while (!atomic_compare_exchange_weak(ref, &before, before - 2 * (uintptr_t)count));
    if (before - 2 * (uintptr_t)count != 1)
        return;
    pthread_mutex_lock(&rundown_lock);
    for (struct rundown_wait *wait = rundown_waits; wait; wait = wait->next)
        if (wait->ref == ref)
            object_signal(&wait->event);
    pthread_mutex_unlock(&rundown_lock);
}

EXPORT(uint8_t, ExAcquireRundownProtection, _Atomic uintptr_t *ref)
{
    ENTER(ExAcquireRundownProtection, (void *)ref);
    return rundown_acquire(ref, 1);
}

EXPORT(uint8_t, ExAcquireRundownProtectionEx, _Atomic uintptr_t *ref, uint32_t count)
{
    ENTER(ExAcquireRundownProtectionEx, (void *)ref);
    return rundown_acquire(ref, count);
}

EXPORT(void, ExReleaseRundownProtection, _Atomic uintptr_t *ref)
{
    ENTER(ExReleaseRundownProtection, (void *)ref);
    rundown_release(ref, 1);
}

EXPORT(void, ExReleaseRundownProtectionEx, _Atomic uintptr_t *ref, uint32_t count)
{
    ENTER(ExReleaseRundownProtectionEx, (void *)ref);
    rundown_release(ref, count);
}

EXPORT(void, ExRundownCompleted, _Atomic uintptr_t *ref)
{
    ENTER(ExRundownCompleted, (void *)ref);
    atomic_store(ref, 1);
}

EXPORT(void, ExWaitForRundownProtectionRelease, _Atomic uintptr_t *ref)
{
    ENTER(ExWaitForRundownProtectionRelease, (void *)ref);
    struct rundown_wait wait = {.ref = ref};
    object_init(&wait.event, EVENT_NOTIFICATION, false);
    pthread_mutex_lock(&rundown_lock);
    wait.next = rundown_waits;
    rundown_waits = &wait;
    uintptr_t before = atomic_fetch_or(ref, 1);
    pthread_mutex_unlock(&rundown_lock);
    if (before & 1 && before != 1)
        violation("Rundown", (void *)ref, "two waits for the same rundown");
    if (before > 1)
        wait_for(&wait.event, "ExWaitForRundownProtectionRelease");
    pthread_mutex_lock(&rundown_lock);
    for (struct rundown_wait **at = &rundown_waits; *at; at = &(*at)->next) {
        if (*at == &wait) {
            *at = wait.next;
            break;
        }
    }
    pthread_mutex_unlock(&rundown_lock);
}

/* ---- mutexes: an internal synchronization event, initially free ---- */

static DISPATCHER_HEADER *mutex_event(FAST_MUTEX *mutex)
{
    return (DISPATCHER_HEADER *)mutex->Event;
}

static void mutex_acquire(FAST_MUTEX *mutex, const char *call, bool raises)
{
    if (mutex->Owner == self->ethread) {
        violation("FastMutex", mutex, "%s on a mutex that this thread holds: it is not recursive", call);
        return;
    }
    sleeping_lock_wanted(mutex);
    wait_for(mutex_event(mutex), call);
    sleeping_lock_taken(mutex);
    mutex->Owner = self->ethread;
    mutex->OldIrql = self->irql;
    if (raises)
        self->irql = APC;
    else
        self->apc_off++;
}

static void mutex_release(FAST_MUTEX *mutex, const char *call, bool lowers)
{
    if (mutex->Owner != self->ethread) {
        violation("FastMutex", mutex, "%s by a thread that does not hold the mutex", call);
        return;
    }
    uint8_t old = (uint8_t)mutex->OldIrql;
    sleeping_lock_released(mutex);
    mutex->Owner = NULL;
    object_signal(mutex_event(mutex));
    if (lowers)
        self->irql = old;
    else
        self->apc_off--;
}

static void mutex_init(FAST_MUTEX *mutex)
{
    memset(mutex, 0, sizeof *mutex);
    mutex->Count = 1;
    object_init(mutex_event(mutex), EVENT_SYNCHRONIZATION, true);
}

/* ExInitializeFastMutex is inline in the headers: Count is 1 and its event is not signaled until there is contention. */
static void mutex_adopt(FAST_MUTEX *mutex)
{
    if (mutex->Count == 1 && !mutex->Owner && mutex_event(mutex)->SignalState == 0) {
        mutex->Count = 2; /* adopted */
        object_init(mutex_event(mutex), EVENT_SYNCHRONIZATION, true);
    }
}

EXPORT(void, ExInitializeFastMutex, FAST_MUTEX *mutex)
{
    ENTER(ExInitializeFastMutex, mutex);
    mutex_init(mutex);
}

EXPORT(void, ExAcquireFastMutex, FAST_MUTEX *mutex)
{
    ENTER(ExAcquireFastMutex, mutex);
    kernel_lock();
    mutex_adopt(mutex);
    kernel_unlock();
    mutex_acquire(mutex, "ExAcquireFastMutex", true);
}

EXPORT(uint8_t, ExTryToAcquireFastMutex, FAST_MUTEX *mutex)
{
    ENTER(ExTryToAcquireFastMutex, mutex);
    kernel_lock();
    mutex_adopt(mutex);
    kernel_unlock();
    DISPATCHER_HEADER *event = mutex_event(mutex);
    int64_t now = 0;
    if (object_wait(&event, 1, false, &now, "ExTryToAcquireFastMutex"))
        return 0;
    sleeping_lock_taken(mutex);
    mutex->Owner = self->ethread;
    mutex->OldIrql = self->irql;
    self->irql = APC;
    return 1;
}

EXPORT(void, ExReleaseFastMutex, FAST_MUTEX *mutex)
{
    ENTER(ExReleaseFastMutex, mutex);
    mutex_release(mutex, "ExReleaseFastMutex", true);
}

EXPORT(void, KeInitializeGuardedMutex, FAST_MUTEX *mutex)
{
    ENTER(KeInitializeGuardedMutex, mutex);
    mutex_init(mutex);
}

EXPORT(void, KeAcquireGuardedMutex, FAST_MUTEX *mutex)
{
    ENTER(KeAcquireGuardedMutex, mutex);
    mutex_acquire(mutex, "KeAcquireGuardedMutex", false);
}

EXPORT(void, KeReleaseGuardedMutex, FAST_MUTEX *mutex)
{
    ENTER(KeReleaseGuardedMutex, mutex);
    mutex_release(mutex, "KeReleaseGuardedMutex", false);
}
