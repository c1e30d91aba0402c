/* IRQL, DPCs, kernel timers, time, critical regions, bug checks. */
#include "blocks.h"
#include "clock.h"

struct ktimer {
    struct timer timer;
    KTIMER *object;
    struct ktimer *next;
};
static struct ktimer *ktimers;
static int dpcs_outstanding;
static struct waiter_gate {
    DISPATCHER_HEADER idle;
    bool ready;
} dpc_gate;

EXPORT(uint8_t, KeGetCurrentIrql, void)
{
    ENTER(KeGetCurrentIrql, NULL);
    return self->irql;
}

static uint8_t raise_irql(uint8_t irql, const char *call)
{
    uint8_t old = self->irql;
    if (irql < old)
        violation("IrqlKeRaiseLower", NULL, "%s lowers the IRQL from %u to %u", call, old, irql);
    if (self->raised_count < HELD_MAX)
        self->raised[self->raised_count++] = old;
    self->irql = irql;
    return old;
}

EXPORT(uint8_t, KfRaiseIrql, uint8_t irql)
{
    ENTER(KfRaiseIrql, NULL);
    return raise_irql(irql, "KeRaiseIrql");
}

EXPORT(uint8_t, KeRaiseIrqlToDpcLevel, void)
{
    ENTER(KeRaiseIrqlToDpcLevel, NULL);
    return raise_irql(DISPATCH, "KeRaiseIrqlToDpcLevel");
}

EXPORT(void, KeLowerIrql, uint8_t irql)
{
    ENTER(KeLowerIrql, NULL);
    if (irql > self->irql)
        violation("IrqlKeRaiseLower", NULL, "KeLowerIrql raises the IRQL from %u to %u", self->irql, irql);
    else if (!self->raised_count)
        violation("IrqlKeRaiseLower", NULL, "KeLowerIrql without KeRaiseIrql before it");
    else if (irql != self->raised[self->raised_count - 1])
        violation("IrqlKeRaiseLower2", NULL, "KeLowerIrql lowers to %u; KeRaiseIrql had saved %u", irql, self->raised[self->raised_count - 1]);
    if (self->raised_count)
        self->raised_count--;
    self->irql = irql;
}

#if !defined(__x86_64__)
EXPORT(void, KfLowerIrql, uint8_t irql)
{
    ENTER(KfLowerIrql, NULL);
    if (irql > self->irql)
        violation("IrqlKeRaiseLower", NULL, "KfLowerIrql raises the IRQL from %u to %u", self->irql, irql);
    self->irql = irql;
}
#endif

EXPORT(uint32_t, KeGetCurrentProcessorNumberEx, void *number)
{
    ENTER(KeGetCurrentProcessorNumberEx, NULL);
    if (number) {
        uint8_t processor[4] = {0, 0, (uint8_t)self->cpu, 0};
        memcpy(number, processor, 4);
    }
    return self->cpu;
}

EXPORT(uint32_t, KeQueryActiveProcessorCountEx, uint16_t group)
{
    ENTER(KeQueryActiveProcessorCountEx, NULL);
    (void)group;
    return (uint32_t)settings.cpus;
}

EXPORT(uint32_t, KeQueryMaximumProcessorCountEx, uint16_t group)
{
    ENTER(KeQueryMaximumProcessorCountEx, NULL);
    (void)group;
    return (uint32_t)settings.cpus;
}

EXPORT(uint32_t, KeQueryActiveProcessorCount, uintptr_t *mask)
{
    ENTER(KeQueryActiveProcessorCount, NULL);
    if (mask)
        *mask = UINTPTR_MAX >> (CPUS_MAX - settings.cpus);
    return (uint32_t)settings.cpus;
}

EXPORT(uint32_t, NdisSystemProcessorCount, void)
{
    ENTER(NdisSystemProcessorCount, NULL);
    return (uint32_t)settings.cpus;
}

/* ---- DPCs ---- */

typedef MS void dpc_routine(KDPC *dpc, void *context, void *argument1, void *argument2);
struct dpc_run {
    KDPC *dpc;
    dpc_routine *routine;
    void *context, *argument1, *argument2;
    atomic_int state; /* 0 queued, 1 running, 2 removed */
    struct dpc_run *next;
};
static struct dpc_run *dpcs;

static void dpc_forget_locked(struct dpc_run *run)
{
    for (struct dpc_run **at = &dpcs; *at; at = &(*at)->next) {
        if (*at == run) {
            *at = run->next;
            return;
        }
    }
}

void dpc_finished_locked(void)
{
    if (--dpcs_outstanding == 0 && dpc_gate.ready)
        object_signal_locked(&dpc_gate.idle);
}

