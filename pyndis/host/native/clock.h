/* Time, timers and waits. Functions named _locked want the kernel lock held. */
#pragma once
#include "host.h"

struct timer {
    struct timer *next;
    uint64_t due, period; /* 100 ns */
    bool armed, hosts; /* hosts: the host watches something with it */
    void (*fire)(struct timer *timer); /* under the kernel lock */
};
struct waiter {
    struct waiter *next, *next_sleeper;
    struct thread *thread;
    pthread_cond_t woken_up;
    DISPATCHER_HEADER *objects[64];
    int count;
    bool all, woken, timed;
    status_t result;
    uint64_t due;
    const char *call;
};
uint64_t clock_ticks(void);
uint64_t clock_system(void);
uint64_t clock_due(int64_t due);
void clock_start(void);
void timer_arm_locked(struct timer *timer, uint64_t due);
bool timer_cancel_locked(struct timer *timer);
void sleeper_add_locked(struct waiter *waiter);
void sleeper_remove_locked(struct waiter *waiter);

/* wait.c */
enum object_type { EVENT_NOTIFICATION = 0, EVENT_SYNCHRONIZATION = 1, OBJECT_MUTANT = 2, OBJECT_SEMAPHORE = 5, OBJECT_THREAD = 6, TIMER_NOTIFICATION = 8, TIMER_SYNCHRONIZATION = 9 };
void object_init(DISPATCHER_HEADER *object, enum object_type type, bool signaled);
void object_signal(DISPATCHER_HEADER *object);
void object_signal_locked(DISPATCHER_HEADER *object);
void object_reset(DISPATCHER_HEADER *object);
/* Waits; `due` NULL: for ever. Returns STATUS_SUCCESS + index, or STATUS_TIMEOUT. */
status_t object_wait(DISPATCHER_HEADER **objects, int count, bool all, const int64_t *due, const char *call);
void wait_for(DISPATCHER_HEADER *object, const char *call);
void waiter_wake_locked(struct waiter *waiter, status_t result);
void waiter_describe(struct text *lines, struct thread *thread);
void submit_locked(const char *what, job_fn *run, void *argument, struct job_options options);
