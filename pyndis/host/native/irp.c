/* Requests: building, dispatching, completing, cancelling, and the checks at each of these steps. */
#include "io.h"
#include "hold.h"
#include "locks.h"

enum { PENDING_RETURNED = 1, MAJORS = 28, CANCEL_SECONDS = 5 };
enum { CANCEL_ROUTINE_OFFSET = __builtin_offsetof(IRP, CancelRoutine) };
static const char *const major_names[MAJORS] = {
    "IRP_MJ_CREATE", "IRP_MJ_CREATE_NAMED_PIPE", "IRP_MJ_CLOSE", "IRP_MJ_READ", "IRP_MJ_WRITE", "IRP_MJ_QUERY_INFORMATION", "IRP_MJ_SET_INFORMATION", "IRP_MJ_QUERY_EA",
    "IRP_MJ_SET_EA", "IRP_MJ_FLUSH_BUFFERS", "IRP_MJ_QUERY_VOLUME_INFORMATION", "IRP_MJ_SET_VOLUME_INFORMATION", "IRP_MJ_DIRECTORY_CONTROL", "IRP_MJ_FILE_SYSTEM_CONTROL",
    "IRP_MJ_DEVICE_CONTROL", "IRP_MJ_INTERNAL_DEVICE_CONTROL", "IRP_MJ_SHUTDOWN", "IRP_MJ_LOCK_CONTROL", "IRP_MJ_CLEANUP", "IRP_MJ_CREATE_MAILSLOT", "IRP_MJ_QUERY_SECURITY",
    "IRP_MJ_SET_SECURITY", "IRP_MJ_POWER", "IRP_MJ_SYSTEM_CONTROL", "IRP_MJ_DEVICE_CHANGE", "IRP_MJ_QUERY_QUOTA", "IRP_MJ_SET_QUOTA", "IRP_MJ_PNP"};
/* Each acquire of a remove lock in a dispatch routine is released by the time its request is completed. */
static const char *const remove_lock_rules[MAJORS] = {
    [IRP_MJ_CREATE] = "RemoveLockReleaseCreate", [IRP_MJ_CLOSE] = "RemoveLockReleaseClose", [IRP_MJ_READ] = "RemoveLockReleaseRead", [IRP_MJ_WRITE] = "RemoveLockReleaseWrite",
    [IRP_MJ_DEVICE_CONTROL] = "RemoveLockReleaseDeviceControl", [IRP_MJ_INTERNAL_DEVICE_CONTROL] = "RemoveLockReleaseInternalDeviceControl",
    [IRP_MJ_SHUTDOWN] = "RemoveLockReleaseShutdown", [IRP_MJ_CLEANUP] = "RemoveLockReleaseCleanup"};
static struct irp_record *records;
static void slow_end(struct irp_record *record);
static pthread_mutex_t records_lock = PTHREAD_MUTEX_INITIALIZER;
void remove_lock_dispatch_check(const struct irp_record *record, const void *irp, bool completed, const char *rule);
void mdl_check_partials(struct memory *memory, const void *irp);

IO_STACK_LOCATION *irp_stack(IRP *irp)
{
    return irp->Tail_Overlay_CurrentStackLocation;
}

struct irp_record *irp_new(struct file *file, uint8_t major)
{
    struct irp_record *record = calloc(1, sizeof *record);
    record->block = block_new(BLOCK_IRP, sizeof(IRP) + sizeof(IO_STACK_LOCATION), true);
    record->block->record = record;
    record->irp = block_memory(record->block);
    record->file = file;
    record->device = file->device;
    record->major = major;
    record->process = self->process ? self->process : process_system();
    atomic_init(&record->references, 2); /* one for the life of the IRP, one for the caller */
    pthread_mutex_init(&record->lock, NULL);
    object_init(&record->done, EVENT_NOTIFICATION, false);
    IRP *irp = record->irp;
    IO_STACK_LOCATION *stack = (IO_STACK_LOCATION *)(irp + 1);
    irp->Type = 6;
    irp->Size = sizeof(IRP) + sizeof(IO_STACK_LOCATION);
    irp->StackCount = irp->CurrentLocation = 1;
    irp->RequestorMode = 1;
    irp->Tail_Overlay_CurrentStackLocation = stack;
    irp->Tail_Overlay_Thread = self->ethread;
    irp->Tail_Overlay_OriginalFileObject = file->object;
    stack->MajorFunction = major;
    stack->DeviceObject = file->device->object;
    stack->FileObject = file->object;
    atomic_fetch_add(&file->references, 1);
    pthread_mutex_lock(&records_lock);
    record->next = records;
    records = record;
    pthread_mutex_unlock(&records_lock);
    return record;
}

