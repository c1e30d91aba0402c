/* Whose turn it is. Every thread of the simulation stands still but one; it gives its turn away at points, when it waits and when it ends. */
#include "sched.h"
#include "clock.h"
#include "pe.h"
#include <signal.h>
#include <time.h>

enum { OPTIONS_MAX = 256, STREAK_MAX = 10000, STREAK_HOPELESS = 1000000 };
static const double CPU_LIMIT = 5.0; /* seconds of a thread without a point: a loop that no switch can end */
bool scheduled, every_point, every_access;
static struct task *tasks, **tasks_end = &tasks;
static struct task *current; /* whose turn it is; NULL: the channel's */
static pthread_cond_t channel_turn = PTHREAD_COND_INITIALIZER;
static const struct {
    const char *start;
    enum point point;
} points[] = {
#include "points.inc"
};
void livelock_fault(const char *text);

enum point point_of(const char *export_name)
{
    for (size_t i = 0; i < COUNT(points); i++)
        if (!strncmp(export_name, points[i].start, strlen(points[i].start)))
            return points[i].point;
    return POINT_SHARED;
}

static bool lock_free(const struct task *task)
{
    uint64_t word = task->wanted ? atomic_load(task->wanted) : 0;
    return task->shared ? !(word & 1) : !word;
}

static bool can_run(const struct task *task)
{
    return task->state == TASK_READY && lock_free(task);
}

/* Who may come next, the present one first unless it yields; NULL when nobody can run. */
static struct task *next_locked(const char *what, const void *object)
{
    struct task *options[OPTIONS_MAX], *me = current;
    unsigned count = 0;
    bool stays = me && can_run(me), preempts = stays && !me->yields;
    if (preempts)
        options[count++] = me;
    for (struct task *task = tasks; task && count < OPTIONS_MAX - 1; task = task->next)
        if (task != me && can_run(task))
            options[count++] = task;
    if (stays && !preempts && !count)
        options[count++] = me;
    if (count < 2)
        return count ? options[0] : NULL;
    return options[choosing ? choice_make(options, count, preempts, what, object) : 0];
}

static void turn_give_locked(struct task *next)
{
    current = next;
    if (!next)
        pthread_cond_signal(&channel_turn);
    else if (next->thread)
        pthread_cond_signal(&next->thread->turn);
    else
        job_start_locked(next);
}

static void turn_await_locked(struct task *task)
{
    while (current != task)
        pthread_cond_wait(&self->turn, kernel_mutex());
}

static void switch_locked(const char *what, const void *object)
{
    struct task *me = self->task, *next = next_locked(what, object);
    if (next == me)
        return;
    me->streak = 0;
    turn_give_locked(next);
    turn_await_locked(me);
}

static bool takes_part(void)
{
    return self && self->task && !self->kernel_depth && !atomic_load_explicit(&driver_dead, memory_order_relaxed);
}

/* Where in the image the innermost call came from. */
static uint64_t caller(void)
{
    return self->frame ? self->frame->ip - (uintptr_t)image.base : 0;
}

static void point_pass(const char *what, const void *object, uint64_t place)
{
    struct task *me = self->task;
    me->place = place;
    if (++me->streak > STREAK_HOPELESS)
        livelock_fault("a thread goes on for ever and no other can change that");
    kernel_lock();
    me->yields |= me->streak % STREAK_MAX == 0; /* a loop that waits for another thread must let it run */
    switch_locked(what, object);
    me->yields = false;
    kernel_unlock();
}

void sched_point(const char *what, const void *object, uint64_t place)
{
    if (takes_part())
        point_pass(what, object, place);
}

void sched_yield_turn(void)
{
    if (!takes_part())
        return;
    self->task->yields = true;
    point_pass("yield", NULL, 0);
}

void sched_lock(_Atomic uintptr_t *word, bool shared)
{
    if (!takes_part())
        return;
    self->task->wanted = word;
    self->task->shared = shared;
    point_pass("lock", (const void *)word, caller());
    self->task->wanted = NULL;
    self->task->shared = false;
    order_event("lock", (const void *)word, NULL);
}

/* What NDIS and the I/O manager keep of adapters and requests is common to all their calls. */
static const void *family(const char *name)
{
    static const char ndis, io;
    if (!strncmp(name, "NdisM", 5) || !strncmp(name, "Miniport", 8))
        return &ndis;
    return !strncmp(name, "Io", 2) || !strncmp(name, "IRP_", 4) || !strncmp(name, "Cancel", 6) ? &io : NULL;
}

