/* Object manager: references, handles, processes to attach to. */
#include "io.h"

extern void *thread_type, *file_type, *event_type, *process_type;
static uint8_t file_type_body[16], event_type_body[16], process_type_body[16], thread_type_body[16];
void *thread_type = thread_type_body, *file_type = file_type_body, *event_type = event_type_body, *process_type = process_type_body;
EXPORT_DATA(IoFileObjectType, &file_type)
EXPORT_DATA(ExEventObjectType, &event_type)
EXPORT_DATA(PsProcessType, &process_type)
EXPORT_DATA(PsThreadType, &thread_type)

enum { HANDLE_INFORMATION_CLASS = 64 };
struct handle_entry { /* SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX */
    void *object;
    uintptr_t pid, value;
    uint32_t access;
    uint16_t back_trace, type;
    uint32_t attributes, reserved;
};

static struct object *object_of(const void *address)
{
    struct block *block = block_at(address, BLOCK_OBJECT);
    return block ? block->record : NULL;
}

static void dereference(const void *address, const char *call)
{
    struct file *file = file_of_object(address);
    struct object *object = object_of(address);
    struct device *device = device_of_object(address);
    atomic_int *drivers = file ? &file->drivers : object ? &object->drivers : device ? &device->drivers : NULL;
    if (!drivers) {
        violation("ObjectReference", address, "%s(%p): this is no object, or it is gone", call, address);
        return;
    }
    if (atomic_fetch_sub(drivers, 1) <= 0) {
        atomic_fetch_add(drivers, 1);
        violation("ObjectReference", address, "%s(%p): the driver holds no reference on it", call, address);
        return;
    }
    if (file)
        file_dereference(file);
    else if (object)
        object_dereference(object);
}

static void reference(const void *address, const char *call)
{
    struct file *file = file_of_object(address);
    struct device *device = device_of_object(address);
    struct object *object = object_of(address);
    if (file)
        atomic_fetch_add(&file->references, 1), atomic_fetch_add(&file->drivers, 1);
    else if (object)
        atomic_fetch_add(&object->references, 1), atomic_fetch_add(&object->drivers, 1);
    else if (device)
        atomic_fetch_add(&device->drivers, 1);
    else
        violation("ObjectReference", address, "%s(%p): this is no object, or it is gone", call, address);
}

EXPORT(intptr_t, ObfReferenceObject, void *object)
{
    ENTER(ObfReferenceObject, object);
    reference(object, "ObfReferenceObject");
    return 2;
}

EXPORT(intptr_t, ObfDereferenceObject, void *object)
{
    ENTER(ObfDereferenceObject, object);
    dereference(object, "ObfDereferenceObject");
    return 1;
}

EXPORT(intptr_t, ObfReferenceObjectWithTag, void *object, uint32_t tag)
{
    ENTER(ObfReferenceObjectWithTag, object);
    (void)tag;
    reference(object, "ObfReferenceObjectWithTag");
    return 2;
}

EXPORT(intptr_t, ObfDereferenceObjectWithTag, void *object, uint32_t tag)
{
    ENTER(ObfDereferenceObjectWithTag, object);
    (void)tag;
    dereference(object, "ObfDereferenceObjectWithTag");
    return 1;
}

EXPORT(void, ObDereferenceObjectDeferDelete, void *object)
{
    ENTER(ObDereferenceObjectDeferDelete, object);
    dereference(object, "ObDereferenceObjectDeferDelete");
}

EXPORT(status_t, ObReferenceObjectByPointer, void *object, uint32_t access, void *type, uint8_t mode)
{
    ENTER(ObReferenceObjectByPointer, object);
    (void)access, (void)type, (void)mode;
    reference(object, "ObReferenceObjectByPointer");
    return STATUS_SUCCESS;
}

static status_t handle_reference(const struct handle *handle, const void *type, void **result)
{
    void *actual = handle->file ? file_type : handle->object->kind == OBJECT_EVENT ? event_type : handle->object->kind == OBJECT_THREAD_KIND ? thread_type : process_type;
    if (!type && handle->object == NULL)
        violation("ObjectType", NULL, "ObReferenceObjectByHandle without an object type");
    if (type && type != actual)
        return (status_t)STATUS_OBJECT_TYPE_MISMATCH;
    *result = handle->file ? (void *)handle->file->object : handle->object->body;
    reference(*result, "ObReferenceObjectByHandle");
    return STATUS_SUCCESS;
}

