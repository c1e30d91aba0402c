/* The crossing between driver and kernel: every export enters and leaves here, every callback too. It is the one place
   for counting, IRQL checks, history and injected failures, and the seam of a deterministic scheduler. */
#include "hold.h"
#include "pe.h"
#include "locks.h"
#include "sched.h"
#include "paged.h"
#include "stack.h"

struct irql_row {
    const char *name;
    uint8_t min, max;
};
static const struct irql_row irql_rows[] = {
#include "irql.inc"
};
extern struct export *const __start_host_exports[], *const __stop_host_exports[];

struct history_entry {
    uint64_t ticks;
    const char *what;
    const void *object;
    uintptr_t caller;
    uint32_t thread;
    uint8_t irql;
};
enum { HISTORY = 1 << 14, SHOWN = 24 };
static struct history_entry history[HISTORY];
static atomic_uint history_next;
static const char *names[COUNTS_MAX];
static unsigned exports;

struct fault_plan {
    struct export *export; /* NULL: any that allocates */
    uint32_t nth, count, seen;
    struct fault_plan *next;
};
static struct fault_plan *plans;
bool faults_armed;
_Atomic uint64_t pause_epoch;

static int by_name(const void *key, const void *row)
{
    return strcmp(key, ((const struct irql_row *)row)->name);
}

void exports_start(void)
{
    for (struct export *const *at = __start_host_exports; at < __stop_host_exports; at++) {
        const struct irql_row *row = bsearch((*at)->name, irql_rows, COUNT(irql_rows), sizeof *irql_rows, by_name);
        if (row) {
            (*at)->min_irql = row->min;
            (*at)->max_irql = row->max;
        }
        if (exports >= COUNTS_MAX)
            abort();
        (*at)->point = (uint8_t)point_of((*at)->name);
        (*at)->index = (uint16_t)exports;
        names[exports++] = (*at)->name;
    }
}

struct export *export_find(const char *name)
{
    for (struct export *const *at = __start_host_exports; at < __stop_host_exports; at++)
        if (!strcmp((*at)->name, name))
            return *at;
    return NULL;
}

const char *export_name(unsigned index)
{
    return index < exports ? names[index] : NULL;
}

unsigned export_count(void)
{
    return exports;
}

uint64_t clock_ticks(void);

void history_note(const char *what, const void *object)
{
    unsigned at = atomic_fetch_add_explicit(&history_next, 1, memory_order_relaxed) % HISTORY;
    uintptr_t caller = self->frame ? self->frame->ip : 0;
    history[at] = (struct history_entry){clock_ticks(), what, object, caller, self->id, self->irql};
}

void history_write(struct text *report, const void *object)
{
    const struct history_entry *latest[SHOWN];
    unsigned end = atomic_load(&history_next), begin = end > HISTORY ? end - HISTORY : 0, found = 0;
    if (!object)
        return;
    for (unsigned at = end; at-- > begin && found < SHOWN;) {
        const struct history_entry *entry = &history[at % HISTORY];
        if (entry->object == object && entry->what)
            latest[found++] = entry;
    }
    while (found--) {
        const struct history_entry *entry = latest[found];
        text_add(report, "history %.7f thread %u irql %u %s", (double)entry->ticks / 1e7, entry->thread, entry->irql, entry->what);
        if (image_contains(entry->caller))
            text_add(report, " at %s+0x%zx", image.name, (size_t)(entry->caller - (uintptr_t)image.base));
        text_add(report, "\n");
    }
}

static const char *irql_rule_of(const struct export *export)
{
    extern const char *irql_rule(const char *name);
    const char *named = irql_rule(export->name);
    return named ? named : !strncmp(export->name, "Ndis", 4) ? "Irql_Miniport_Driver_Function" : "IrqlDispatch";
}

static void irql_violation(struct export *export, const void *object)
{
    violation(irql_rule_of(export), object, "%s was called at IRQL %u; it may be called at %u to %u", export->name, self->irql, export->min_irql,
              export->max_irql);
}

