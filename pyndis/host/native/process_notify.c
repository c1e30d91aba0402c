/* Routines that the driver has called when processes start and end. */
#include "io.h"

enum { ROUTINES = 64 }; /* the system's own limit */
typedef MS void process_routine(void *parent, void *process, uint8_t create);
struct slot {
    process_routine *routine;
    int running;
    bool leaving;
    DISPATCHER_HEADER idle;
};
static struct slot slots[ROUTINES];

static struct slot *slot_of_locked(process_routine *routine)
{
    for (int i = 0; i < ROUTINES; i++)
        if (slots[i].routine == routine && !slots[i].leaving)
            return &slots[i];
    return NULL;
}

static status_t routine_add(process_routine *routine)
{
    status_t status = (status_t)STATUS_INVALID_PARAMETER;
    kernel_lock();
    struct slot *slot = slot_of_locked(routine) ? NULL : slot_of_locked(NULL);
    if (slot) {
        object_init(&slot->idle, EVENT_NOTIFICATION, false);
        slot->routine = routine;
        status = STATUS_SUCCESS;
    }
    kernel_unlock();
    return status;
}

/* Returns when no call of the routine runs any more. */
static status_t routine_remove(process_routine *routine)
{
    kernel_lock();
    struct slot *slot = slot_of_locked(routine);
    bool running = slot && slot->running;
    if (slot)
        slot->leaving = true;
    kernel_unlock();
    if (!slot)
        return (status_t)STATUS_PROCEDURE_NOT_FOUND;
    if (running)
        wait_for(&slot->idle, "PsSetCreateProcessNotifyRoutine");
    kernel_lock();
    slot->routine = NULL;
    slot->leaving = false;
    kernel_unlock();
    return STATUS_SUCCESS;
}

static void slot_call(struct slot *slot, struct process *process, bool create)
{
    kernel_lock();
    process_routine *routine = slot->leaving ? NULL : slot->routine;
    slot->running += routine != NULL;
    kernel_unlock();
    if (!routine)
        return;
    CALL_DRIVER("CreateProcessNotifyRoutine", PASSIVE, block_memory(process->block), routine((void *)SYSTEM_PID, (void *)process->pid, create));
    kernel_lock();
    if (--slot->running == 0)
        object_signal_locked(&slot->idle);
    kernel_unlock();
}

/* The driver is told in a critical region, at PASSIVE_LEVEL; of an exit in the process that ends, of a start in its parent. */
void process_notify(struct process *process, bool create)
{
    self->apc_off++;
    for (int i = 0; i < ROUTINES; i++)
        slot_call(&slots[i], process, create);
    self->apc_off--;
}

void process_routines_leak_check(void)
{
    for (int i = 0; i < ROUTINES; i++) {
        if (slots[i].routine)
            violation("NotificationLeak", (void *)slots[i].routine, "a process notification routine is still registered at unload");
        slots[i].routine = NULL;
    }
}

EXPORT_F(status_t, PsSetCreateProcessNotifyRoutine, process_routine *routine, uint8_t remove)
{
    ENTER_FAILS(PsSetCreateProcessNotifyRoutine, (void *)routine, false);
    if (remove)
        return routine_remove(routine);
    return fail_ ? (status_t)STATUS_INVALID_PARAMETER : routine_add(routine);
}