void irp_release(struct irp_record *record)
{
    if (atomic_fetch_sub(&record->references, 1) > 1)
        return;
    pthread_mutex_lock(&records_lock);
    for (struct irp_record **at = &records; *at; at = &(*at)->next) {
        if (*at == record) {
            *at = record->next;
            break;
        }
    }
    pthread_mutex_unlock(&records_lock);
    if (record->memory)
        memory_release(record->memory);
    pthread_mutex_destroy(&record->lock);
    free(record);
}

static bool reference(struct irp_record *record)
{
    int seen = atomic_load(&record->references);
    while (seen > 0)
        if (atomic_compare_exchange_weak(&record->references, &seen, seen + 1))
            return true;
    return false;
}

void irp_describe(struct text *report, const struct irp_record *record)
{
    uint32_t length = record->major == IRP_MJ_READ ? record->out_length : record->in_length;
    text_add(report, "object request %llu, %s of %u bytes%s%s%s\n", (unsigned long long)record->id, major_names[record->major], length, record->marked ? ", marked pending" : "",
             record->queued ? ", in a queue" : "", record->cancelled ? ", cancelled" : "");
}

struct irp_record *irp_find(uint64_t id)
{
    pthread_mutex_lock(&records_lock);
    struct irp_record *record = records;
    while (record && (record->id != id || record->internal))
        record = record->next;
    if (record && !reference(record))
        record = NULL;
    pthread_mutex_unlock(&records_lock);
    return record;
}

void irp_attach_memory(struct irp_record *record, struct memory *memory, size_t offset, uint32_t length)
{
    record->memory = memory;
    record->memory_offset = offset;
    if (!length)
        return;
    bool writes = record->major == IRP_MJ_READ || (record->major == IRP_MJ_DEVICE_CONTROL && (record->code & 3) == 2);
    record->irp->MdlAddress = mdl_for_memory(memory, offset, length, writes);
    record->mdl = *(const MDL *)record->irp->MdlAddress;
    record->irp->UserBuffer = (void *)(memory->user + offset);
    atomic_store(&memory->request, (void *)record->irp);
}

static void returned_check(struct irp_record *record, status_t status, const void *irp)
{
    const char *name = major_names[record->major];
    pthread_mutex_lock(&record->lock);
    bool completed = record->completed, marked = completed ? record->marked : irp_stack(record->irp)->Control & PENDING_RETURNED;
    record->returned_pending = status == (status_t)STATUS_PENDING;
    record->dispatching = false;
    status_t stored = record->status;
    if (marked && settings.verifier)
        history_note("IoMarkIrpPending was done by the time of its dispatch's return", irp);
    pthread_mutex_unlock(&record->lock);
    remove_lock_dispatch_check(record, irp, completed && status != (status_t)STATUS_PENDING, remove_lock_rules[record->major] ? remove_lock_rules[record->major] : "RemoveLockRelease2");
    if (status == (status_t)STATUS_PENDING) {
        if (!marked)
            violation(!completed ? "MarkIrpPending2" : record->completed_by == self ? "PendedCompletedRequest" : "PendedCompletedRequestEx", irp, "%s returned STATUS_PENDING for a request that was not marked pending%s", name,
                      completed ? " and is completed" : "");
    } else if (marked) {
        violation("MarkIrpPending", irp, "%s marked the request pending and returned 0x%08x", name, (uint32_t)status);
        if (!completed && status >= 0)
            violation("IrpProcessingComplete", irp, "%s returned 0x%08x without completing the request", name, (uint32_t)status);
    } else if (!completed) {
        violation(status >= 0 ? "IrpProcessingComplete" : "CompleteRequest", irp, "%s returned 0x%08x without completing the request", name, (uint32_t)status);
    } else if (status != stored) {
        violation("IrpProcessingComplete", irp, "%s returned 0x%08x; the request was completed with 0x%08x", name, (uint32_t)status, (uint32_t)stored);
    }
}

