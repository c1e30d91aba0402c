/* The client's commands on handles. */
#include "io.h"
#include "hostile.h"

struct memory *memory_find(uint64_t id);

static struct handle *handle_wanted(struct command *command)
{
    struct handle *handle = handle_find(argument_number(command, "handle", 0));
    if (!handle || !handle->file) {
        reply_error(command, "usage", "no such handle");
        return NULL;
    }
    if (!handle_hold(handle)) { /* until the command lets go of the file */
        reply_error(command, "refused", "status=0x%08x the handle is closed", (unsigned)STATUS_INVALID_HANDLE);
        return NULL;
    }
    self->process = handle->process;
    return handle;
}

COMMAND("open", command_open, NEEDS_DRIVER)
{
    struct process *process = process_find(argument_number(command, "process", 0));
    const char *path = argument(command, "path");
    uint64_t client = argument_number(command, "handle", 0);
    bool kernel = argument_number(command, "kernel", 0);
    struct handle *handle;
    if ((!process && !kernel) || !path || !client || handle_find(client)) {
        reply_error(command, "usage", "open wants a live process, a new handle identifier and a path");
        return;
    }
    status_t status = file_open(process ? process : process_system(), client, path, (uint32_t)argument_number(command, "access", 0xC0000000), kernel, &handle);
    if (status < 0)
        reply_error(command, "refused", "status=0x%08x open of %s failed", (uint32_t)status, path);
    else
        reply_format(command, "value=%llu", (unsigned long long)handle->value);
}

COMMAND("close", command_close_handle, NEEDS_DRIVER)
{
    struct handle *handle = handle_wanted(command);
    if (handle) {
        handle_close(handle);
        file_dereference_here(handle->file);
    }
}

COMMAND("duplicate", command_duplicate, NEEDS_DRIVER)
{
    struct handle *handle = handle_wanted(command);
    struct process *process = process_find(argument_number(command, "process", 0));
    if (!handle)
        return;
    if (!process || !argument_number(command, "as", 0)) {
        reply_error(command, "usage", "duplicate wants a process and as=");
        file_dereference(handle->file);
        return;
    }
    atomic_fetch_add(&handle->file->handles, 1);
    struct handle *copy = handle_new(process, argument_number(command, "as", 0), handle->file, NULL, false);
    file_dereference(handle->file);
    reply_format(command, "value=%llu", (unsigned long long)copy->value);
}

struct request {
    uint8_t major;
    uint32_t in, out, code;
    const uint8_t *data;
};

/* The user's buffer: a region of named memory, or pages of its own. */
static struct memory *buffer_of(struct command *command, uint32_t length, size_t *offset)
{
    uint64_t id = argument_number(command, "memory", 0);
    bool possible, hostile = hostile_wanted(command, &possible);
    *offset = argument_number(command, "offset", 0);
    if (!possible)
        return NULL;
    if (!id) {
        struct memory *memory = memory_new(length, argument_number(command, "alignment", 0));
        memset(memory_bytes(memory), (int)argument_number(command, "fill", 0xA5), length);
        if (hostile)
            hostile_start(memory);
        *offset = 0;
        return memory;
    }
    struct memory *memory = memory_find(id);
    if (!memory || *offset > memory->size || length > memory->size - *offset)
        return NULL;
    atomic_fetch_add(&memory->references, 1);
    return memory;
}

static void *system_buffer(uint32_t size, const void *data, uint32_t length)
{
    struct block *block = block_new(BLOCK_DATA, size, false);
    block->hosts = true;
    memcpy(block_memory(block), data, length);
    return block_memory(block);
}

static bool read_write_buffers(struct command *command, struct irp_record *record, const struct request *request)
{
    uint32_t length = request->major == IRP_MJ_READ ? request->out : request->in;
    uint32_t flags = record->device->object->Flags;
    size_t offset;
    struct memory *memory = buffer_of(command, length, &offset);
    if (!memory)
        return false;
    memory->process = block_memory(record->process->block);
    IO_STACK_LOCATION *stack = irp_stack(record->irp);
    stack->Parameters_Read_Length = length; /* the same place for a write */
    if (request->major == IRP_MJ_WRITE && request->data)
        memcpy(memory_bytes(memory) + offset, request->data, length);
    if (flags & DO_DIRECT_IO) {
        irp_attach_memory(record, memory, offset, length);
        return true;
    }
    record->memory = memory;
    record->memory_offset = offset;
    if (flags & DO_BUFFERED_IO) {
        record->system_buffer = system_buffer(length, memory_bytes(memory) + offset, request->major == IRP_MJ_WRITE ? length : 0);
        record->irp->AssociatedIrp_SystemBuffer = length ? record->system_buffer : NULL;
        memory_release(memory);
        record->memory = NULL;
    } else {
        record->irp->UserBuffer = (void *)(memory->user + offset);
    }
    return true;
}