void kernel_entry(struct export *export, struct frame *frame, uintptr_t *base, const void *object)
{
    struct thread *thread = self;
    frame->outer = thread->frame;
    frame->name = export->name;
    frame->callback = false;
    frame->object = object;
    frame->bp = base[0];
    frame->ip = base[1];
    thread->frame = frame;
    if (frame->outer && frame->outer->callback)
        stack_called(frame->outer, frame->sp);
    thread->counts[export->index]++;
    if (__builtin_expect(scheduled, 0))
        sched_export(export, object);
    if (__builtin_expect(atomic_load_explicit(&driver_dead, memory_order_relaxed), 0))
        park();
    if (settings.verifier)
        history_note(export->name, object);
    if (__builtin_expect(thread->irql < export->min_irql || thread->irql > export->max_irql, 0))
        irql_violation(export, object);
    if (frame->outer && frame->outer->callback && __builtin_expect((intptr_t)(frame->outer->sp - frame->sp) > (intptr_t)settings.stack_limit, 0)) {
        violation("StackUse", object, "%s has used %zu bytes of stack when it calls %s; the limit is %u", frame->outer->name,
                  (size_t)(frame->outer->sp - frame->sp), export->name, settings.stack_limit);
    }
    if (__builtin_expect(holds_armed, 0))
        hold_point(export);
}

void kernel_exit(struct frame *frame)
{
    self->frame = frame->outer;
    if (__builtin_expect(paged_armed, 0))
        paged_crossing();
    if (frame->outer && frame->outer->callback)
        stack_resumed(frame->outer);
    if (__builtin_expect(atomic_load_explicit(&driver_dead, memory_order_relaxed), 0))
        park();
}

void irql_set(uint8_t irql)
{
    self->irql = irql;
}

void callback_enter(struct frame *frame, const char *name, uint8_t irql, const void *object)
{
    struct thread *thread = self;
    if (atomic_load(&driver_dead))
        park();
    frame->outer = thread->frame;
    frame->name = name;
    frame->callback = true;
    frame->object = object;
    frame->irql = thread->irql; /* what to go back to */
    frame->held = thread->held_count;
    frame->apc_off = thread->apc_off;
    frame->guarded = thread->guarded;
    frame->attach_depth = thread->attach_depth;
    frame->resources_held = thread->resources_held;
    frame->sp = (uintptr_t)__builtin_frame_address(0);
    frame->ip = irql; /* what the callback was entered at */
    frame->bp = 0;
    thread->irql = irql;
    thread->frame = frame;
    if (__builtin_expect(scheduled, 0))
        sched_callback(name, object);
    if (!frame->outer)
        thread->epoch = atomic_load(&pause_epoch);
    if (settings.verifier)
        history_note(name, object);
    if (__builtin_expect(paged_armed, 0))
        paged_crossing();
    stack_entered(frame);
}

void resources_return_check(const char *callback);

static bool lock_callback(const char *name)
{
    return !strcmp(name, "CsqAcquireLock") || !strcmp(name, "CsqReleaseLock");
}

static bool dispatch_callback(const char *name)
{
    return !strncmp(name, "IRP_MJ_", 7);
}