EXPORT_F(status_t, ObReferenceObjectByHandle, uintptr_t value, uint32_t access, void *type, uint8_t mode, void **result, void *information)
{
    ENTER_FAILS(ObReferenceObjectByHandle, NULL, true);
    (void)access, (void)information;
    if (fail_)
        return (status_t)STATUS_INSUFFICIENT_RESOURCES;
    struct handle *handle = handle_of_value(process_current(), value & ~(uintptr_t)3);
    if (!handle || (handle->kernel && mode) || !handle_hold(handle))
        return (status_t)STATUS_INVALID_HANDLE;
    status_t status = handle_reference(handle, type, result);
    if (handle->file)
        file_dereference(handle->file);
    return status;
}

EXPORT(status_t, ObCloseHandle, uintptr_t value, uint8_t mode)
{
    ENTER(ObCloseHandle, NULL);
    struct handle *handle = handle_of_value(process_current(), value & ~(uintptr_t)3);
    if (!handle || (handle->kernel && mode))
        return (status_t)STATUS_INVALID_HANDLE;
    if (handle->protect && mode)
        return (status_t)STATUS_HANDLE_NOT_CLOSABLE;
    struct text header = {0};
    text_add(&header, " handle=%llu", (unsigned long long)handle->client);
    event_send("closed", &header, NULL, 0);
    text_free(&header);
    handle_close(handle);
    return STATUS_SUCCESS;
}

EXPORT(status_t, ZwClose, uintptr_t value)
{
    ENTER(ZwClose, NULL);
    struct handle *handle = handle_of_value(process_current(), value & ~(uintptr_t)3);
    if (!handle)
        return (status_t)STATUS_INVALID_HANDLE;
    handle_close(handle);
    return STATUS_SUCCESS;
}

EXPORT(status_t, ObSetHandleAttributes, uintptr_t value, const uint8_t *information, uint8_t mode)
{
    ENTER(ObSetHandleAttributes, NULL);
    (void)mode;
    struct handle *handle = handle_of_value(process_current(), value & ~(uintptr_t)3);
    if (!handle)
        return (status_t)STATUS_INVALID_HANDLE;
    handle->protect = information[1];
    return STATUS_SUCCESS;
}

/* The next table of handles names this handle by this value: as if it had been closed, and used again, since the table was made. */
static uint64_t stale_handle, stale_value;

COMMAND("stale-handle", command_stale_handle, ALWAYS)
{
    struct handle *handle = handle_find(argument_number(command, "handle", 0));
    if (!handle) {
        reply_error(command, "usage", "no such handle");
        return;
    }
    kernel_lock();
    stale_handle = handle->client;
    stale_value = argument_number(command, "value", 0);
    kernel_unlock();
}

COMMAND("protect", command_protect, ALWAYS)
{
    struct handle *handle = handle_find(argument_number(command, "handle", 0));
    if (handle)
        handle->protect = argument_number(command, "on", 1);
    else
        reply_error(command, "usage", "no such handle");
}

static size_t handles_fill(struct handle_entry *entries, size_t capacity)
{
    size_t count = 0;
    kernel_lock();
    for (struct handle *handle = handles_first(); handle; handle = handle->next) {
        if (!handle->open)
            continue;
        if (count < capacity)
            entries[count] = (struct handle_entry){handle->file ? (void *)handle->file->object : handle->object->body, (uintptr_t)handle->process->pid,
                                                   (uintptr_t)(stale_handle && handle->client == stale_handle ? stale_value : handle->value),
                                                   handle->access, 0, handle->file ? 37 : 16, 0, 0};
        count++;
    }
    if (count <= capacity)
        stale_handle = 0;
    kernel_unlock();
    return count;
}