void sched_export(const struct export *export, const void *object)
{
    if (!takes_part() || export->point == POINT_LOCK)
        return;
    if (export->point == POINT_SHARED || every_point)
        point_pass(export->name, object, caller());
    if (export->point == POINT_SHARED)
        order_event(export->name, object, family(export->name));
}

void sched_callback(const char *name, const void *object)
{
    if (!takes_part())
        return;
    if (every_point)
        point_pass(name, object, 0);
    order_event(name, object, family(name));
}

/* ---- tasks ---- */

void sched_submit_locked(void *job, const char *what, struct job_options options)
{
    struct task *task = calloc(1, sizeof *task);
    task->job = job;
    task->what = what;
    task->command = options.command;
    task->driver = options.driver;
    order_start(task, self ? self->task : NULL);
    choice_task(task);
    *tasks_end = task;
    tasks_end = &task->next;
}

static void task_remove_locked(struct task *task)
{
    for (struct task **at = &tasks; *at; at = &(*at)->next) {
        if (*at != task)
            continue;
        *at = task->next;
        if (!*at)
            tasks_end = at;
        return;
    }
}

void sched_begin_locked(struct task *task)
{
    task->thread = self;
    turn_await_locked(task);
    if (task->command) {
        order_event("command", NULL, family("NdisM"));
        order_event("command", NULL, family("Io"));
    }
}

void sched_end_locked(struct task *task)
{
    if (task->command) {
        order_event("command ends", NULL, family("NdisM"));
        order_event("command ends", NULL, family("Io"));
    }
    task_remove_locked(task);
    self->task = NULL;
    bool mine = current == task;
    if (mine) {
        current = NULL;
        turn_give_locked(next_locked("end", NULL));
    }
    free(task);
}

void sched_wait_locked(void)
{
    struct task *me = self->task;
    me->state = TASK_WAITING;
    me->streak = 0;
    turn_give_locked(next_locked("wait", NULL));
    turn_await_locked(me);
}

void sched_wake_locked(struct thread *thread)
{
    if (thread->task)
        thread->task->state = TASK_READY;
}

void sched_stop_locked(void)
{
    tasks = NULL; /* they stay where they stand */
    tasks_end = &tasks;
    turn_give_locked(NULL);
}

int sched_queued_locked(void)
{
    int count = 0;
    for (struct task *task = tasks; task; task = task->next)
        count += task->driver && !task->thread;
    return count;
}

/* ---- the channel's part ---- */

static double cpu_seconds(pthread_t thread)
{
    clockid_t clock;
    struct timespec used = {0};
    if (!pthread_getcpuclockid(thread, &clock))
        clock_gettime(clock, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* Until all gave their turn away. A thread that computes for seconds without passing a point is stopped where it is. */
static void turn_back_locked(void)
{
    struct task *watched = NULL;
    uint64_t streak = 0;
    double used = 0;
    while (current) {
        struct timespec at;
        clock_gettime(CLOCK_REALTIME, &at);
        at.tv_sec++;
        if (pthread_cond_timedwait(&channel_turn, kernel_mutex(), &at) != ETIMEDOUT || !current || !current->thread)
            continue;
        double now = cpu_seconds(current->thread->handle);
        if (watched != current || streak != current->streak) {
            watched = current, streak = current->streak, used = now;
        } else if (now - used > CPU_LIMIT) {
            pthread_kill(current->thread->handle, SIGUSR2);
            used = now;
        }
    }
}

/* A ready task wants a lock that is never released: its thread reports that. */
static bool deadlock_locked(void)
{
    for (struct task *task = tasks; task; task = task->next) {
        if (task->state == TASK_READY && !lock_free(task)) {
            task->wanted = NULL;
            task->yields = false;
            turn_give_locked(task);
            return true;
        }
    }
    return false;
}

static bool somebody_can_locked(void)
{
    for (struct task *task = tasks; task; task = task->next)
        if (can_run(task))
            return true;
    return false;
}

void sched_drain_locked(void)
{
    for (;;) {
        struct task *next = next_locked("rest", NULL);
        if (next)
            turn_give_locked(next);
        else if (!deadlock_locked() && !clock_help_locked()) {
            rest_check_locked();
            if (!somebody_can_locked())
                break;
        }
        turn_back_locked();
    }
}

void sched_drain(void)
{
    kernel_lock();
    sched_drain_locked();
    kernel_unlock();
}
