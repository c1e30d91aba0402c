/* Host threads, the kernel lock, and the count of what is running: the ground of `settle`. */
#include "host.h"
#include <asm/prctl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { SIGNAL_STACK = 64 * 1024, KPCR_CURRENT_THREAD = 0x188, KPCR_SELF = 0x18 };

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
    pthread_mutex_unlock(&lock);
    for (;;)
        pause();
}

/* What drivers reach through the GS segment: the processor block's self and current-thread fields. */
static void segment_start(struct thread *thread)
{
    uint8_t *block = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    thread->kpcr = block;
    thread->ethread = block + PAGE;
    memcpy(block + KPCR_SELF, &thread->kpcr, 8);
    memcpy(block + KPCR_CURRENT_THREAD, &thread->ethread, 8);
    syscall(SYS_arch_prctl, ARCH_SET_GS, block);
}

static void self_start(void)
{
    self = calloc(1, sizeof *self);
    self->stack_top = (uintptr_t)__builtin_frame_address(0);
    segment_start(self);
    stack_t stack = {.ss_sp = malloc(SIGNAL_STACK), .ss_size = SIGNAL_STACK};
    sigaltstack(&stack, NULL);
    kernel_lock();
    self->id = ++next_id;
    self->cpu = self->id % (uint32_t)settings.cpus;
    self->next = threads;
    threads = self;
    kernel_unlock();
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
        free(job);
    }
    return NULL;
}

void submit_locked(const char *what, job_fn *run, void *argument, struct job_options options)
{
    struct job *job = malloc(sizeof *job);
    *job = (struct job){NULL, what, run, argument, options};
    *last_job = job;
    last_job = &job->next;
    jobs_waiting++;
    if (!options.uncounted)
        busy_change_locked(1);
    if (idle >= jobs_waiting) {
        pthread_cond_signal(&job_ready);
        return;
    }
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, thread_main, NULL))
        abort();
    pthread_attr_destroy(&attributes);
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