status_t irp_dispatch(struct irp_record *record)
{
    IRP *irp = record->irp;
    struct irp_record *outer = self->irp;
    status_t status = 0;
    MS status_t (*dispatch)(DEVICE_OBJECT *, IRP *) = record->device->dispatch[record->major];
    record->dispatching = true;
    self->irp = record;
    if (dispatch) {
        CALL_DRIVER(major_names[record->major], self->irql, irp, status = dispatch(record->device->object, irp));
        returned_check(record, status, irp);
    } else {
        irp->IoStatus_Status = (int32_t)STATUS_INVALID_DEVICE_REQUEST;
        status = (status_t)STATUS_INVALID_DEVICE_REQUEST;
        irp_complete(irp, 0);
    }
    self->irp = outer;
    return status;
}

static uint64_t information_limit(const struct irp_record *record)
{
    switch (record->major) {
    case IRP_MJ_READ: return record->out_length;
    case IRP_MJ_WRITE: return record->in_length;
    case IRP_MJ_DEVICE_CONTROL: return record->out_length;
    case IRP_MJ_CREATE: return 5;
    default: return UINT64_MAX;
    }
}

static bool completion_allowed(IRP *irp, struct irp_record **result)
{
    struct block *block = block_find(irp);
    if (!block || block->kind != BLOCK_IRP || block->address != (uintptr_t)irp) {
        violation("CompleteRequest", irp, "IoCompleteRequest(%p): this is no request of the I/O manager", (void *)irp);
        return false;
    }
    if (!block->live) {
        violation("DoubleCompletion", irp, "the request is completed a second time");
        return false;
    }
    struct irp_record *record = *result = block->record;
    if (record->queued)
        violation("PendedCompletedRequest3", irp, "a request is completed while it is in a cancel-safe queue");
    if (irp->CancelRoutine)
        violation("CancelRoutineAtCompletion", irp, "a request is completed with its cancel routine still set");
    if (irp->IoStatus_Status == STATUS_PENDING || (uint32_t)irp->IoStatus_Status == 0xFFFFFFFF)
        violation("CompleteRequestStatusCheck", irp, "a request is completed with the status 0x%08x", (uint32_t)irp->IoStatus_Status);
    if (irp->IoStatus_Information > information_limit(record))
        violation("IrpInformation", irp, "a request is completed with Information %llu; its buffer has %llu bytes", (unsigned long long)irp->IoStatus_Information,
                  (unsigned long long)information_limit(record));
    if (irp->IoStatus_Status < 0 && irp->IoStatus_Information && record->major != IRP_MJ_DEVICE_CONTROL)
        violation("IrpInformation", irp, "a request fails with 0x%08x and Information %llu; it is 0 on failure", (uint32_t)irp->IoStatus_Status, (unsigned long long)irp->IoStatus_Information);
    if (record->memory && atomic_load(&record->memory->lent) > 0 && atomic_load(&record->memory->request) == irp)
        violation("CompletionWhileLent", irp, "the request is completed while %d NBLs that point into its pages are still with the network stack",
                  atomic_load(&record->memory->lent));
    if (irp->MdlAddress && record->mdl.Size)
        mdl_unchanged_check(irp->MdlAddress, &record->mdl, irp);
    if (settings.verifier && record->memory && irp->MdlAddress)
        mdl_check_partials(record->memory, irp);
    return true;
}

static const uint8_t *output_of(struct irp_record *record, size_t *size)
{
    bool out = record->major == IRP_MJ_READ || record->major == IRP_MJ_DEVICE_CONTROL;
    bool error = (uint32_t)record->status >> 30 == 3;
    *size = out && !error ? (record->information < record->out_length ? record->information : record->out_length) : 0;
    return record->memory ? memory_bytes(record->memory) + record->memory_offset : record->system_buffer;
}