void dpc_started_locked(void)
{
    dpcs_outstanding++;
    if (dpc_gate.ready)
        dpc_gate.idle.SignalState = 0;
}

static void dpc_run(void *argument)
{
    struct dpc_run *run = argument;
    kernel_lock();
    bool removed = run->state == 2;
    run->state = 1;
    dpc_forget_locked(run);
    kernel_unlock();
    if (!removed)
        CALL_DRIVER("DpcRoutine", DISPATCH, run->dpc, run->routine(run->dpc, run->context, run->argument1, run->argument2));
    kernel_lock();
    dpc_finished_locked();
    kernel_unlock();
    free(run);
}

static bool dpc_queue_locked(KDPC *dpc, void *argument1, void *argument2)
{
    for (struct dpc_run *run = dpcs; run; run = run->next)
        if (run->dpc == dpc && run->state == 0)
            return false;
    struct dpc_run *run = malloc(sizeof *run);
    *run = (struct dpc_run){dpc, dpc->DeferredRoutine, dpc->DeferredContext, argument1, argument2, 0, dpcs};
    dpcs = run;
    dpc_started_locked();
    submit_locked("dpc", dpc_run, run, (struct job_options){.irql = DISPATCH, .driver = true});
    return true;
}

EXPORT(void, KeInitializeDpc, KDPC *dpc, void *routine, void *context)
{
    ENTER(KeInitializeDpc, dpc);
    memset(dpc, 0, sizeof *dpc);
    dpc->Type = 19;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
}

EXPORT(uint8_t, KeInsertQueueDpc, KDPC *dpc, void *argument1, void *argument2)
{
    ENTER(KeInsertQueueDpc, dpc);
    kernel_lock();
    bool queued = dpc_queue_locked(dpc, argument1, argument2);
    kernel_unlock();
    return queued;
}

EXPORT(uint8_t, KeRemoveQueueDpc, KDPC *dpc)
{
    ENTER(KeRemoveQueueDpc, dpc);
    bool removed = false;
    kernel_lock();
    for (struct dpc_run *run = dpcs; run; run = run->next)
        if (run->dpc == dpc && run->state == 0)
            run->state = 2, removed = true;
    kernel_unlock();
    return removed;
}

EXPORT(void, KeSetImportanceDpc, KDPC *dpc, int importance)
{
    ENTER(KeSetImportanceDpc, dpc);
    (void)importance;
}

EXPORT(void, KeSetTargetProcessorDpc, KDPC *dpc, int8_t processor)
{
    ENTER(KeSetTargetProcessorDpc, dpc);
    (void)processor;
}

EXPORT(void, KeFlushQueuedDpcs, void)
{
    ENTER(KeFlushQueuedDpcs, NULL);
    kernel_lock();
    if (!dpc_gate.ready)
        object_init(&dpc_gate.idle, EVENT_NOTIFICATION, false);
    dpc_gate.ready = true;
    dpc_gate.idle.SignalState = dpcs_outstanding == 0;
    kernel_unlock();
    wait_for(&dpc_gate.idle, "KeFlushQueuedDpcs");
}

/* ---- timers ---- */

static struct ktimer *ktimer_of_locked(KTIMER *object)
{
    for (struct ktimer *timer = ktimers; timer; timer = timer->next)
        if (timer->object == object)
            return timer;
    struct ktimer *timer = calloc(1, sizeof *timer);
    timer->object = object;
    timer->next = ktimers;
    return ktimers = timer;
}

static void ktimer_fire(struct timer *timer)
{
    KTIMER *object = ((struct ktimer *)timer)->object;
    object_signal_locked((DISPATCHER_HEADER *)object);
    if (object->Dpc)
        dpc_queue_locked(object->Dpc, NULL, NULL);
}

EXPORT(void, KeInitializeTimerEx, KTIMER *timer, int type)
{
    ENTER(KeInitializeTimerEx, timer);
    memset(timer, 0, sizeof *timer);
    object_init((DISPATCHER_HEADER *)timer, type ? TIMER_SYNCHRONIZATION : TIMER_NOTIFICATION, false);
}

EXPORT(void, KeInitializeTimer, KTIMER *timer)
{
    ENTER(KeInitializeTimer, timer);
    memset(timer, 0, sizeof *timer);
    object_init((DISPATCHER_HEADER *)timer, TIMER_NOTIFICATION, false);
}

static uint8_t ktimer_set(KTIMER *object, int64_t due, int32_t period, KDPC *dpc)
{
    kernel_lock();
    struct ktimer *timer = ktimer_of_locked(object);
    bool was = timer_cancel_locked(&timer->timer);
    ((DISPATCHER_HEADER *)object)->SignalState = 0;
    object->Dpc = dpc;
    timer->timer.fire = ktimer_fire;
    timer->timer.period = (uint64_t)(period > 0 ? period : 0) * 10000;
    timer_arm_locked(&timer->timer, clock_due(due));
    kernel_unlock();
    return was;
}

