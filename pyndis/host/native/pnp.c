/* Plug and play: device properties, opening devices from the kernel, target-device notifications. */
#include "ndis.h"

typedef MS status_t notify_fn(void *notification, void *context);
struct registration {
    struct block *block;
    void *file;
    struct device *device;
    notify_fn *callback;
    void *context;
    bool active;
    atomic_int running;
    DISPATCHER_HEADER idle;
    struct thread *thread;
    struct registration *next;
};
static struct registration *registrations;
static const uint8_t event_guids[3][16] = { /* GUID_TARGET_DEVICE_QUERY_REMOVE, _REMOVE_COMPLETE, _REMOVE_CANCELLED */
    {0x06, 0x40, 0x3A, 0xCB, 0xF0, 0x46, 0xD0, 0x11, 0xB0, 0x8F, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3F},
    {0x08, 0x40, 0x3A, 0xCB, 0xF0, 0x46, 0xD0, 0x11, 0xB0, 0x8F, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3F},
    {0x07, 0x40, 0x3A, 0xCB, 0xF0, 0x46, 0xD0, 0x11, 0xB0, 0x8F, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3F}};
static const char *const event_names[3] = {"query_remove", "remove_complete", "remove_cancelled"};
struct file *file_open_kernel(struct device *device);

EXPORT_F(status_t, IoRegisterPlugPlayNotification, int category, uint32_t flags, void *data, void *driver, void *callback, void *context, void **result)
{
    ENTER_FAILS(IoRegisterPlugPlayNotification, data, true);
    (void)flags, (void)driver;
    if (fail_)
        return (status_t)STATUS_INSUFFICIENT_RESOURCES;
    struct file *file = category == EventCategoryTargetDeviceChange ? file_of_object(data) : NULL;
    if (category == EventCategoryTargetDeviceChange && !file) {
        violation("ObjectReference", data, "IoRegisterPlugPlayNotification on %p, which is no file object", data);
        return (status_t)STATUS_INVALID_PARAMETER;
    }
    struct registration *made = calloc(1, sizeof *made);
    made->block = block_new(BLOCK_NOTIFICATION, 32, true);
    made->block->record = made;
    made->file = data;
    made->device = file ? file->device : NULL;
    made->callback = (notify_fn *)callback;
    made->context = context;
    made->active = true;
    object_init(&made->idle, EVENT_NOTIFICATION, true);
    kernel_lock();
    made->next = registrations;
    registrations = made;
    kernel_unlock();
    *result = block_memory(made->block);
    return STATUS_SUCCESS;
}

static status_t unregister(void *entry, bool waits, const char *call)
{
    struct block *block = block_at(entry, BLOCK_NOTIFICATION);
    struct registration *registration = block ? block->record : NULL;
    if (!registration) {
        violation("InvalidHandle", entry, "%s(%p): no such registration", call, entry);
        return (status_t)STATUS_INVALID_PARAMETER;
    }
    kernel_lock();
    registration->active = false;
    bool inside = registration->thread == self;
    kernel_unlock();
    if (waits && !inside && atomic_load(&registration->running))
        wait_for(&registration->idle, call);
    block_free(block);
    return STATUS_SUCCESS;
}

EXPORT(status_t, IoUnregisterPlugPlayNotification, void *entry)
{
    ENTER(IoUnregisterPlugPlayNotification, entry);
    return unregister(entry, false, "IoUnregisterPlugPlayNotification");
}

EXPORT(status_t, IoUnregisterPlugPlayNotificationEx, void *entry)
{
    ENTER(IoUnregisterPlugPlayNotificationEx, entry);
    return unregister(entry, true, "IoUnregisterPlugPlayNotificationEx");
}

static status_t notify(struct registration *registration, int event)
{
    struct block *block = block_new(BLOCK_DATA, sizeof(TARGET_DEVICE_REMOVAL_NOTIFICATION), true);
    TARGET_DEVICE_REMOVAL_NOTIFICATION *message = block_memory(block);
    status_t status;
    message->Version = 1;
    message->Size = sizeof *message;
    memcpy(message->Event, event_guids[event], 16);
    message->FileObject = registration->file;
    CALL_DRIVER("TargetDeviceNotification", PASSIVE, message, status = registration->callback(message, registration->context));
    block_free(block);
    return status;
}

status_t target_notify(struct adapter *adapter, const char *name, int *callbacks)
{
    struct registration *list[64];
    int count = 0, event = 0;
    status_t result = STATUS_SUCCESS;
    while (strcmp(event_names[event], name))
        event++;
    kernel_lock();
    for (struct registration *at = registrations; at && count < 64; at = at->next) {
        if (!at->active || (at->device != adapter->physical_device && at->device != adapter->functional_device))
            continue;
        atomic_fetch_add(&at->running, 1);
        at->idle.SignalState = 0;
        list[count++] = at;
    }
    kernel_unlock();
    *callbacks = count;
    for (int i = 0; i < count; i++) {
        list[i]->thread = self;
        status_t status = list[i]->active ? notify(list[i], event) : STATUS_SUCCESS;
        list[i]->thread = NULL;
        if (atomic_fetch_sub(&list[i]->running, 1) == 1)
            object_signal(&list[i]->idle);
        result = result ? result : status;
    }
    return result;
}

/* ---- properties ---- */

EXPORT_F(status_t, IoGetDeviceProperty, void *object, int property, uint32_t length, void *buffer, uint32_t *needed)
{
    ENTER_FAILS(IoGetDeviceProperty, object, false);
    struct device *device = device_of_object(object);
    uint16_t units[128];
    if (fail_ || !device)
        return (status_t)STATUS_INVALID_DEVICE_REQUEST;
    if (property != DevicePropertyPhysicalDeviceObjectName)
        return (status_t)STATUS_OBJECT_NAME_NOT_FOUND;
    size_t count = utf16_from_utf8(device->name, units, COUNT(units) - 1);
    units[count] = 0;
    *needed = (uint32_t)(2 * count + 2);
    if (length < *needed)
        return (status_t)STATUS_BUFFER_TOO_SMALL;
    memcpy(buffer, units, *needed);
    return STATUS_SUCCESS;
}

EXPORT_F(status_t, IoGetDeviceObjectPointer, const UNICODE_STRING *name, uint32_t access, void **file_result, void **device_result)
{
    ENTER_FAILS(IoGetDeviceObjectPointer, name, true);
    (void)access;
    const char *rest;
    string_check(name, "IoGetDeviceObjectPointer");
    char *path = utf8_from_utf16(name->Buffer, name->Length / 2);
    struct device *device = fail_ ? NULL : device_open_path(path, &rest);
    free(path);
    if (!device)
        return fail_ ? (status_t)STATUS_INSUFFICIENT_RESOURCES : (status_t)STATUS_OBJECT_NAME_NOT_FOUND;
    struct file *file = file_open_kernel(device);
    atomic_store(&file->drivers, 1);
    *file_result = file->object;
    *device_result = device->object;
    return STATUS_SUCCESS;
}

EXPORT(void *, IoGetAttachedDeviceReference, void *object)
{
    ENTER(IoGetAttachedDeviceReference, object);
    struct device *device = device_of_object(object);
    if (device)
        atomic_fetch_add(&device->drivers, 1);
    else
        violation("ObjectReference", object, "IoGetAttachedDeviceReference(%p): this is no device", object);
    return object;
}
