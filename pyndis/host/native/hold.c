/* The driver's threads can be stopped as they enter an export, so that a test decides what happens meanwhile. */
#include "hold.h"
#include "clock.h"

struct hold {
    const struct export *export;
    uint32_t nth, seen;
    bool reached;
    DISPATCHER_HEADER released;
    struct hold *next;
};
static struct hold *holds; /* under the kernel lock; they live as long as the session, since a thread may stand in one */
bool holds_armed;
atomic_int holds_standing;

void hold_point(const struct export *export)
{
    struct hold *here = NULL;
    kernel_lock();
    for (struct hold *hold = holds; hold; hold = hold->next) {
        if (hold->export != export || ++hold->seen != hold->nth)
            continue;
        hold->reached = true;
        here = hold;
    }
    kernel_unlock();
    if (!here)
        return;
    atomic_fetch_add(&holds_standing, 1);
    wait_for(&here->released, "the client holds this call");
    atomic_fetch_sub(&holds_standing, 1);
}

static struct hold *hold_of(struct command *command)
{
    const char *name = argument(command, "name");
    kernel_lock();
    struct hold *hold = holds;
    while (hold && (!name || strcmp(hold->export->name, name)))
        hold = hold->next;
    kernel_unlock();
    if (!hold)
        reply_error(command, "usage", "%s is not held", name ? name : "(no name)");
    return hold;
}

COMMAND("hold", command_hold, ALWAYS)
{
    const char *name = argument(command, "name");
    struct export *export = name ? export_find(name) : NULL;
    if (!export || export->data) {
        reply_error(command, "usage", "%s is not a function of the host", name ? name : "(no name)");
        return;
    }
    struct hold *hold = calloc(1, sizeof *hold);
    hold->export = export;
    hold->nth = (uint32_t)argument_number(command, "nth", 1);
    object_init(&hold->released, EVENT_NOTIFICATION, false);
    kernel_lock();
    hold->next = holds;
    holds = hold;
    holds_armed = true;
    kernel_unlock();
}

COMMAND("hold-state", command_hold_state, ALWAYS)
{
    struct hold *hold = hold_of(command);
    if (hold)
        reply_format(command, "reached=%d", hold->reached);
}

COMMAND("release", command_release, ALWAYS)
{
    struct hold *hold = hold_of(command);
    if (hold)
        object_signal(&hold->released);
}
