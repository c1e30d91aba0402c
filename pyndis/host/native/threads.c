/* Host threads, the kernel lock, and the count of what is running: the ground of `settle`. */
#include "sched.h"
#include <signal.h>

enum { SIGNAL_STACK = 64 * 1024 };

struct job {
    struct job *next;
    const char *what;
    job_fn *run;
    void *argument;
    struct job_options options;
};

__thread struct thread *self;
pthread_cond_t kernel_changed = PTHREAD_COND_INITIALIZER;
atomic_bool driver_dead;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t job_ready = PTHREAD_COND_INITIALIZER;
static struct job *first_job, **last_job = &first_job;
static struct thread *threads;
static long busy;
static int idle, jobs_waiting;
static uint32_t next_id;

void kernel_lock(void)
{
    pthread_mutex_lock(&lock);
    if (self)
        self->kernel_depth++;
}

void kernel_unlock(void)
{
    if (self)
        self->kernel_depth--;
    pthread_mutex_unlock(&lock);
}

pthread_mutex_t *kernel_mutex(void)
{
    return &lock;
}

void busy_change_locked(int by)
{
    busy += by;
    if (busy == 0)
        pthread_cond_broadcast(&kernel_changed);
}

long busy_count(void)
{
    return busy;
}

int driver_activity(void)
{
    int count = 0;
    kernel_lock();
    for (struct job *job = first_job; job; job = job->next)
        count += job->options.driver;
    count += sched_queued_locked();
    for (struct thread *thread = threads; thread; thread = thread->next)
        count += thread != self && thread->frame;
    kernel_unlock();
    return count;
}

struct thread *threads_first(void)
{
    return threads;
}

/* Ends this thread's part in the simulation for good: the driver has faulted. Whatever it held stays as it is. */
_Noreturn void park(void)
{
    if (!self->kernel_depth)
        kernel_lock();
    busy_change_locked(-1);
    self->kernel_depth = 0;
    if (self->task)
        sched_stop_locked();
    pthread_mutex_unlock(&lock);
    for (;;)
        pause();
}

static void self_start(void)
{
    self = calloc(1, sizeof *self);
    self->stack_top = (uintptr_t)__builtin_frame_address(0);
    processor_block_start(self);
    self->signal_stack = malloc(SIGNAL_STACK);
    stack_t stack = {.ss_sp = self->signal_stack, .ss_size = SIGNAL_STACK};
    sigaltstack(&stack, NULL);
    self->handle = pthread_self();
    pthread_cond_init(&self->turn, NULL);
    kernel_lock();
    self->id = ++next_id;
    self->cpu = self->id % (uint32_t)settings.cpus;
    self->next = threads;
    threads = self;
    kernel_unlock();
}

/* Without the lock. The job's memory goes. */
static void job_run(struct job *job)
{
    self->irql = job->options.irql;
    self->command = job->options.command;
    self->process = job->options.process;
    self->what = job->what;
    self->advanced = 0;
    job->run(job->argument);
    kernel_lock();
    self->command = 0;
    self->irql = PASSIVE;
    if (!job->options.uncounted)
        busy_change_locked(-1);
    kernel_unlock();
    free(job);
}

static void *thread_main(void *unused)
{
    (void)unused;
    self_start();
    kernel_lock();
    for (;;) {
        while (!first_job) {
            idle++;
            pthread_cond_wait(&job_ready, &lock);
            idle--;
        }
        struct job *job = first_job;
        first_job = job->next;
        if (!first_job)
            last_job = &first_job;
        jobs_waiting--;
        kernel_unlock();
        job_run(job);
        kernel_lock();
    }
    return NULL;
}

static void thread_new(void *(*body)(void *), void *argument)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, body, argument))
        abort();
    pthread_attr_destroy(&attributes);
}

/* ---- in a deterministic schedule: a thread is given its task when that has its first turn ---- */

static struct thread *idle_threads; /* the latest first, so that the same schedule takes the same threads */

static void *task_main(void *argument)
{
    self_start();
    self->task = argument;
    for (;;) {
        kernel_lock();
        while (!self->task)
            pthread_cond_wait(&self->turn, &lock);
        struct task *task = self->task;
        sched_begin_locked(task);
        kernel_unlock();
        job_run(task->job);
        kernel_lock();
        self->next_idle = idle_threads;
        idle_threads = self;
        sched_end_locked(task);
        kernel_unlock();
    }
    return NULL;
}

void job_start_locked(struct task *task)
{
    struct thread *thread = idle_threads;
    if (!thread) {
        thread_new(task_main, task);
        return;
    }
    idle_threads = thread->next_idle;
    thread->task = task;
    pthread_cond_signal(&thread->turn);
}

void submit_locked(const char *what, job_fn *run, void *argument, struct job_options options)
{
    struct job *job = malloc(sizeof *job);
    *job = (struct job){NULL, what, run, argument, options};
    if (__builtin_expect(scheduled, 0)) {
        if (!options.uncounted)
            busy_change_locked(1);
        sched_submit_locked(job, what, options);
        return;
    }
    *last_job = job;
    last_job = &job->next;
    jobs_waiting++;
    if (!options.uncounted)
        busy_change_locked(1);
    if (idle >= jobs_waiting) {
        pthread_cond_signal(&job_ready);
        return;
    }
    thread_new(thread_main, NULL);
}

void submit(const char *what, job_fn *run, void *argument, struct job_options options)
{
    kernel_lock();
    submit_locked(what, run, argument, options);
    kernel_unlock();
}

void threads_start(void)
{
    settings.cpus = settings.cpus ? settings.cpus : 2;
}
