/* Deterministic schedules: one thread of the simulation runs at a time, and hands on its turn at defined points.
   Functions named _locked want the kernel lock held. */
#pragma once
#include "host.h"

enum point { /* what an export is for the scheduler */
    POINT_LOCAL,  /* touches nothing that other threads order themselves by */
    POINT_LOCK,   /* a lock is taken: lock_acquire is the point */
    POINT_UNLOCK, /* a lock is released: noted there; a switch before it shows nothing new */
    POINT_SHARED, /* a switch can come before it */
};
enum task_state { TASK_READY, TASK_WAITING };
struct task { /* a job from its submission to its end */
    struct task *next; /* in order of creation */
    struct thread *thread; /* once it has begun */
    void *job;
    const char *what;
    uint64_t command;
    enum task_state state;
    bool driver, yields;
    _Atomic uintptr_t *wanted; /* the lock it is about to take */
    bool shared;
    uint64_t name, children, allocations, events, last; /* happens-before: who it is, and its latest event */
    uint64_t place; /* where in the driver the event will come from that it is about to make, and what it has read for it */
    uint64_t streak; /* points passed in a row */
    uint32_t priority;
};
extern bool scheduled;
extern bool every_access; /* … and at each access of the driver to memory that others could reach */
extern bool every_point; /* a switch can come at every export and callback, not only at shared ones */
bool schedule_set(const char *text);
/* A switch can come here; what this thread does next, from that place, concerns the object. */
void sched_point(const char *what, const void *object, uint64_t place);
/* This thread's turn goes to another, if there is one that can run. */
void sched_yield_turn(void);
/* Returns when this thread has its turn and the lock is free. */
void sched_lock(_Atomic uintptr_t *word, bool shared);
void sched_export(const struct export *export, const void *object);
void sched_callback(const char *name, const void *object);
enum point point_of(const char *export_name);
void sched_submit_locked(void *job, const char *what, struct job_options options);
/* The thread's task waits for an object: gives the turn away, and returns with it once the task is woken. */
void sched_wait_locked(void);
void sched_wake_locked(struct thread *thread);
void sched_begin_locked(struct task *task);
void sched_end_locked(struct task *task);
/* The driver has faulted: none of its threads runs again. */
void sched_stop_locked(void);
int sched_queued_locked(void);
/* On the channel's thread: runs until nothing can go on. */
void sched_drain(void);
void sched_drain_locked(void);

/* threads.c */
void job_start_locked(struct task *task);
/* clock.c: moves the clock for a thread that sleeps; false when none may. */
bool clock_help_locked(void);
/* Nothing runs: what will never end by itself is reported, and ended where that lets the rest go on. */
void rest_check_locked(void);

/* sched_choice.c: which of `count` comes next; 0 is the one that goes on without a switch. */
unsigned choice_make(struct task *const *options, unsigned count, bool preempts, const char *what, const void *object);
void choice_task(struct task *task);
extern bool choosing; /* inside `together`, or always with a seed */

/* sched_order.c: hashes of the happens-before relation so far */
void order_note(const char *what, const void *object, const void *second);
/* This task reads the object: two reads in a row may be in any order. */
void order_read(const void *object);
void order_start(struct task *task, struct task *parent);
uint64_t order_identity(void);
void order_reset(void);
uint64_t order_hash(void);
static inline void order_event(const char *what, const void *object, const void *second)
{
    if (__builtin_expect(choosing, 0))
        order_note(what, object, second);
}
static inline uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t x = (a ^ (b + 0x9E3779B97F4A7C15ull + (a << 6) + (a >> 2))) * 0xBF58476D1CE4E5B9ull;
    return (x ^ x >> 31) * 0x94D049BB133111EBull;
}
