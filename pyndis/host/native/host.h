/* What every part of the native host shares: threads, the crossing between driver and kernel, violations, the kernel lock. */
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLEANUP(f) __attribute__((cleanup(f)))
#define PRINTF(a, b) __attribute__((format(printf, a, b)))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#include "arch.h"

typedef int32_t status_t;
enum { PASSIVE = 0, APC = 1, DISPATCH = 2, HIGH = 15, PAGE = 4096 };
enum { THREAD_STACK = 512 * 1024, HELD_MAX = 24, STACK_MAX = 10, COUNTS_MAX = 768, CPUS_MAX = 8 * sizeof(uintptr_t) };

struct header {
    uint8_t type, revision;
    uint16_t size;
};

/* ---- text.c: strings that grow, in the protocol's encoding ---- */
struct text {
    char *bytes;
    size_t length, capacity;
};
void text_raw(struct text *text, const void *bytes, size_t length);
void text_add(struct text *text, const char *format, ...) PRINTF(2, 3);
void text_value(struct text *text, const char *key, const char *value);
void text_free(struct text *text);
char *utf8_from_utf16(const uint16_t *units, size_t count);
size_t utf16_from_utf8(const char *bytes, uint16_t *units, size_t capacity);

/* ---- wire.c: frames and commands ---- */
struct pair {
    char *key, *value;
};
struct command {
    uint64_t id;
    char *word;
    struct pair pairs[24];
    int pair_count;
    uint8_t *payload;
    size_t payload_size;
    int fds[4], fd_count;
    atomic_int replied, references; /* whoever runs it, and whoever answers for it after a fault */
    struct adapter *adapter; /* kept from halting while the command runs */
    bool serialised;         /* it is the adapter's one PnP operation */
    bool waits;              /* its `waiting` event is sent */
    struct command *next;
};
typedef void command_fn(struct command *command);
/* INLINE: on the channel's thread; _SCHEDULED: in a deterministic schedule. UNCOUNTED: does not keep others from coming to rest. */
enum { NEEDS_DRIVER = 1, ALWAYS = 2, INLINE = 4, INLINE_SCHEDULED = 8, UNCOUNTED = 16 };
struct command_entry {
    const char *word;
    command_fn *run;
    int flags;
};
#define COMMAND(word_, name_, flags_)                                                                                                  \
    static void name_(struct command *command);                                                                                        \
    static const struct command_entry entry_##name_ = {word_, name_, flags_};                                                          \
    static const struct command_entry *const listed_##name_ __attribute__((section("host_commands"), used, retain)) = &entry_##name_;          \
    static void name_(struct command *command)
void wire_loop(int fd);
void event_send(const char *name, const struct text *header, const void *payload, size_t size);
void reply_ok(struct command *command, const struct text *keys, const void *payload, size_t size);
void reply_format(struct command *command, const char *format, ...) PRINTF(2, 3);
void reply_error(struct command *command, const char *code, const char *format, ...) PRINTF(3, 4);
void reply_all_faulted(void);
const char *argument(struct command *command, const char *key);
uint64_t argument_number(struct command *command, const char *key, uint64_t otherwise);
bool argument_list(struct command *command, const char *key, uint64_t *values, size_t capacity, size_t *count);

