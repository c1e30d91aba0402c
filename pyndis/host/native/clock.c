/* Virtual and real time: timers, sleeps, advance, and settling. All state is under the kernel lock. */
#include "clock.h"
#include "hold.h"
#include "sched.h"
#include <time.h>

enum { TICKS_PER_SECOND = 10000000 };
static const uint64_t AUTO_LIMIT = 120ull * TICKS_PER_SECOND;
static const uint64_t EPOCH = 132539328000000000ull; /* 2021-01-01 in 100 ns since 1601: where virtual time starts */
static _Atomic uint64_t virtual_now;
static uint64_t real_start;
static struct timer *timers; /* by due time */
static struct waiter *sleepers; /* waits with a time-out, unordered */
static bool advancing;
static int advances; /* commands under way, which may yet let something run */
atomic_int halts_running; /* MiniportHaltEx calls not yet returned */
atomic_int drains_waiting; /* halts that wait for other commands on their adapter */
void irps_stuck_check(void);
void oids_stuck_check_locked(void);

static uint64_t monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * TICKS_PER_SECOND + (uint64_t)now.tv_nsec / 100;
}

uint64_t clock_ticks(void)
{
    return settings.virtual_clock ? atomic_load_explicit(&virtual_now, memory_order_relaxed) : monotonic() - real_start;
}

uint64_t clock_system(void)
{
    return EPOCH + clock_ticks();
}

/* A Windows due time (negative: relative, otherwise absolute system time) on our scale. */
uint64_t clock_due(int64_t due)
{
    if (due <= 0)
        return clock_ticks() + (uint64_t)-due;
    return (uint64_t)due > EPOCH ? (uint64_t)due - EPOCH : 0;
}

void timer_arm_locked(struct timer *timer, uint64_t due)
{
    struct timer **at = &timers;
    while (*at && (*at)->due <= due)
        at = &(*at)->next;
    timer->due = due;
    timer->next = *at;
    timer->armed = true;
    *at = timer;
    if (!settings.virtual_clock)
        pthread_cond_broadcast(&kernel_changed);
}

bool timer_cancel_locked(struct timer *timer)
{
    if (!timer->armed)
        return false;
    for (struct timer **at = &timers; *at; at = &(*at)->next) {
        if (*at == timer) {
            *at = timer->next;
            break;
        }
    }
    timer->armed = false;
    return true;
}

void sleeper_add_locked(struct waiter *waiter)
{
    waiter->next_sleeper = sleepers;
    sleepers = waiter;
    pthread_cond_broadcast(&kernel_changed);
}

void sleeper_remove_locked(struct waiter *waiter)
{
    for (struct waiter **at = &sleepers; *at; at = &(*at)->next_sleeper) {
        if (*at == waiter) {
            *at = waiter->next_sleeper;
            return;
        }
    }
}

static uint64_t earliest_locked(void)
{
    uint64_t due = timers ? timers->due : UINT64_MAX;
    for (struct waiter *waiter = sleepers; waiter; waiter = waiter->next_sleeper)
        if (waiter->due < due)
            due = waiter->due;
    return due;
}

static bool driver_timer_armed_locked(void)
{
    const struct timer *timer = timers;
    while (timer && timer->hosts)
        timer = timer->next;
    return timer != NULL;
}

/* Fires what is due at `now`, each timer once. */
static void fire_locked(uint64_t now)
{
    while (timers && timers->due <= now) {
        struct timer *timer = timers;
        timers = timer->next;
        timer->armed = false;
        if (timer->period)
            timer_arm_locked(timer, timer->due + timer->period);
        timer->fire(timer);
    }
    for (struct waiter **at = &sleepers; *at;) {
        struct waiter *waiter = *at;
        if (waiter->due > now) {
            at = &waiter->next_sleeper;
            continue;
        }
        *at = waiter->next_sleeper;
        waiter_wake_locked(waiter, (status_t)STATUS_TIMEOUT);
    }
}

/* The sleep that may move the clock by itself: of a command's own thread, within its allowance. */
static struct waiter *auto_sleeper_locked(void)
{
    struct waiter *best = NULL;
    if (!settings.auto_advance || !settings.virtual_clock || advancing)
        return NULL;
    for (struct waiter *waiter = sleepers; waiter; waiter = waiter->next_sleeper) {
        uint64_t step = waiter->due > clock_ticks() ? waiter->due - clock_ticks() : 0;
        bool allowed = waiter->thread->command && waiter->thread->advanced + step <= AUTO_LIMIT;
        if (allowed && (!best || waiter->due < best->due))
            best = waiter;
    }
    return best;
}

static void advanced_event(uint64_t ticks, const char *reason)
{
    struct text header = {0};
    text_add(&header, " ticks=%llu", (unsigned long long)ticks);
    text_value(&header, "reason", reason);
    event_send("advanced", &header, NULL, 0);
    text_free(&header);
}