static void done_event(struct irp_record *record, int8_t boost)
{
    struct text header = {0};
    size_t size;
    const uint8_t *output = output_of(record, &size);
    text_add(&header, " request=%llu status=0x%08x information=%llu boost=%d irql=%u", (unsigned long long)record->id, (uint32_t)record->status,
             (unsigned long long)record->information, boost, self->irql);
    event_send("request-done", &header, output, output ? size : 0);
    text_free(&header);
}

void irp_complete(IRP *irp, int8_t boost)
{
    struct irp_record *record;
    if (!completion_allowed(irp, &record))
        return;
    if (settings.verifier)
        history_note("IoCompleteRequest ends the request", irp);
    pthread_mutex_lock(&record->lock);
    record->status = irp->IoStatus_Status;
    record->information = irp->IoStatus_Information;
    record->marked = irp_stack(irp)->Control & PENDING_RETURNED;
    record->completed = true;
    record->completed_by = self;
    MDL *mdl = irp->MdlAddress;
    record->block->record = NULL;
    if (record->memory)
        atomic_store(&record->memory->request, NULL);
    while (mdl) {
        MDL *next = mdl->Next;
        mdl_end(mdl);
        mdl = next;
    }
    block_free(record->block);
    slow_end(record);
    pthread_mutex_unlock(&record->lock);
    if (record->finished)
        record->finished(record);
    else if (!record->internal)
        done_event(record, boost);
    if (record->system_buffer) {
        struct block *buffer = block_find(record->system_buffer);
        if (buffer && buffer->live)
            block_free(buffer);
    }
    struct file *file = record->file;
    if (!record->finished)
        object_signal(&record->done);
    irp_release(record);
    file_dereference(file);
}

uint8_t cancel_lock_take(void);
void cancel_lock_give(uint8_t irql);
void cancel_lock_left(const IRP *irp);
typedef MS void cancel_fn(DEVICE_OBJECT *, IRP *);

/* It is entered with the cancel lock held, and returns at the IRQL from before, with the lock released. */
static void cancel_routine_run(cancel_fn *cancel, DEVICE_OBJECT *device, IRP *irp, uint8_t before)
{
    struct frame frame;
    callback_enter(&frame, "CancelRoutine", DISPATCH, irp);
    frame.ip = frame.irql = before;
    cancel(device, irp);
    callback_exit(&frame);
    cancel_lock_left(irp);
}

/* A cancelled request is completed soon. */
static void slow_fire(struct timer *timer)
{
    struct irp_record *record = (struct irp_record *)((char *)timer - offsetof(struct irp_record, slow));
    bool lent = record->memory && atomic_load(&record->memory->lent) > 0;
    if (lent || atomic_load(&holds_standing))
        return; /* it cannot end while the stack has its pages, or the client holds up a thread */
    violation("SlowCancellation", record->irp, "a request was cancelled %d seconds ago and is not completed", CANCEL_SECONDS);
}

static void slow_watch(struct irp_record *record)
{
    kernel_lock();
    record->slow.fire = slow_fire;
    if (!record->slow.armed)
        timer_arm_locked(&record->slow, clock_ticks() + CANCEL_SECONDS * 10000000ull);
    kernel_unlock();
}

static void slow_end(struct irp_record *record)
{
    if (!record->cancelled)
        return;
    kernel_lock();
    timer_cancel_locked(&record->slow);
    kernel_unlock();
}

/* Its cancel routine, which is ours to call from here on, or NULL; `alive` tells whether there was anything to cancel. Under the
   cancel lock, so that the request cannot go between the look at the routine and the note of the IRQL. */
static void *cancel_routine_take(struct irp_record *record, uint8_t irql, bool *alive)
{
    void *routine = NULL;
    pthread_mutex_lock(&record->lock);
    *alive = !record->completed;
    if (*alive) {
        IRP *irp = record->irp;
        irp->Cancel = 1;
        irp->CancelIrql = irql;
        record->cancelled = true;
        slow_watch(record);
        routine = __atomic_exchange_n((void **)((uint8_t *)irp + CANCEL_ROUTINE_OFFSET), NULL, __ATOMIC_SEQ_CST);
    }
    pthread_mutex_unlock(&record->lock);
    return routine;
}