/* ---- threads.c ---- */
struct process;
struct frame { /* one crossing between driver and host, innermost first */
    struct frame *outer;
    const char *name;
    bool callback; /* true: host to driver */
    uint8_t irql;
    int held, apc_off, guarded, attach_depth, resources_held;
    uintptr_t sp, ip, bp;
    const void *object;
    uintptr_t deepest; /* of a callback: the lowest stack pointer of the driver below it */
};
struct held {
    const void *lock;
    uint8_t kind, old_irql;
    uintptr_t caller;
};
struct thread {
    uint8_t irql;
    uint32_t id, cpu;
    uintptr_t affinity; /* as the driver set it last */
    struct frame *frame;
    struct held held[HELD_MAX];
    int held_count, apc_off, guarded, attach_depth, resources_held, kernel_depth;
    const void *sleeping[HELD_MAX]; /* mutexes and resources that it has */
    int sleeping_count;
    uint8_t raised[HELD_MAX]; /* the IRQLs that KeRaiseIrql has saved */
    int raised_count;
    uint64_t command, advanced;
    bool in_oid;
    struct process *process, *attached;
    uint32_t counts[COUNTS_MAX], failed[COUNTS_MAX];
    struct thread *next;
    void *kpcr, *ethread;
    uintptr_t stack_top;
    const char *what;
    struct waiter *waiter;
    struct irp_record *irp; /* innermost IRP being dispatched */
    void *thread_exit;      /* of a system thread: where PsTerminateSystemThread goes */
    struct task *task; /* in a deterministic schedule: what it does */
    struct thread *next_idle;
    void *signal_stack; /* as long as the thread: which is for good */
    pthread_t handle;
    pthread_cond_t turn;
    struct breakpoint *stepped; /* atomics.c: the instruction that it executes alone */
    uint64_t epoch; /* pauses that had returned when the driver was last entered from outside */
};
extern _Atomic uint64_t pause_epoch;
extern __thread struct thread *self;
typedef void job_fn(void *argument);
struct job_options {
    uint8_t irql;
    uint64_t command;
    struct process *process;
    bool uncounted, driver; /* driver: a callback of it that may not outlive Unload */
};
void submit(const char *what, job_fn *run, void *argument, struct job_options options);
void threads_start(void);
/* arch_*.c. What drivers reach through a segment: the processor block and the current thread. */
void processor_block_start(struct thread *thread);
struct thread *threads_first(void);
void kernel_lock(void);
void kernel_unlock(void);
void busy_change_locked(int by);
long busy_count(void);
/* Callbacks and threads of the driver that are queued, or running on other threads. */
int driver_activity(void);
_Noreturn void park(void);
pthread_mutex_t *kernel_mutex(void);
extern pthread_cond_t kernel_changed; /* broadcast when busy reaches zero or a thread starts to sleep */
extern atomic_bool driver_dead;

/* ---- kernel.c: entry and exit of exports and callbacks ---- */
struct export {
    const char *name;
    void *function;
    bool can_fail, data;
    uint8_t min_irql, max_irql;
    uint16_t index;
    uint8_t point; /* enum point of sched.h */
};
#define EXPORT_ROW(name_, can_fail_)                                                                                                   \
    static struct export export_##name_ = {#name_, nt_##name_, can_fail_, false, 0, 15, 0, 0};                                            \
    static struct export *const listed_##name_ __attribute__((section("host_exports"), used, retain)) = &export_##name_;
#define EXPORT(ret, name_, ...)                                                                                                        \
    static CONVENTION(name_) ret nt_##name_(__VA_ARGS__);                                                                                             \
    EXPORT_ROW(name_, false)                                                                                                           \
    static CONVENTION(name_) ret nt_##name_(__VA_ARGS__)
#define EXPORT_F(ret, name_, ...)                                                                                                      \
    static CONVENTION(name_) ret nt_##name_(__VA_ARGS__);                                                                                             \
    EXPORT_ROW(name_, true)                                                                                                            \
    static CONVENTION(name_) ret nt_##name_(__VA_ARGS__)
