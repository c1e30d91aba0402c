/* User processes and the objects that handles may stand for besides files. */
#include "io.h"
#include "hostile.h"

void process_notify(struct process *process, bool create);

static struct process *processes;
static struct process *system_process;
static uint64_t next_pid = 1000;

static struct process *process_new(uint64_t id, uint64_t pid, const char *user, int bits)
{
    struct process *process = calloc(1, sizeof *process);
    struct object *object = object_new(OBJECT_PROCESS, 0x400, EVENT_NOTIFICATION, &process->block);
    object->body = process;
    process->id = id;
    process->pid = pid;
    process->bits = sizeof(void *) == 4 ? 32 : bits;
    process->next_handle = 0x40;
    snprintf(process->user, sizeof process->user, "%s", user);
    kernel_lock();
    process->next = processes;
    processes = process;
    kernel_unlock();
    return process;
}

struct object *object_new(int kind, size_t size, enum object_type type, struct block **result)
{
    struct block *block = block_new(BLOCK_OBJECT, size, true);
    struct object *object = calloc(1, sizeof *object);
    block->hosts = true;
    block->record = object;
    object->kind = kind;
    atomic_init(&object->references, 1);
    object_init(block_memory(block), type, false);
    *result = block;
    return object;
}

void object_dereference(struct object *object)
{
    atomic_fetch_sub(&object->references, 1);
}

static void system_start(void)
{
    system_process = process_new(0, SYSTEM_PID, "SYSTEM", 64);
}

struct process *process_system(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, system_start); /* the first who ask may be two */
    return system_process;
}

struct process *process_find(uint64_t id)
{
    kernel_lock();
    struct process *process = processes;
    while (process && (process->id != id || !id))
        process = process->next;
    kernel_unlock();
    return process;
}

struct process *process_of_pid(uint64_t pid)
{
    kernel_lock();
    struct process *process = processes;
    while (process && process->pid != pid)
        process = process->next;
    kernel_unlock();
    return process;
}

struct process *process_current(void)
{
    return self->attached ? self->attached : self->process ? self->process : process_system();
}

COMMAND("process", command_process, ALWAYS)
{
    uint64_t id = argument_number(command, "process", 0);
    const char *user = argument(command, "user");
    if (!id || process_find(id)) {
        reply_error(command, "usage", "process=%llu is missing or in use", (unsigned long long)id);
        return;
    }
    kernel_lock();
    uint64_t pid = next_pid += 4;
    kernel_unlock();
    process_notify(process_new(id, pid, user ? user : "SYSTEM", (int)argument_number(command, "bits", 64)), true);
    reply_format(command, "pid=%llu", (unsigned long long)pid);
}

COMMAND("kill", command_kill, NEEDS_DRIVER)
{
    struct process *process = process_find(argument_number(command, "process", 0));
    if (!process) {
        reply_error(command, "usage", "no such process");
        return;
    }
    self->process = process;
    process_notify(process, false);
    process->dead = true;
    irps_cancel(process, NULL);
    for (bool found = true; found;) {
        struct handle *victim = NULL;
        kernel_lock();
        for (struct handle *handle = handles_first(); handle; handle = handle->next)
            if (handle->open && handle->process == process)
                victim = handle;
        kernel_unlock();
        found = victim != NULL;
        if (victim)
            handle_close(victim);
    }
    mdl_process_check(block_memory(process->block));
}

/* ---- memory and events of processes ---- */

struct named_memory {
    uint64_t id;
    struct memory *memory;
    struct named_memory *next;
};
static struct named_memory *memories;

struct memory *memory_find(uint64_t id)
{
    kernel_lock();
    struct named_memory *at = memories;
    while (at && at->id != id)
        at = at->next;
    kernel_unlock();
    return at ? at->memory : NULL;
}

COMMAND("memory", command_memory, ALWAYS)
{
    struct process *process = process_find(argument_number(command, "process", 0));
    uint64_t id = argument_number(command, "memory", 0), size = argument_number(command, "size", 0);
    if (!process || !id || !size || memory_find(id)) {
        reply_error(command, "usage", "memory wants a live process, a new identifier and a size");
        return;
    }
    bool possible, hostile = hostile_wanted(command, &possible);
    if (!possible)
        return;
    struct memory *memory = memory_new(size, 0);
    if (process->bits == 32 && !memory_narrow(memory)) {
        memory_release(memory);
        reply_error(command, "usage", "no address of 32 bits is left for %llu bytes", (unsigned long long)size);
        return;
    }
    struct named_memory *named = malloc(sizeof *named);
    *named = (struct named_memory){id, memory, NULL};
    if (hostile)
        hostile_start(named->memory);
    named->memory->writable = argument_number(command, "writable", 1);
    named->memory->process = block_memory(process->block);
    kernel_lock();
    named->next = memories;
    memories = named;
    kernel_unlock();
    reply_format(command, "address=0x%zx", (size_t)named->memory->user);
}

static struct memory *memory_range(struct command *command, uint64_t *offset, uint64_t *length, uint64_t otherwise)
{
    struct memory *memory = memory_find(argument_number(command, "memory", 0));
    *offset = argument_number(command, "offset", 0);
    *length = argument_number(command, "length", otherwise);
    if (!memory || *offset > memory->size || *length > memory->size - *offset) {
        reply_error(command, "usage", "no such memory, or the range lies outside it");
        return NULL;
    }
    return memory;
}

COMMAND("memory-write", command_memory_write, ALWAYS)
{
    uint64_t offset, length;
    struct memory *memory = memory_range(command, &offset, &length, command->payload_size);
    if (memory)
        memcpy(memory_bytes(memory) + offset, command->payload, length < command->payload_size ? length : command->payload_size);
}

COMMAND("memory-read", command_memory_read, ALWAYS)
{
    uint64_t offset, length;
    struct memory *memory = memory_range(command, &offset, &length, 0);
    if (memory)
        reply_ok(command, NULL, memory_bytes(memory) + offset, length);
}

COMMAND("event", command_event, ALWAYS)
{
    struct process *process = process_find(argument_number(command, "process", 0));
    struct block *block;
    if (!process) {
        reply_error(command, "usage", "no such process");
        return;
    }
    struct object *object = object_new(OBJECT_EVENT, sizeof(KEVENT), argument_number(command, "manual", 0) ? EVENT_NOTIFICATION : EVENT_SYNCHRONIZATION, &block);
    object->body = block_memory(block);
    ((DISPATCHER_HEADER *)object->body)->SignalState = (int32_t)argument_number(command, "signaled", 0);
    struct handle *handle = handle_new(process, argument_number(command, "event", 0) | 1ull << 63, NULL, object, false);
    reply_format(command, "value=%llu", (unsigned long long)handle->value);
}

COMMAND("event-state", command_event_state, ALWAYS)
{
    struct handle *handle = handle_find(argument_number(command, "event", 0) | 1ull << 63);
    if (!handle) {
        reply_error(command, "usage", "no such event");
        return;
    }
    DISPATCHER_HEADER *event = handle->object->body;
    if (argument_number(command, "set", 0))
        object_signal(event);
    int32_t state = event->SignalState;
    if (argument_number(command, "reset", 0))
        object_reset(event);
    reply_format(command, "signaled=%d", state != 0);
}