bool irp_cancel_record(struct irp_record *record)
{
    IRP *irp = record->irp;
    DEVICE_OBJECT *device = record->device->object;
    bool alive;
    uint8_t irql = cancel_lock_take();
    void *routine = cancel_routine_take(record, irql, &alive);
    if (routine && routine != (void *)csq_cancel) {
        cancel_routine_run(routine, device, irp, irql);
        return true;
    }
    cancel_lock_give(irql);
    if (routine)
        csq_cancel(irp);
    return alive;
}

bool irp_cancel(uint64_t id)
{
    struct irp_record *record = irp_find(id);
    bool found = record && irp_cancel_record(record);
    if (record)
        irp_release(record);
    return found;
}

/* Cancels every request of a process, or of a file object. */
void irps_cancel(struct process *process, struct file *file)
{
    struct irp_record *list[1024];
    int count = 0;
    pthread_mutex_lock(&records_lock);
    for (struct irp_record *record = records; record && count < 1024; record = record->next)
        if (!record->completed && !record->internal && (!process || record->process == process) && (!file || record->file == file) && reference(record))
            list[count++] = record;
    pthread_mutex_unlock(&records_lock);
    while (count) {
        irp_cancel_record(list[--count]);
        irp_release(list[count]);
    }
}

/* What the driver has pended and not completed. A request on its way in or out of a dispatch routine is not the driver's to wait for: the
   I/O manager keeps the device for it. */
int irps_pended(const struct device *device)
{
    int count = 0;
    pthread_mutex_lock(&records_lock);
    for (struct irp_record *record = records; record; record = record->next)
        count += record->device == device && record->returned_pending && !record->completed;
    pthread_mutex_unlock(&records_lock);
    return count;
}

/* After CLEANUP: requests of the file object that still wait in a queue. One that is being cancelled is its cancel routine's. */
void irps_cleanup_check(struct file *file)
{
    const void *left = NULL;
    pthread_mutex_lock(&records_lock);
    for (struct irp_record *record = records; record; record = record->next)
        if (record->file == file && record->queued && !record->completed && !record->cancelled)
            left = record->irp;
    pthread_mutex_unlock(&records_lock);
    if (left)
        violation("CompleteRequest", left, "a request is still queued after the CLEANUP of its file object");
}

/* While a halt waits and nothing runs: a request that is in no queue and whose pages are not lent will never complete. */
void irps_stuck_check(void)
{
    struct irp_record *stuck = NULL;
    pthread_mutex_lock(&records_lock);
    for (struct irp_record *record = records; record; record = record->next) {
        bool lent = record->memory && atomic_load(&record->memory->lent) > 0;
        if (!record->completed && !record->internal && !record->queued && !record->dispatching && !lent && !record->reported)
            stuck = record;
    }
    if (stuck)
        stuck->reported = true;
    const void *irp = stuck ? stuck->irp : NULL;
    pthread_mutex_unlock(&records_lock);
    if (irp)
        violation("CompleteRequest", irp, "a request is in no queue, lends no page and is not completed: the halt waits for it");
}

/* ---- exports ---- */

EXPORT(void, IofCompleteRequest, IRP *irp, int8_t boost)
{
    ENTER(IofCompleteRequest, irp);
    locks_free_check("IoCompleteRequest", irp);
    irp_complete(irp, boost);
}

EXPORT(void, IoCompleteRequest, IRP *irp, int8_t boost)
{
    ENTER(IoCompleteRequest, irp);
    locks_free_check("IoCompleteRequest", irp);
    irp_complete(irp, boost);
}

EXPORT(uint8_t, IoCancelIrp, IRP *irp)
{
    ENTER(IoCancelIrp, irp);
    struct block *block = block_at(irp, BLOCK_IRP);
    struct irp_record *record = block ? block->record : NULL;
    return record ? irp_cancel_record(record) : 0;
}
