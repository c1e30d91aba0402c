/* Stack use of each entry point of the driver: the deepest stack pointer at any of its calls into the kernel, which is always noted; and,
   when it is to be measured, what the functions touch that call nothing: the stack below the driver is painted whenever it gets to run,
   and looked at whenever it calls or returns. What the host itself uses is painted over again. Such a function counts where it goes
   deeper than BAND bytes below the driver's last call, which is where the host's own frames lie. */
#include "stack.h"

enum { ENTRIES = 64, BELOW_LIMIT = 8192, BAND = 512, RESERVE = 64 * 1024 };
static const uint64_t PAINT = 0x5AFE57AC5AFE57ACull;
struct use {
    const char *name;
    size_t bytes;
    uint64_t calls;
};
static struct use uses[ENTRIES];
static size_t use_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t *lowest(const struct frame *callback)
{
    uintptr_t wanted = callback->sp - settings.stack_limit - BELOW_LIMIT, end = self->stack_top - THREAD_STACK + RESERVE;
    return (uint64_t *)((wanted > end ? wanted : end) & ~(uintptr_t)7);
}

/* Not instrumented: it writes below its own frame. */
__attribute__((noinline, no_sanitize("address", "undefined"))) static void paint(const struct frame *callback)
{
    volatile uint64_t *end = (uint64_t *)(((uintptr_t)__builtin_frame_address(0) - BAND) & ~(uintptr_t)7);
    for (volatile uint64_t *at = lowest(callback); at < end; at++)
        *at = PAINT;
}

__attribute__((noinline, no_sanitize("address", "undefined"))) static void look(struct frame *callback)
{
    const volatile uint64_t *end = (uint64_t *)(((uintptr_t)__builtin_frame_address(0) - BAND) & ~(uintptr_t)7), *at = lowest(callback);
    while (at < end && *at == PAINT)
        at++;
    if (at < end && (uintptr_t)at < callback->deepest)
        callback->deepest = (uintptr_t)at;
}

void stack_entered(struct frame *callback)
{
    callback->deepest = callback->sp;
    if (settings.measure_stack)
        paint(callback);
}

void stack_called(struct frame *callback, uintptr_t sp)
{
    if (sp < callback->deepest)
        callback->deepest = sp;
    if (settings.measure_stack)
        look(callback);
}

void stack_resumed(const struct frame *callback)
{
    if (settings.measure_stack)
        paint(callback);
}

static void note_use(const char *name, size_t bytes)
{
    pthread_mutex_lock(&lock);
    size_t at = 0;
    while (at < use_count && strcmp(uses[at].name, name))
        at++;
    if (at == use_count && use_count < ENTRIES)
        uses[use_count++] = (struct use){name, 0, 0};
    if (at < use_count) {
        uses[at].calls++;
        if (bytes > uses[at].bytes)
            uses[at].bytes = bytes;
    }
    pthread_mutex_unlock(&lock);
}

void stack_left(struct frame *callback)
{
    if (settings.measure_stack)
        look(callback);
    size_t bytes = callback->sp - callback->deepest;
    if (settings.measure_stack && bytes > settings.stack_limit)
        violation("StackUse", callback->object, "%s has used %zu bytes of stack; the limit is %u", callback->name, bytes, settings.stack_limit);
    if (settings.verifier)
        note_use(callback->name, bytes);
}

COMMAND("stack-use", command_stack_use, ALWAYS)
{
    struct text lines = {0};
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < use_count; i++)
        text_add(&lines, "%s %zu %llu\n", uses[i].name, uses[i].bytes, (unsigned long long)uses[i].calls);
    pthread_mutex_unlock(&lock);
    reply_ok(command, NULL, lines.bytes, lines.length);
    text_free(&lines);
}