EXPORT(uint8_t, KeSetTimer, KTIMER *timer, int64_t due, KDPC *dpc)
{
    ENTER(KeSetTimer, timer);
    return ktimer_set(timer, due, 0, dpc);
}

EXPORT(uint8_t, KeSetTimerEx, KTIMER *timer, int64_t due, int32_t period, KDPC *dpc)
{
    ENTER(KeSetTimerEx, timer);
    return ktimer_set(timer, due, period, dpc);
}

EXPORT(uint8_t, KeSetCoalescableTimer, KTIMER *timer, int64_t due, uint32_t period, uint32_t delay, KDPC *dpc)
{
    ENTER(KeSetCoalescableTimer, timer);
    (void)delay;
    return ktimer_set(timer, due, (int32_t)period, dpc);
}

EXPORT(uint8_t, KeCancelTimer, KTIMER *object)
{
    ENTER(KeCancelTimer, object);
    kernel_lock();
    bool was = timer_cancel_locked(&ktimer_of_locked(object)->timer);
    kernel_unlock();
    return was;
}

/* A block goes: an armed timer or queued DPC in it is a broken rule (and would fire into freed memory). */
void timers_forget(uintptr_t address, size_t size)
{
    bool armed = false, queued = false;
    kernel_lock();
    for (struct ktimer *timer = ktimers; timer; timer = timer->next)
        if ((uintptr_t)timer->object - address < size)
            armed |= timer_cancel_locked(&timer->timer);
    for (struct dpc_run *run = dpcs; run; run = run->next)
        if ((uintptr_t)run->dpc - address < size && run->state == 0)
            run->state = 2, queued = true;
    kernel_unlock();
    if (armed || queued)
        violation("FreedWhileActive", (void *)address, "memory is freed that holds %s", armed ? "an armed timer" : "a queued DPC");
}

/* At unload: whatever is armed in the image or outside the ledger. */
void timers_leak_check(void)
{
    const void *armed = NULL;
    kernel_lock();
    for (struct ktimer *timer = ktimers; timer; timer = timer->next)
        if (timer_cancel_locked(&timer->timer))
            armed = timer->object;
    kernel_unlock();
    if (armed)
        violation("CancelTimerObject", armed, "a kernel timer is still armed after unload");
}

/* ---- time ---- */

EXPORT(uint64_t, KeQueryInterruptTime, void)
{
    ENTER(KeQueryInterruptTime, NULL);
    return clock_ticks();
}

EXPORT(uint64_t, KeQueryUnbiasedInterruptTime, void)
{
    ENTER(KeQueryUnbiasedInterruptTime, NULL);
    return clock_ticks();
}

EXPORT(void, KeQuerySystemTimePrecise, uint64_t *time)
{
    ENTER(KeQuerySystemTimePrecise, NULL);
    *time = clock_system();
}

EXPORT(uint32_t, KeQueryTimeIncrement, void)
{
    ENTER(KeQueryTimeIncrement, NULL);
    return 156250;
}

EXPORT(void, NdisGetSystemUpTimeEx, uint64_t *milliseconds)
{
    ENTER(NdisGetSystemUpTimeEx, NULL);
    *milliseconds = clock_ticks() / 10000;
}

EXPORT(void, NdisGetCurrentSystemTime, uint64_t *time)
{
    ENTER(NdisGetCurrentSystemTime, NULL);
    *time = clock_system();
}

/* ---- critical regions ---- */

EXPORT(void, KeEnterCriticalRegion, void)
{
    ENTER(KeEnterCriticalRegion, NULL);
    self->apc_off++;
}

EXPORT(void, KeLeaveCriticalRegion, void)
{
    ENTER(KeLeaveCriticalRegion, NULL);
    if (self->apc_off - self->guarded <= 0)
        violation("CriticalRegions", NULL, "KeLeaveCriticalRegion without KeEnterCriticalRegion");
    else
        self->apc_off--;
}

EXPORT(void, KeEnterGuardedRegion, void)
{
    ENTER(KeEnterGuardedRegion, NULL);
    self->apc_off++;
    self->guarded++;
}

EXPORT(void, KeLeaveGuardedRegion, void)
{
    ENTER(KeLeaveGuardedRegion, NULL);
    if (self->guarded <= 0) {
        violation("GuardedRegions", NULL, "KeLeaveGuardedRegion without KeEnterGuardedRegion");
        return;
    }
    self->apc_off--;
    self->guarded--;
}