/* An export from which an exception may come: its gate keeps the registers that the driver expects kept, for an __except block. */
#if defined(__x86_64__)
struct kept_registers { /* as the gate lays them out */
    uintptr_t general[8], sp, unused;
    uint8_t xmm[10][16];
};
extern __thread struct kept_registers kept_registers;
#define EXPORT_GATED(ret, name_, can_fail_, ...)                                                                                       \
    MS ret nt_##name_(__VA_ARGS__);                                                                                                    \
    void gate_##name_(void);                                                                                                           \
    __asm__(".pushsection .text\n.globl gate_" #name_ "\n.type gate_" #name_ ",@function\ngate_" #name_ ":\n\t"                          \
            "lea nt_" #name_ "(%rip), %rax\n\tjmp gate_keeping_registers\n.popsection");                                              \
    static struct export export_##name_ = {#name_, gate_##name_, can_fail_, false, 0, 15, 0, 0};                                       \
    static struct export *const listed_##name_ __attribute__((section("host_exports"), used, retain)) = &export_##name_;               \
    __attribute__((used)) MS ret nt_##name_(__VA_ARGS__)
#else
/* No image that this host builds for has handlers: what raises here ends the run. */
#define EXPORT_GATED(ret, name_, can_fail_, ...)                                                                                       \
    static CONVENTION(name_) ret nt_##name_(__VA_ARGS__);                                                                              \
    EXPORT_ROW(name_, can_fail_)                                                                                                       \
    static CONVENTION(name_) ret nt_##name_(__VA_ARGS__)
#endif
#define EXPORT_RAISES(ret, name_, ...) EXPORT_GATED(ret, name_, true, __VA_ARGS__)
#define EXPORT_DATA(name_, object_)                                                                                                    \
    static struct export export_##name_ = {#name_, object_, false, true, 0, 15, 0, 0};                                                    \
    static struct export *const listed_##name_ __attribute__((section("host_exports"), used, retain)) = &export_##name_;
#define ENTER(name_, object_)                                                                                                          \
    struct frame frame_ CLEANUP(kernel_exit);                                                                                          \
    frame_.sp = ENTRY_STACK();                                                                                                         \
    kernel_entry(&export_##name_, &frame_, (uintptr_t *)__builtin_frame_address(0), object_)
#define ENTER_FAILS(name_, object_, allocates_)                                                                                        \
    ENTER(name_, object_);                                                                                                             \
    bool fail_ = faults_armed && fault_due(&export_##name_, allocates_)
void kernel_entry(struct export *export, struct frame *frame, uintptr_t *base, const void *object);
void kernel_exit(struct frame *frame);
extern bool faults_armed;
bool fault_due(struct export *export, bool allocates);
void exports_start(void);
struct export *export_find(const char *name);
const char *export_name(unsigned index);
unsigned export_count(void);
void callback_enter(struct frame *frame, const char *name, uint8_t irql, const void *object);
void callback_exit(struct frame *frame);
#define CALL_DRIVER(name_, irql_, object_, expression_)                                                                                \
    do {                                                                                                                               \
        struct frame callback_;                                                                                                        \
        callback_enter(&callback_, name_, irql_, object_);                                                                             \
        expression_;                                                                                                                   \
        callback_exit(&callback_);                                                                                                     \
    } while (0)
void history_note(const char *what, const void *object);
void history_write(struct text *report, const void *object);
void irql_set(uint8_t irql);

/* ---- violations.c ---- */
void violation(const char *rule, const void *object, const char *format, ...) PRINTF(3, 4);
void note(const char *rule, const void *object, const char *format, ...) PRINTF(3, 4);
/* While it is set, reports show this as the place where what is wrong now began: STACK_MAX return addresses, or fewer and a zero. */
extern __thread const uintptr_t *report_first_frames;
void registers_describe(struct text *report, const struct registers *registers); /* arch_*.c */
void fault_report(const char *kind, uintptr_t address, const char *extra, const char *text, const struct registers *registers);
unsigned violation_count(void);
unsigned capture_stack(uintptr_t *frames, unsigned capacity);
void frames_write(struct text *report, const uintptr_t *frames, unsigned count);

/* ---- settings ---- */
struct settings {
    bool guard, underrun, measure_stack, virtual_clock, verifier, auto_advance;
    int cpus;
    unsigned ndis_major, ndis_minor, os_major, os_minor, os_build, stack_limit;
};
extern struct settings settings;
static inline unsigned ndis_version(void)
{
    return settings.ndis_major << 8 | settings.ndis_minor;
}
