/* Timers, work items and system threads. */
#include "ndis.h"
#include <setjmp.h>

void dpc_started_locked(void);
void dpc_finished_locked(void);

/* ---- NDIS timers ---- */

typedef MS void timer_fn(void *one, void *context, void *two, void *three);
struct ndis_timer {
    struct timer timer;
    timer_fn *function;
    void *context, *set_context;
    atomic_int running, queued;
    atomic_int references; /* one for its block, and one for each callback on its way */
    struct block *block;
};

static void timer_let_go(struct ndis_timer *timer)
{
    if (atomic_fetch_sub(&timer->references, 1) == 1)
        free(timer);
}

static void timer_run(void *argument)
{
    struct ndis_timer *timer = argument;
    atomic_fetch_add(&timer->running, 1);
    atomic_fetch_sub(&timer->queued, 1);
    CALL_DRIVER("NetTimerCallback", DISPATCH, block_memory(timer->block), timer->function(NULL, timer->set_context, NULL, NULL));
    atomic_fetch_sub(&timer->running, 1);
    timer_let_go(timer);
    kernel_lock();
    dpc_finished_locked();
    kernel_unlock();
}

static void timer_fire(struct timer *base)
{
    struct ndis_timer *timer = (struct ndis_timer *)base;
    atomic_fetch_add(&timer->queued, 1);
    atomic_fetch_add(&timer->references, 1);
    dpc_started_locked();
    submit_locked("timer", timer_run, timer, (struct job_options){.irql = DISPATCH, .driver = true});
}

EXPORT_F(uint32_t, NdisAllocateTimerObject, void *handle, const NDIS_TIMER_CHARACTERISTICS *c, void **result)
{
    ENTER_FAILS(NdisAllocateTimerObject, handle, true);
    header_check(c, 0x97, 1, NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1, sizeof *c, "NDIS_TIMER_CHARACTERISTICS");
    if (!c->AllocationTag || !c->TimerFunction)
        violation("TimerCharacteristics", c, "a timer without a tag or without a function");
    if (fail_)
        return NDIS_STATUS_RESOURCES;
    struct ndis_timer *timer = calloc(1, sizeof *timer);
    atomic_init(&timer->references, 1);
    timer->block = block_new(BLOCK_TIMER, 64, true);
    timer->block->owner = handle;
    timer->block->tag = c->AllocationTag;
    timer->block->record = timer;
    timer->function = (timer_fn *)c->TimerFunction;
    timer->context = c->FunctionContext;
    timer->timer.fire = timer_fire;
    *result = block_memory(timer->block);
    return NDIS_STATUS_SUCCESS;
}

static struct ndis_timer *timer_of(void *handle, const char *call)
{
    struct block *block = block_at(handle, BLOCK_TIMER);
    if (block)
        return block->record;
    violation("InvalidHandle", handle, "%s(%p): no such timer", call, handle);
    return NULL;
}

EXPORT(uint8_t, NdisSetTimerObject, void *handle, int64_t due, uint32_t period, void *context)
{
    ENTER(NdisSetTimerObject, handle);
    struct ndis_timer *timer = timer_of(handle, "NdisSetTimerObject");
    if (!timer)
        return 0;
    kernel_lock();
    bool was = timer_cancel_locked(&timer->timer);
    timer->set_context = context ? context : timer->context;
    timer->timer.period = (uint64_t)period * 10000;
    timer_arm_locked(&timer->timer, clock_due(due));
    kernel_unlock();
    return was;
}

EXPORT(uint8_t, NdisCancelTimerObject, void *handle)
{
    ENTER(NdisCancelTimerObject, handle);
    struct ndis_timer *timer = timer_of(handle, "NdisCancelTimerObject");
    if (!timer)
        return 0;
    if (timer->timer.period && self->irql > PASSIVE)
        violation("PeriodicTimer", handle, "a periodic timer is cancelled at IRQL %u", self->irql);
    kernel_lock();
    bool was = timer_cancel_locked(&timer->timer);
    kernel_unlock();
    return was;
}

EXPORT(void, NdisFreeTimerObject, void *handle)
{
    ENTER(NdisFreeTimerObject, handle);
    struct ndis_timer *timer = timer_of(handle, "NdisFreeTimerObject");
    if (!timer)
        return;
    kernel_lock();
    bool armed = timer_cancel_locked(&timer->timer);
    kernel_unlock();
    if (armed || atomic_load(&timer->running) || atomic_load(&timer->queued))
        violation("FreedWhileActive", handle, "NdisFreeTimerObject frees a timer that is %s", armed ? "armed" : "running its callback");
    block_free(timer->block);
    timer_let_go(timer);
}

/* ---- work items ---- */

typedef MS void ndis_work_fn(void *context, void *item);
typedef MS void io_work_fn(void *device, void *context);
typedef MS void io_work_ex_fn(void *device, void *context, void *item);
struct work_item {
    struct block *block;
    void *device;
    void *routine, *context;
    enum { WORK_NDIS, WORK_IO, WORK_IO_EX } kind;
    atomic_bool queued;
    atomic_int references; /* one for its block, and one while it is queued */
};

static void work_let_go(struct work_item *item)
{
    if (atomic_fetch_sub(&item->references, 1) == 1)
        free(item);
}

static void *work_new(void *owner, void *device)
{
    struct work_item *item = calloc(1, sizeof *item);
    atomic_init(&item->references, 1);
    item->block = block_new(BLOCK_WORK_ITEM, 64, true);
    item->block->owner = owner;
    item->block->record = item;
    item->device = device;
    return block_memory(item->block);
}

static struct work_item *work_of(void *handle, const char *call)
{
    struct block *block = block_at(handle, BLOCK_WORK_ITEM);
    if (block)
        return block->record;
    violation("InvalidHandle", handle, "%s(%p): no such work item", call, handle);
    return NULL;
}