void callback_exit(struct frame *frame)
{
    struct thread *thread = self;
    if (atomic_load_explicit(&driver_dead, memory_order_relaxed))
        park();
    stack_left(frame);
    if (!lock_callback(frame->name)) {
        if (thread->held_count > frame->held) {
            const struct held *held = &thread->held[thread->held_count - 1];
            violation(strcmp(frame->name, "DpcRoutine") ? lock_rule((enum lock_kind)held->kind) : "SpinLockDpc", held->lock, "%s returned with the lock %p held", frame->name, held->lock);
            thread->held_count = frame->held;
        }
        uint8_t wanted = strcmp(frame->name, "CancelRoutine") ? (uint8_t)frame->ip : frame->irql; /* it has released the cancel lock */
        if (thread->irql != wanted)
            violation(dispatch_callback(frame->name) ? "IrqlReturn" : "CallbackIrql", frame->object,
                      "%s was entered at IRQL %u and returned at IRQL %u", frame->name, (unsigned)frame->ip, thread->irql);
        if (thread->guarded != frame->guarded)
            violation("GuardedRegions", frame->object, "%s returned with %d guarded regions more than it was entered with", frame->name, thread->guarded - frame->guarded);
        else if (thread->apc_off != frame->apc_off)
            violation("CriticalRegions", frame->object, "%s returned with %d critical regions more than it was entered with", frame->name,
                      thread->apc_off - frame->apc_off);
        if (thread->attach_depth != frame->attach_depth)
            violation("ProcessAttach", frame->object, "%s returned attached to another process", frame->name);
        if (thread->resources_held > frame->resources_held)
            resources_return_check(frame->name);
        thread->irql = frame->irql;
        thread->apc_off = frame->apc_off;
        thread->guarded = frame->guarded;
        thread->resources_held = frame->resources_held;
    }
    thread->frame = frame->outer;
    if (!frame->outer)
        thread->raised_count = 0;
}

bool fault_due(struct export *export, bool allocates)
{
    bool due = false;
    kernel_lock();
    for (struct fault_plan *plan = plans; plan; plan = plan->next) {
        if (plan->export ? plan->export != export : !allocates)
            continue;
        plan->seen++;
        due |= plan->seen >= plan->nth && plan->seen < plan->nth + plan->count;
    }
    kernel_unlock();
    if (due)
        self->failed[export->index]++;
    return due;
}

static void plan_set(struct export *export, uint32_t nth, uint32_t count)
{
    kernel_lock();
    for (struct fault_plan **at = &plans; *at;) {
        struct fault_plan *plan = *at;
        if (plan->export != export) {
            at = &plan->next;
            continue;
        }
        *at = plan->next;
        free(plan);
    }
    if (nth) {
        struct fault_plan *plan = malloc(sizeof *plan);
        *plan = (struct fault_plan){export, nth, count, 0, plans};
        plans = plan;
    }
    faults_armed = plans != NULL;
    kernel_unlock();
}

COMMAND("fail", command_fail, ALWAYS)
{
    const char *name = argument(command, "name");
    struct export *export = name ? export_find(name) : NULL;
    if (!export || !export->can_fail) {
        reply_error(command, "usage", export ? "%s cannot fail" : "%s is not an export of the host", name ? name : "(no name)");
        return;
    }
    plan_set(export, (uint32_t)argument_number(command, "nth", 1), (uint32_t)argument_number(command, "count", 1));
}

COMMAND("fail-allocation", command_fail_allocation, ALWAYS)
{
    plan_set(NULL, (uint32_t)argument_number(command, "nth", 1), (uint32_t)argument_number(command, "count", 1));
}

COMMAND("calls", command_calls, ALWAYS)
{
    struct text lines = {0};
    bool reset = argument_number(command, "reset", 0);
    kernel_lock();
    for (unsigned i = 0; i < exports; i++) {
        uint64_t calls = 0, failed = 0;
        for (struct thread *thread = threads_first(); thread; thread = thread->next) {
            calls += thread->counts[i];
            failed += thread->failed[i];
            if (reset)
                thread->counts[i] = thread->failed[i] = 0;
        }
        if (calls)
            text_add(&lines, "%s %llu %llu\n", names[i], (unsigned long long)calls, (unsigned long long)failed);
    }
    kernel_unlock();
    reply_ok(command, NULL, lines.bytes, lines.length);
    text_free(&lines);
}

COMMAND("exports", command_exports, ALWAYS)
{
    struct text lines = {0};
    for (struct export *const *at = __start_host_exports; at < __stop_host_exports; at++)
        text_add(&lines, "%s %u %u %d %s\n", (*at)->name, (*at)->min_irql, (*at)->max_irql, (*at)->can_fail, irql_rule_of(*at));
    reply_ok(command, NULL, lines.bytes, lines.length);
    text_free(&lines);
}