EXPORT_F(status_t, ZwQuerySystemInformation, uint32_t class, void *buffer, uint32_t length, uint32_t *needed)
{
    ENTER_FAILS(ZwQuerySystemInformation, NULL, true);
    system_pointer_check(buffer, "ZwQuerySystemInformation");
    if (class != HANDLE_INFORMATION_CLASS)
        return (status_t)STATUS_INVALID_INFO_CLASS;
    if (fail_)
        return (status_t)STATUS_INSUFFICIENT_RESOURCES;
    uintptr_t head[2] = {0}; /* how many, reserved */
    size_t capacity = length >= sizeof head ? (length - sizeof head) / sizeof(struct handle_entry) : 0;
    size_t count = handles_fill((struct handle_entry *)((uint8_t *)buffer + sizeof head), capacity);
    if (needed)
        *needed = (uint32_t)(sizeof head + count * sizeof(struct handle_entry));
    if (length < sizeof head || count > capacity)
        return (status_t)STATUS_INFO_LENGTH_MISMATCH;
    head[0] = count;
    memcpy(buffer, head, sizeof head);
    return STATUS_SUCCESS;
}

/* ---- processes ---- */

EXPORT_F(status_t, PsLookupProcessByProcessId, uintptr_t pid, void **result)
{
    ENTER_FAILS(PsLookupProcessByProcessId, NULL, false);
    struct process *process = fail_ ? NULL : process_of_pid(pid);
    if (!process || process->dead)
        return (status_t)STATUS_INVALID_PARAMETER;
    *result = block_memory(process->block);
    reference(*result, "PsLookupProcessByProcessId");
    return STATUS_SUCCESS;
}

static struct process *process_of_body(const void *body)
{
    struct object *object = object_of(body);
    return object && object->kind == OBJECT_PROCESS ? object->body : NULL;
}

EXPORT(void, KeStackAttachProcess, void *body, KAPC_STATE *state)
{
    ENTER(KeStackAttachProcess, body);
    struct process *process = process_of_body(body);
    if (!process) {
        violation("ProcessAttach", body, "KeStackAttachProcess(%p): this is no process", body);
        return;
    }
    if (atomic_load(&object_of(body)->drivers) <= 0)
        violation("ProcessAttach", body, "KeStackAttachProcess on a process that the driver holds no reference on");
    memset(state, 0, sizeof *state);
    memcpy((uint8_t *)state + offsetof(KAPC_STATE, Process), &self->attached, sizeof self->attached);
    self->attached = process;
    self->attach_depth++;
}

EXPORT(void, KeUnstackDetachProcess, KAPC_STATE *state)
{
    ENTER(KeUnstackDetachProcess, state);
    if (self->attach_depth-- <= 0)
        violation("ProcessAttach", state, "KeUnstackDetachProcess without KeStackAttachProcess");
    memcpy(&self->attached, (uint8_t *)state + offsetof(KAPC_STATE, Process), sizeof self->attached);
}

EXPORT(void *, IoGetCurrentProcess, void)
{
    ENTER(IoGetCurrentProcess, NULL);
    return block_memory(process_current()->block);
}

EXPORT(void *, PsGetCurrentProcess, void)
{
    ENTER(PsGetCurrentProcess, NULL);
    return block_memory(process_current()->block);
}

EXPORT(uintptr_t, PsGetCurrentProcessId, void)
{
    ENTER(PsGetCurrentProcessId, NULL);
    return (uintptr_t)process_current()->pid;
}

EXPORT(void *, PsGetProcessId, void *body)
{
    ENTER(PsGetProcessId, body);
    struct process *process = process_of_body(body);
    return process ? (void *)(uintptr_t)process->pid : NULL;
}

EXPORT(void *, KeGetCurrentThread, void)
{
    ENTER(KeGetCurrentThread, NULL);
    return self->ethread;
}

EXPORT(uint8_t, IoIs32bitProcess, IRP *irp)
{
    ENTER(IoIs32bitProcess, irp);
    return process_current()->bits == 32;
}

/* References that the driver still holds at unload. */
static void reference_visit(struct block *block, void *unused)
{
    (void)unused;
    struct object *object = block->kind == BLOCK_OBJECT ? block->record : NULL;
    struct file *file = block->kind == BLOCK_FILE ? block->record : NULL;
    int drivers = object ? atomic_load(&object->drivers) : file ? atomic_load(&file->drivers) : 0;
    if (drivers)
        violation("ReferenceLeak", block_memory(block), "%d references on a %s are left at unload", drivers, file ? "file object" : "process or event");
}

void references_leak_check(void)
{
    blocks_each(reference_visit, NULL);
}
