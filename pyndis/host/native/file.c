/* File objects and handles: open, cleanup, close. */
#include "io.h"

enum { NAMED = 1024 };
static struct handle *handles, *handles_named[NAMED]; /* all of them; and by the client's names, which are never used again */
static struct file *files;

struct handle *handles_first(void)
{
    return handles;
}

struct handle *handle_find(uint64_t client)
{
    kernel_lock();
    struct handle *handle = handles_named[client % NAMED];
    while (handle && (handle->client != client || !client))
        handle = handle->next_named;
    kernel_unlock();
    return handle;
}

struct handle *handle_of_value(struct process *process, uint64_t value)
{
    if ((intptr_t)value < 0) /* a kernel handle: the same in every process */
        process = process_system();
    kernel_lock();
    struct handle *handle = handles;
    while (handle && !(handle->open && handle->process == process && handle->value == value))
        handle = handle->next;
    kernel_unlock();
    return handle;
}

struct handle *handle_new(struct process *process, uint64_t client, struct file *file, struct object *object, bool kernel)
{
    struct handle *handle = calloc(1, sizeof *handle);
    handle->client = client;
    handle->process = process;
    handle->file = file;
    handle->object = object;
    handle->kernel = kernel;
    handle->open = true;
    kernel_lock();
    handle->value = process->next_handle += 4;
    if (kernel && process->pid == SYSTEM_PID)
        handle->value |= (uint64_t)(uintptr_t)(intptr_t)INT32_MIN;
    handle->next = handles;
    handles = handle;
    handle->next_named = handles_named[client % NAMED];
    handles_named[client % NAMED] = handle;
    kernel_unlock();
    return handle;
}

bool handle_hold(struct handle *handle)
{
    kernel_lock();
    bool open = handle->open;
    if (open && handle->file)
        atomic_fetch_add(&handle->file->references, 1);
    kernel_unlock();
    return open;
}

struct file *file_of_object(const void *object)
{
    struct block *block = block_at(object, BLOCK_FILE);
    return block ? block->record : NULL;
}

/* Takes over the caller's reference of the device. */
static struct file *file_new(struct device *device, const char *name)
{
    struct file *file = calloc(1, sizeof *file);
    uint16_t units[256];
    size_t count = utf16_from_utf8(name, units, COUNT(units));
    file->block = block_new(BLOCK_FILE, sizeof(FILE_OBJECT) + 2 * count, true);
    file->block->record = file;
    file->object = block_memory(file->block);
    file->device = device;
    file->process = self->process;
    file->object->Type = 5;
    file->object->Size = sizeof(FILE_OBJECT);
    file->object->DeviceObject = device->object;
    if (count) {
        memcpy(file->object + 1, units, 2 * count);
        UNICODE_STRING *string = (UNICODE_STRING *)file->object->FileName;
        string->Buffer = (void *)(file->object + 1);
        string->Length = string->MaximumLength = (uint16_t)(2 * count);
    }
    atomic_init(&file->references, 1); /* what the handles hold together */
    atomic_fetch_add(&device->files, 1);
    kernel_lock();
    file->next = files;
    files = file;
    kernel_unlock();
    return file;
}

/* True: the driver has yet to be told. Else the record goes, once nobody needs it to complete the last request. */
static bool reference_last(struct file *file)
{
    if (atomic_fetch_sub(&file->references, 1) > 1)
        return false;
    if (file->opened)
        return true;
    free(file);
    return false;
}

static void file_free(struct file *file)
{
    kernel_lock();
    for (struct file **at = &files; *at; at = &(*at)->next) {
        if (*at == file) {
            *at = file->next;
            break;
        }
    }
    kernel_unlock();
    file->block->record = NULL;
    block_free(file->block);
    atomic_fetch_sub(&file->device->files, 1);
    device_release(file->device);
    reference_last(file);
}

void irps_cleanup_check(struct file *file);

static status_t run_internal(struct file *file, uint8_t major)
{
    struct irp_record *record = irp_new(file, major);
    record->internal = true;
    if (major == IRP_MJ_CREATE)
        irp_stack(record->irp)->Parameters_Create_Options = FILE_OPEN << 24;
    irp_dispatch(record);
    wait_for(&record->done, "I/O manager");
    status_t status = record->status;
    irp_release(record);
    if (status < 0 && major != IRP_MJ_CREATE)
        violation("CleanupFailed", file->object, "%s completed with 0x%08x: it cannot fail", major == IRP_MJ_CLOSE ? "IRP_MJ_CLOSE" : "IRP_MJ_CLEANUP", (uint32_t)status);
    return status;
}

static void file_finish(struct file *file)
{
    bool told = file->opened && !file->device->silent;
    atomic_store(&file->references, 1); /* ours: the close request's own is not the last again */
    file->opened = false;
    if (told)
        run_internal(file, IRP_MJ_CLOSE);
    file_free(file);
}

static void file_finish_job(void *argument)
{
    file_finish(argument);
}

/* The same where the caller stands in a process that closes a handle: CLOSE is sent in it. */
void file_dereference_here(struct file *file)
{
    if (reference_last(file))
        file_finish(file);
}

void file_dereference(struct file *file)
{
    if (reference_last(file))
        submit("close", file_finish_job, file, (struct job_options){.process = process_system()});
}

status_t file_open(struct process *process, uint64_t client, const char *path, uint32_t access, bool kernel, struct handle **result)
{
    const char *rest;
    struct device *device = device_open_path(path, &rest);
    if (!device)
        return (status_t)STATUS_OBJECT_NAME_NOT_FOUND;
    if (!kernel && !device_allows(device, process->user)) {
        device_release(device);
        return (status_t)STATUS_ACCESS_DENIED;
    }
    self->process = process;
    struct file *file = file_new(device, rest);
    file->client = client;
    status_t status = device->silent ? 0 : run_internal(file, IRP_MJ_CREATE);
    if (status < 0) {
        file_free(file);
        return status;
    }
    file->opened = true;
    atomic_store(&file->handles, 1);
    *result = handle_new(process, client, file, NULL, kernel);
    (*result)->access = access;
    return status;
}

/* Closes one handle; the last one sends CLEANUP, and CLOSE when nothing else refers to the file object. */
void handle_close(struct handle *handle)
{
    kernel_lock();
    bool was = handle->open;
    handle->open = false;
    kernel_unlock();
    if (!was)
        return;
    if (handle->object) {
        object_dereference(handle->object);
        return;
    }
    struct file *file = handle->file;
    if (atomic_fetch_sub(&file->handles, 1) > 1)
        return;
    struct process *before = self->process;
    self->process = handle->process;
    file->cleaned = true;
    if (!file->device->silent) {
        run_internal(file, IRP_MJ_CLEANUP);
        irps_cleanup_check(file);
    }
    self->process = before;
    file_dereference_here(file);
}

struct file *file_open_kernel(struct device *device)
{
    struct file *file = file_new(device, "");
    file->opened = true;
    return file;
}

/* At the end of a device: what still refers to it. */
void device_idle_check(struct device *device, const char *call)
{
    int open = atomic_load(&device->files), requests = irps_pended(device);
    if (requests)
        violation("DeviceBusy", device->object, "%s while %d requests of the device are not completed", call, requests);
    else if (open)
        note("DeviceOpen", device->object, "%s while %d file objects of the device are open", call, open);
}
