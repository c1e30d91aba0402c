/* Dispatcher objects and waits: events, timers, sleeps. */
#include "pe.h"
#include "clock.h"

void blocking_check(const char *call); /* ndis_contracts.c */
#include "sched.h"

static struct waiter *waiters, **waiters_end = &waiters;

void object_init(DISPATCHER_HEADER *object, enum object_type type, bool signaled)
{
    memset(object, 0, sizeof *object);
    object->Type = (uint8_t)type;
    object->Size = sizeof *object / 4;
    object->SignalState = signaled;
    void *list = object->WaitListHead;
    object->WaitListHead_Flink = object->WaitListHead_Blink = list;
}

static bool consumes(const DISPATCHER_HEADER *object)
{
    uint8_t type = object->Type & 0x7F;
    return type == EVENT_SYNCHRONIZATION || type == TIMER_SYNCHRONIZATION || type == OBJECT_SEMAPHORE || type == OBJECT_MUTANT;
}

static void consume(DISPATCHER_HEADER *object)
{
    if (consumes(object))
        object->SignalState--;
}

/* The index of the object that satisfies the wait (0 for all), or -1. */
static int satisfied(struct waiter *waiter)
{
    int signaled = 0;
    for (int i = 0; i < waiter->count; i++) {
        if (waiter->objects[i]->SignalState <= 0)
            continue;
        if (!waiter->all)
            return i;
        signaled++;
    }
    return waiter->all && waiter->count && signaled == waiter->count ? 0 : -1;
}

static void take(struct waiter *waiter, int index)
{
    order_event("wait", waiter->objects[index], NULL);
    for (int i = 0; i < waiter->count; i++)
        if (waiter->all || i == index)
            consume(waiter->objects[i]);
}

static void waiter_remove(struct waiter *waiter)
{
    for (struct waiter **at = &waiters; *at; at = &(*at)->next) {
        if (*at != waiter)
            continue;
        *at = waiter->next;
        if (!*at)
            waiters_end = at;
        return;
    }
}

void waiter_wake_locked(struct waiter *waiter, status_t result)
{
    waiter_remove(waiter);
    waiter->woken = true;
    waiter->result = result;
    waiter->thread->waiter = NULL;
    sched_wake_locked(waiter->thread);
    busy_change_locked(1);
    pthread_cond_signal(&waiter->woken_up);
}

void object_signal_locked(DISPATCHER_HEADER *object)
{
    order_event("signal", object, NULL);
    object->SignalState = (object->Type & 0x7F) == OBJECT_SEMAPHORE ? object->SignalState + 1 : 1;
    for (struct waiter *waiter = waiters, *next; waiter && object->SignalState > 0; waiter = next) {
        next = waiter->next;
        int index = -1;
        for (int i = 0; i < waiter->count; i++)
            if (waiter->objects[i] == object)
                index = i;
        if (index < 0 || (index = satisfied(waiter)) < 0)
            continue;
        take(waiter, index);
        if (waiter->timed)
            sleeper_remove_locked(waiter);
        waiter_wake_locked(waiter, index);
    }
}

void object_signal(DISPATCHER_HEADER *object)
{
    kernel_lock();
    object_signal_locked(object);
    kernel_unlock();
}

void object_reset(DISPATCHER_HEADER *object)
{
    kernel_lock();
    order_event("reset", object, NULL);
    object->SignalState = 0;
    kernel_unlock();
}

status_t object_wait(DISPATCHER_HEADER **objects, int count, bool all, const int64_t *due, const char *call)
{
    struct waiter waiter = {.thread = self, .count = count, .all = all, .timed = due != NULL, .call = call};
    memcpy(waiter.objects, objects, sizeof *objects * (size_t)count);
    kernel_lock();
    int index = satisfied(&waiter);
    if (index >= 0) {
        take(&waiter, index);
        kernel_unlock();
        return index;
    }
    for (int i = 0; i < count; i++)
        order_event("look", objects[i], NULL);
    if (due && *due == 0) {
        kernel_unlock();
        return (status_t)STATUS_TIMEOUT;
    }
    blocking_check(call);
    pthread_cond_init(&waiter.woken_up, NULL);
    *waiters_end = &waiter;
    waiters_end = &waiter.next;
    self->waiter = &waiter;
    if (due) {
        waiter.due = clock_due(*due);
        sleeper_add_locked(&waiter);
    }
    busy_change_locked(-1);
    if (self->task)
        sched_wait_locked();
    while (!waiter.woken)
        pthread_cond_wait(&waiter.woken_up, kernel_mutex());
    if (waiter.result >= 0 && count)
        order_event("woken", objects[waiter.result], NULL);
    kernel_unlock();
    pthread_cond_destroy(&waiter.woken_up);
    return waiter.result;
}

/* Whether a thread waits for an object in this memory. */
bool waits_find(uintptr_t address, size_t size)
{
    bool found = false;
    kernel_lock();
    for (struct waiter *waiter = waiters; waiter; waiter = waiter->next)
        for (int i = 0; i < waiter->count; i++)
            found |= (uintptr_t)waiter->objects[i] - address < size;
    kernel_unlock();
    return found;
}

void wait_for(DISPATCHER_HEADER *object, const char *call)
{
    object_wait(&object, 1, false, NULL, call);
}

void waiter_describe(struct text *lines, struct thread *thread)
{
    text_add(lines, "command=%llu call=%s frames=", (unsigned long long)thread->command, thread->waiter->call);
    const char *separator = "";
    for (const struct frame *frame = thread->frame; frame; frame = frame->outer) {
        if (!frame->callback && image_contains(frame->ip)) {
            text_add(lines, "%s%s+0x%zx", separator, image.name, (size_t)(frame->ip - (uintptr_t)image.base));
            separator = ",";
        }
    }
    text_add(lines, "\n");
}

