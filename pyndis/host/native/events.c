/* Events by handle, and the states of dispatcher objects. */
#include "io.h"

EXPORT(int32_t, KePulseEvent, DISPATCHER_HEADER *event, int32_t increment, uint8_t wait)
{
    ENTER(KePulseEvent, event);
    (void)increment, (void)wait;
    int32_t before = event->SignalState;
    kernel_lock();
    object_signal_locked(event);
    event->SignalState = 0;
    kernel_unlock();
    return before;
}

EXPORT(uint8_t, KeReadStateTimer, const DISPATCHER_HEADER *timer)
{
    ENTER(KeReadStateTimer, timer);
    return timer->SignalState != 0;
}

EXPORT(int32_t, KeReadStateSemaphore, const DISPATCHER_HEADER *semaphore)
{
    ENTER(KeReadStateSemaphore, semaphore);
    return semaphore->SignalState;
}

EXPORT(int32_t, KeReadStateMutex, const DISPATCHER_HEADER *mutex)
{
    ENTER(KeReadStateMutex, mutex);
    return mutex->SignalState;
}

EXPORT_F(status_t, ZwCreateEvent, uintptr_t *result, uint32_t access, const OBJECT_ATTRIBUTES *attributes, int type, uint8_t signaled)
{
    ENTER_FAILS(ZwCreateEvent, NULL, true);
    struct block *block;
    if (fail_)
        return (status_t)STATUS_INSUFFICIENT_RESOURCES;
    bool kernel = attributes && attributes->Attributes & OBJ_KERNEL_HANDLE;
    struct object *event = object_new(OBJECT_EVENT, sizeof(KEVENT), type ? EVENT_SYNCHRONIZATION : EVENT_NOTIFICATION, &block);
    event->body = block_memory(block);
    ((DISPATCHER_HEADER *)event->body)->SignalState = signaled != 0;
    struct handle *handle = handle_new(kernel ? process_system() : process_current(), 0, NULL, event, kernel);
    handle->access = access;
    *result = (uintptr_t)handle->value;
    return STATUS_SUCCESS;
}

static DISPATCHER_HEADER *waitable(uintptr_t value)
{
    struct handle *handle = handle_of_value(process_current(), value & ~(uintptr_t)3);
    return handle && handle->object ? handle->object->body : NULL;
}

EXPORT(status_t, ZwSetEvent, uintptr_t value, int32_t *before)
{
    ENTER(ZwSetEvent, NULL);
    DISPATCHER_HEADER *event = waitable(value);
    if (!event)
        return (status_t)STATUS_INVALID_HANDLE;
    if (before)
        *before = event->SignalState;
    object_signal(event);
    return STATUS_SUCCESS;
}

EXPORT(status_t, ZwWaitForSingleObject, uintptr_t value, uint8_t alertable, const int64_t *due)
{
    ENTER(ZwWaitForSingleObject, NULL);
    (void)alertable;
    DISPATCHER_HEADER *object = waitable(value);
    if (!object)
        return (status_t)STATUS_INVALID_HANDLE;
    if (self->held_count)
        violation("SpinLockSafe", object, "ZwWaitForSingleObject is called while a lock is held");
    return object_wait(&object, 1, false, due, "ZwWaitForSingleObject");
}