static void work_run(void *argument)
{
    struct work_item *item = argument;
    void *handle = block_memory(item->block), *routine = item->routine, *context = item->context, *device = item->device;
    int kind = item->kind;
    atomic_store(&item->queued, false); /* from here on it may be queued again, or freed */
    work_let_go(item);
    if (kind == WORK_NDIS)
        CALL_DRIVER("NdisIoWorkItem", PASSIVE, handle, ((ndis_work_fn *)routine)(context, handle));
    else if (kind == WORK_IO)
        CALL_DRIVER("IoWorkItem", PASSIVE, handle, ((io_work_fn *)routine)(device, context));
    else
        CALL_DRIVER("IoWorkItemEx", PASSIVE, handle, ((io_work_ex_fn *)routine)(device, context, handle));
}

static void work_queue(void *handle, int kind, void *routine, void *context, const char *call)
{
    struct work_item *item = work_of(handle, call);
    if (!item)
        return;
    if (atomic_exchange(&item->queued, true)) {
        violation("WorkItemQueuedTwice", handle, "%s queues a work item that is already queued", call);
        return;
    }
    item->kind = (typeof(item->kind))kind;
    item->routine = routine;
    item->context = context;
    atomic_fetch_add(&item->references, 1);
    submit("work item", work_run, item, (struct job_options){.driver = true});
}

static void work_free(void *handle, const char *call)
{
    struct work_item *item = work_of(handle, call);
    if (!item)
        return;
    if (atomic_load(&item->queued))
        violation("FreedWhileActive", handle, "%s frees a work item that is queued", call);
    block_free(item->block);
    work_let_go(item);
}

EXPORT_F(void *, NdisAllocateIoWorkItem, void *handle)
{
    ENTER_FAILS(NdisAllocateIoWorkItem, handle, true);
    return fail_ ? NULL : work_new(handle, NULL);
}

EXPORT(void, NdisQueueIoWorkItem, void *item, void *routine, void *context)
{
    ENTER(NdisQueueIoWorkItem, item);
    work_queue(item, WORK_NDIS, routine, context, "NdisQueueIoWorkItem");
}

EXPORT(void, NdisFreeIoWorkItem, void *item)
{
    ENTER(NdisFreeIoWorkItem, item);
    work_free(item, "NdisFreeIoWorkItem");
}

EXPORT_F(void *, IoAllocateWorkItem, void *device)
{
    ENTER_FAILS(IoAllocateWorkItem, device, true);
    return fail_ ? NULL : work_new(NULL, device);
}

EXPORT(void, IoQueueWorkItem, void *item, void *routine, int queue, void *context)
{
    ENTER(IoQueueWorkItem, item);
    (void)queue;
    work_queue(item, WORK_IO, routine, context, "IoQueueWorkItem");
}

EXPORT(void, IoQueueWorkItemEx, void *item, void *routine, int queue, void *context)
{
    ENTER(IoQueueWorkItemEx, item);
    (void)queue;
    work_queue(item, WORK_IO_EX, routine, context, "IoQueueWorkItemEx");
}

EXPORT(void, IoFreeWorkItem, void *item)
{
    ENTER(IoFreeWorkItem, item);
    work_free(item, "IoFreeWorkItem");
}

/* ---- system threads ---- */

typedef MS void start_fn(void *context);
struct system_thread {
    start_fn *start;
    void *context;
    DISPATCHER_HEADER *object;
    struct object *record;
    jmp_buf out;
};

static void thread_end(struct system_thread *thread)
{
    object_signal(thread->object);
    object_dereference(thread->record);
}

static void thread_run(void *argument)
{
    struct system_thread *thread = argument;
    self->thread_exit = &thread->out;
    if (!setjmp(thread->out))
        CALL_DRIVER("SystemThread", PASSIVE, thread->object, thread->start(thread->context));
    self->frame = NULL;
    self->thread_exit = NULL;
    thread_end(thread);
    free(thread);
}

EXPORT_F(status_t, PsCreateSystemThread, uintptr_t *result, uint32_t access, const OBJECT_ATTRIBUTES *attributes, uintptr_t process, void *id, void *start, void *context)
{
    ENTER_FAILS(PsCreateSystemThread, NULL, true);
    (void)access, (void)process, (void)id;
    if (fail_)
        return (status_t)STATUS_INSUFFICIENT_RESOURCES;
    struct block *block;
    struct system_thread *thread = calloc(1, sizeof *thread);
    thread->record = object_new(OBJECT_THREAD_KIND, 256, OBJECT_THREAD, &block);
    thread->record->body = block_memory(block);
    thread->object = block_memory(block);
    thread->start = (start_fn *)start;
    thread->context = context;
    atomic_fetch_add(&thread->record->references, 1);
    bool kernel = attributes && attributes->Attributes & OBJ_KERNEL_HANDLE;
    struct handle *handle = handle_new(kernel ? process_system() : process_current(), 0, NULL, thread->record, kernel);
    *result = (uintptr_t)handle->value;
    submit("system thread", thread_run, thread, (struct job_options){.driver = true});
    return STATUS_SUCCESS;
}

EXPORT(status_t, PsTerminateSystemThread, status_t status)
{
    ENTER(PsTerminateSystemThread, NULL);
    (void)status;
    if (!self->thread_exit) {
        violation("IrqlPsPassive", NULL, "PsTerminateSystemThread outside a thread of PsCreateSystemThread");
        return (status_t)STATUS_INVALID_PARAMETER;
    }
    if (self->held_count)
        violation("SpinLock", self->held[0].lock, "a system thread ends with a lock held");
    self->held_count = 0;
    longjmp(*(jmp_buf *)self->thread_exit, 1);
}