/* ---- exports ---- */

EXPORT(void, KeInitializeEvent, KEVENT *event, int type, uint8_t signaled)
{
    ENTER(KeInitializeEvent, event);
    object_init((DISPATCHER_HEADER *)event, type ? EVENT_SYNCHRONIZATION : EVENT_NOTIFICATION, signaled != 0);
}

EXPORT(int32_t, KeSetEvent, KEVENT *event, int32_t increment, uint8_t wait)
{
    ENTER(KeSetEvent, event);
    (void)increment;
    DISPATCHER_HEADER *object = (DISPATCHER_HEADER *)event;
    int32_t before = object->SignalState;
    if (wait && self->irql > APC)
        violation("IrqlKeSetEvent", event, "KeSetEvent with Wait TRUE was called at IRQL %u", self->irql);
    object_signal(object);
    return before;
}

EXPORT(int32_t, KeResetEvent, KEVENT *event)
{
    ENTER(KeResetEvent, event);
    int32_t before = ((DISPATCHER_HEADER *)event)->SignalState;
    object_reset((DISPATCHER_HEADER *)event);
    return before;
}

EXPORT(void, KeClearEvent, KEVENT *event)
{
    ENTER(KeClearEvent, event);
    object_reset((DISPATCHER_HEADER *)event);
}

EXPORT(int32_t, KeReadStateEvent, KEVENT *event)
{
    ENTER(KeReadStateEvent, event);
    return ((DISPATCHER_HEADER *)event)->SignalState;
}

static void wait_check(const void *object, const int64_t *due, const char *rule, const char *name)
{
    bool blocks = !due || *due != 0;
    if (blocks && self->irql > APC)
        violation(rule, object, "%s with a time-out other than zero was called at IRQL %u", name, self->irql);
    if (blocks && self->held_count)
        violation("SpinLockSafe", object, "%s may block while the lock %p is held", name, self->held[self->held_count - 1].lock);
}

EXPORT(status_t, KeWaitForSingleObject, DISPATCHER_HEADER *object, int reason, int mode, uint8_t alertable, const int64_t *due)
{
    ENTER(KeWaitForSingleObject, object);
    (void)reason, (void)mode, (void)alertable;
    wait_check(object, due, "IrqlKeWaitForMutexObject", "KeWaitForSingleObject");
    return object_wait(&object, 1, false, due, "KeWaitForSingleObject");
}

EXPORT(status_t, KeWaitForMultipleObjects, uint32_t count, DISPATCHER_HEADER **objects, int type, int reason, int mode, uint8_t alertable, const int64_t *due, void *blocks)
{
    ENTER(KeWaitForMultipleObjects, objects);
    (void)reason, (void)mode, (void)alertable;
    if (count == 0 || count > 64 || (count > 3 && !blocks)) {
        violation("WaitObjectCount", objects, "KeWaitForMultipleObjects with %u objects and %s wait block array", count, blocks ? "a" : "no");
        return (status_t)STATUS_INVALID_PARAMETER;
    }
    wait_check(objects, due, "IrqlKeWaitForMultipleObjects", "KeWaitForMultipleObjects");
    return object_wait(objects, (int)count, type == 0, due, "KeWaitForMultipleObjects");
}

EXPORT(status_t, KeDelayExecutionThread, int mode, uint8_t alertable, const int64_t *interval)
{
    ENTER(KeDelayExecutionThread, NULL);
    (void)mode, (void)alertable;
    DISPATCHER_HEADER *none[1];
    int64_t due = *interval ? *interval : -1;
    object_wait(none, 0, false, &due, "KeDelayExecutionThread");
    return STATUS_SUCCESS;
}

EXPORT(void, NdisMSleep, uint32_t microseconds)
{
    ENTER(NdisMSleep, NULL);
    DISPATCHER_HEADER *none[1];
    int64_t due = microseconds ? -(int64_t)microseconds * 10 : -1;
    if (self->held_count)
        violation("SpinLockSafe", self->held[0].lock, "NdisMSleep blocks while a lock is held");
    object_wait(none, 0, false, &due, "NdisMSleep");
}

EXPORT(void, NdisStallExecution, uint32_t microseconds)
{
    ENTER(NdisStallExecution, NULL);
    if (microseconds > 50)
        violation("NdisStallExecution_Delay", NULL, "NdisStallExecution(%u): busy-waiting is limited to 50 microseconds", microseconds);
    sched_yield_turn();
}

EXPORT(void, KeStallExecutionProcessor, uint32_t microseconds)
{
    ENTER(KeStallExecutionProcessor, NULL);
    if (microseconds > 50)
        violation("NdisStallExecution_Delay", NULL, "KeStallExecutionProcessor(%u): busy-waiting is limited to 50 microseconds", microseconds);
    sched_yield_turn();
}

EXPORT(void, NdisInitializeEvent, KEVENT *event)
{
    ENTER(NdisInitializeEvent, event);
    object_init((DISPATCHER_HEADER *)event, EVENT_NOTIFICATION, false);
}

EXPORT(void, NdisSetEvent, KEVENT *event)
{
    ENTER(NdisSetEvent, event);
    object_signal((DISPATCHER_HEADER *)event);
}

EXPORT(void, NdisResetEvent, KEVENT *event)
{
    ENTER(NdisResetEvent, event);
    object_reset((DISPATCHER_HEADER *)event);
}

EXPORT(uint8_t, NdisWaitEvent, DISPATCHER_HEADER *event, uint32_t milliseconds)
{
    ENTER(NdisWaitEvent, event);
    int64_t due = -(int64_t)milliseconds * 10000;
    return object_wait(&event, 1, false, milliseconds ? &due : NULL, "NdisWaitEvent") == 0;
}
