/* Time for threads that spin. The virtual clock stands still while anything runs, so a loop that waits for the performance counter
   to move would never end: under the virtual clock every query and every yield takes a moment of that counter's time, and of no other. */
#include "clock.h"
#include "sched.h"
#include <sched.h>

enum { QUERY_TICKS = 10, YIELD_TICKS = 100, TICKS_PER_SECOND = 10000000 };
static _Atomic uint64_t spun;

EXPORT(int64_t, KeQueryPerformanceCounter, int64_t *frequency)
{
    ENTER(KeQueryPerformanceCounter, NULL);
    if (frequency)
        *frequency = TICKS_PER_SECOND;
    if (settings.virtual_clock)
        atomic_fetch_add_explicit(&spun, QUERY_TICKS, memory_order_relaxed);
    return (int64_t)(clock_ticks() + atomic_load_explicit(&spun, memory_order_relaxed));
}

EXPORT(status_t, ZwYieldExecution, void)
{
    ENTER(ZwYieldExecution, NULL);
    if (self->held_count)
        violation("SpinLockSafe", self->held[0].lock, "ZwYieldExecution is called while a lock is held");
    if (settings.virtual_clock)
        atomic_fetch_add_explicit(&spun, YIELD_TICKS, memory_order_relaxed);
    sched_yield_turn();
    return sched_yield() ? (status_t)STATUS_NO_YIELD_PERFORMED : STATUS_SUCCESS;
}