static void auto_advance_locked(struct waiter *waiter)
{
    uint64_t target = waiter->due, now = clock_ticks(), due = earliest_locked();
    if (due < target)
        target = due;
    if (target > now) {
        waiter->thread->advanced += target - now;
        advanced_event(target - now, waiter->call);
        atomic_store(&virtual_now, target);
    }
    fire_locked(clock_ticks());
}

bool clock_help_locked(void)
{
    struct waiter *waiter = auto_sleeper_locked();
    if (waiter)
        auto_advance_locked(waiter);
    return waiter != NULL;
}

void rest_check_locked(void)
{
    if (atomic_load(&holds_standing))
        return;
    if (atomic_load(&halts_running))
        irps_stuck_check();
    if (atomic_load(&drains_waiting) && !driver_timer_armed_locked())
        oids_stuck_check_locked();
}

static void *clock_main(void *unused)
{
    (void)unused;
    kernel_lock();
    for (;;) {
        struct waiter *waiter;
        if (!settings.virtual_clock) {
            fire_locked(clock_ticks());
            uint64_t due = earliest_locked();
            if (due == UINT64_MAX) {
                pthread_cond_wait(&kernel_changed, kernel_mutex());
                continue;
            }
            struct timespec at;
            clock_gettime(CLOCK_REALTIME, &at);
            uint64_t wait = due > clock_ticks() ? due - clock_ticks() : 1;
            uint64_t nanoseconds = (uint64_t)at.tv_nsec + wait * 100;
            at.tv_sec += (time_t)(nanoseconds / 1000000000), at.tv_nsec = (long)(nanoseconds % 1000000000);
            pthread_cond_timedwait(&kernel_changed, kernel_mutex(), &at);
        } else if (busy_count() == 0 && (waiter = auto_sleeper_locked())) {
            auto_advance_locked(waiter);
        } else {
            if (busy_count() == 0)
                rest_check_locked();
            pthread_cond_wait(&kernel_changed, kernel_mutex());
        }
    }
    return NULL;
}

void clock_start(void)
{
    pthread_t thread;
    real_start = monotonic();
    if (scheduled)
        return; /* the channel's thread sees to it */
    pthread_create(&thread, NULL, clock_main, NULL);
}

/* True when nothing runs and nothing can start to run by itself. Gives up after `seconds` of real time. An advance lets
   everything settle between two of its steps; for anybody else that is not over before the advance is. */
static bool settle_locked(double seconds, bool steps)
{
    struct timespec end;
    if (scheduled) {
        sched_drain_locked();
        return true;
    }
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += (time_t)seconds;
    while (busy_count() != 0 || auto_sleeper_locked() || (advances && !steps)) {
        if (pthread_cond_timedwait(&kernel_changed, kernel_mutex(), &end) == ETIMEDOUT)
            return busy_count() == 0 && (steps || !advances);
    }
    return true;
}

static void settled_reply(struct command *command, bool settled)
{
    struct text header = {0}, lines = {0};
    kernel_lock();
    text_add(&header, " settled=%d now=%llu", settled, (unsigned long long)clock_ticks());
    for (struct thread *thread = threads_first(); thread; thread = thread->next)
        if (thread->waiter)
            waiter_describe(&lines, thread);
    kernel_unlock();
    reply_ok(command, &header, lines.bytes, lines.length);
    text_free(&header);
    text_free(&lines);
}

COMMAND("settle", command_settle, ALWAYS | INLINE_SCHEDULED | UNCOUNTED)
{
    double seconds = (double)argument_number(command, "timeout", 10);
    kernel_lock();
    bool settled = settle_locked(seconds, false);
    kernel_unlock();
    settled_reply(command, settled);
}

/* It counted as running from when it was asked for; what moves the clock does not keep others from rest. */
static void advance_counts_locked(int by)
{
    advances += by;
    if (!scheduled)
        busy_change_locked(-by);
}

static uint64_t ticks_asked(struct command *command)
{
    const char *seconds = argument(command, "seconds");
    return seconds ? (uint64_t)(strtod(seconds, NULL) * TICKS_PER_SECOND + 0.5) : argument_number(command, "ticks", 0);
}

COMMAND("advance", command_advance, ALWAYS | INLINE_SCHEDULED)
{
    double seconds = (double)argument_number(command, "timeout", 10);
    if (!settings.virtual_clock) {
        reply_error(command, "state", "the clock is real: it moves by itself");
        return;
    }
    kernel_lock();
    advance_counts_locked(1);
    bool settled = settle_locked(seconds, true);
    uint64_t target = clock_ticks() + ticks_asked(command);
    advancing = true;
    while (settled) {
        uint64_t due = earliest_locked();
        if (due > target)
            break;
        if (due > clock_ticks())
            atomic_store(&virtual_now, due);
        fire_locked(clock_ticks());
        settled = settle_locked(seconds, true);
    }
    if (clock_ticks() < target)
        atomic_store(&virtual_now, target);
    advancing = false;
    settled = settled && settle_locked(seconds, true);
    advance_counts_locked(-1);
    kernel_unlock();
    settled_reply(command, settled);
}