static bool ioctl_buffers(struct command *command, struct irp_record *record, const struct request *request)
{
    IO_STACK_LOCATION *stack = irp_stack(record->irp);
    unsigned method = request->code & 3;
    uint32_t both = request->in > request->out ? request->in : request->out;
    record->code = request->code;
    stack->Parameters_DeviceIoControl_InputBufferLength = request->in;
    stack->Parameters_DeviceIoControl_OutputBufferLength = request->out;
    stack->Parameters_DeviceIoControl_IoControlCode = request->code;
    uint32_t buffered = method == 0 ? both : request->in;
    if (buffered && method != 3) {
        record->system_buffer = system_buffer(buffered, request->data, request->in);
        record->irp->AssociatedIrp_SystemBuffer = record->system_buffer;
    }
    if (method == 0)
        return true;
    size_t offset;
    struct memory *memory = buffer_of(command, request->out, &offset);
    if (!memory)
        return false;
    memory->process = block_memory(record->process->block);
    if (method == 3)
        record->memory = memory, record->irp->UserBuffer = (void *)(memory->user + offset);
    else
        irp_attach_memory(record, memory, offset, request->out);
    return true;
}

static void request_run(struct command *command, const struct request *request)
{
    struct handle *handle = handle_wanted(command);
    if (!handle)
        return;
    struct irp_record *record = irp_new(handle->file, request->major);
    record->id = command->id;
    record->in_length = request->in;
    record->out_length = request->out;
    record->irp->RequestorMode = !handle->kernel;
    bool ready = request->major == IRP_MJ_DEVICE_CONTROL                                    ? ioctl_buffers(command, record, request)
                 : request->major == IRP_MJ_READ || request->major == IRP_MJ_WRITE ? read_write_buffers(command, record, request)
                                                                                           : true;
    if (!ready) {
        record->internal = true;
        record->irp->IoStatus_Status = (int32_t)STATUS_INVALID_USER_BUFFER;
        irp_complete(record->irp, 0);
        irp_release(record);
        file_dereference(handle->file);
        if (!atomic_load(&command->replied))
            reply_error(command, "usage", "no such memory, or the range lies outside it");
        return;
    }
    status_t status = irp_dispatch(record);
    irp_release(record);
    file_dereference(handle->file);
    reply_format(command, "returned=0x%08x", (uint32_t)status);
}

COMMAND("read", command_read, NEEDS_DRIVER)
{
    request_run(command, &(struct request){.major = IRP_MJ_READ, .out = (uint32_t)argument_number(command, "length", 0)});
}

COMMAND("write", command_write, NEEDS_DRIVER)
{
    bool memory = argument(command, "memory") != NULL;
    uint32_t length = memory ? (uint32_t)argument_number(command, "length", 0) : (uint32_t)command->payload_size;
    request_run(command, &(struct request){.major = IRP_MJ_WRITE, .in = length, .data = memory ? NULL : command->payload});
}

COMMAND("ioctl", command_ioctl, NEEDS_DRIVER)
{
    request_run(command, &(struct request){.major = IRP_MJ_DEVICE_CONTROL, .in = (uint32_t)command->payload_size, .out = (uint32_t)argument_number(command, "out", 0),
                                           .code = (uint32_t)argument_number(command, "code", 0), .data = command->payload});
}

COMMAND("request", command_request, NEEDS_DRIVER)
{
    uint64_t major = argument_number(command, "major", IRP_MJ_FLUSH_BUFFERS);
    if (major > IRP_MJ_PNP || major == IRP_MJ_READ || major == IRP_MJ_WRITE || major == IRP_MJ_DEVICE_CONTROL) {
        reply_error(command, "usage", "major=%llu has a command of its own or does not exist", (unsigned long long)major);
        return;
    }
    request_run(command, &(struct request){.major = (uint8_t)major});
}

COMMAND("cancel", command_cancel, NEEDS_DRIVER)
{
    reply_format(command, "found=%d", irp_cancel(argument_number(command, "request", 0)));
}

COMMAND("cancel-io", command_cancel_io, NEEDS_DRIVER)
{
    struct handle *handle = handle_wanted(command);
    if (handle) {
        irps_cancel(NULL, handle->file);
        file_dereference(handle->file);
    }
}

COMMAND("poke", command_poke, ALWAYS)
{
    struct irp_record *record = irp_find(argument_number(command, "request", 0));
    uint64_t offset = argument_number(command, "offset", 0);
    bool fits = record && record->memory && offset + command->payload_size <= record->memory->size - record->memory_offset;
    if (fits)
        memcpy(memory_bytes(record->memory) + record->memory_offset + offset, command->payload, command->payload_size);
    else
        reply_error(command, "usage", "the request is done, has no buffer, or the range lies outside it");
    if (record)
        irp_release(record);
}

COMMAND("peek", command_peek, ALWAYS)
{
    struct irp_record *record = irp_find(argument_number(command, "request", 0));
    uint64_t offset = argument_number(command, "offset", 0), length = argument_number(command, "length", 0);
    if (record && record->memory && offset + length <= record->memory->size - record->memory_offset)
        reply_ok(command, NULL, memory_bytes(record->memory) + record->memory_offset + offset, length);
    else
        reply_error(command, "usage", "the request is done, has no buffer, or the range lies outside it");
    if (record)
        irp_release(record);
}
