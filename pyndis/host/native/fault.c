/* Faults in driver code: reported with registers and stack, then the simulated system stands still, as after a bug check. */
#include "machine.h"
#include "seh.h"
#include "hostile.h"
#include "step.h"
#include "atomics.h"
#include "paged.h"
#include <signal.h>
#include <sys/mman.h>


/* Ends the driver's life: one fault is reported, every open command answered, every thread stops at its next crossing. */
static _Noreturn void die(const char *kind, uintptr_t address, const char *extra, const char *text, const struct registers *registers)
{
    if (!atomic_exchange(&driver_dead, true)) {
        fault_report(kind, address, extra, text, registers);
        reply_all_faulted();
    }
    park();
}

void deadlock_fault(const void *lock, const char *text)
{
    die("deadlock", (uintptr_t)lock, NULL, text, NULL);
}

void livelock_fault(const char *text)
{
    die("livelock", 0, NULL, text, NULL);
}

/* From the scheduler: this thread has computed for long without passing a point. In a kernel call it will pass one. */
static void on_livelock(int signal, siginfo_t *info, void *raw)
{
    struct registers r;
    (void)signal, (void)info;
    registers_read(raw, &r);
    if (self && image_contains(r.ip))
        die("livelock", r.ip, NULL, "a loop without a kernel call does not end, and no other thread can end it", &r);
}

void bugcheck(uint32_t code, const uintptr_t *parameters, const char *text)
{
    char extra[160], whole[320];
    snprintf(extra, sizeof extra, "code=0x%x parameters=0x%zx,0x%zx,0x%zx,0x%zx", code, (size_t)parameters[0], (size_t)parameters[1], (size_t)parameters[2], (size_t)parameters[3]);
    snprintf(whole, sizeof whole, "%s: bug check 0x%x (0x%zx, 0x%zx, 0x%zx, 0x%zx)", text, code, (size_t)parameters[0], (size_t)parameters[1], (size_t)parameters[2], (size_t)parameters[3]);
    die("bugcheck", 0, extra, whole, NULL);
}

/* A write to the pages of a write request is a broken rule, not the end: the page becomes writable and the run goes on. */
static bool invariant_mdl(struct block *block, uintptr_t address, bool write)
{
    if (!block || !block->live || block->kind != BLOCK_MAPPING || !block->read_only || !write)
        return false;
    violation("InvariantMdl", (void *)address, "the driver writes into the buffer of a write request");
    mprotect(block_memory(block), block->size, PROT_READ | PROT_WRITE);
    block->read_only = false;
    return true;
}

/* So is a touch of a completed request: it is reported, and the memory comes back as it was so that what follows shows too. */
static bool completed_request(struct block *block, uintptr_t address, const struct registers *r)
{
    if (!block || block->live || block->kind != BLOCK_IRP || address < block->address || address >= block->address + block->size)
        return false;
    struct frame *frame = self->frame, here = {.outer = frame, .name = "access", .ip = r->ip, .sp = r->sp, .bp = r->r[FRAME_POINTER]};
    self->frame = &here;
    violation("UseAfterCompletion", (void *)block->address, "the driver touches a request at offset %zu after it was completed", (size_t)(address - block->address));
    self->frame = frame;
    mprotect((void *)(block->address & ~(uintptr_t)(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE);
    return true;
}

static const char *access_text(struct block *block, uintptr_t address, char *buffer, size_t size, const char **rule)
{
    *rule = NULL;
    if (block && !block->live) {
        *rule = block->kind == BLOCK_IRP ? "UseAfterCompletion" : block->kind == BLOCK_DEVICE ? "DeleteDevice" : "UseAfterFree";
        snprintf(buffer, size, "a %s of %zu bytes that %s released is used at offset %ld", block_kind_names[block->kind], block->size, block->freed_by ? block->freed_by : "the host",
                 (long)(address - block->address));
    } else if (block) {
        *rule = address < block->address ? "PoolUnderrun" : "PoolOverrun";
        snprintf(buffer, size, "an access at offset %ld of a %s of %zu bytes", (long)(address - block->address), block_kind_names[block->kind], block->size);
    } else if (address < 0x10000) {
        snprintf(buffer, size, "a null pointer (0x%zx) is dereferenced", (size_t)address);
    } else if (user_address(address)) {
        *rule = "UserMemoryAccess";
        snprintf(buffer, size, "the user address 0x%zx is dereferenced", (size_t)address);
    } else {
        snprintf(buffer, size, "an access to 0x%zx, where nothing is mapped", (size_t)address);
    }
    return buffer;
}

/* The block that an address in a guard page was meant for: in one page's reach, and on the side that the pool guards. */
static struct block *block_near(uintptr_t address)
{
    struct block *block = block_find((void *)address), *before = block_find((void *)(address - PAGE)), *after = block_find((void *)(address + PAGE));
    if (block)
        return block;
    struct block *first = settings.underrun ? after : before, *second = settings.underrun ? before : after;
    return first && first->live ? first : second && second->live ? second : first ? first : second;
}

static bool overflow(uintptr_t address, const struct registers *r)
{
    return address - (r->sp - 64 * 1024) < 128 * 1024 && !block_find((void *)address);
}

/* A kernel's page fault reaches handlers only for addresses of user mode, and below DISPATCH_LEVEL. */
static bool catchable(int signal, uintptr_t address)
{
    if (signal == SIGFPE || signal == SIGILL)
        return true;
    return signal == SIGSEGV && self->irql < DISPATCH && (user_address(address) || address < 0x10000);
}

static uint32_t exception_of(int signal)
{
    return signal == SIGFPE ? STATUS_INTEGER_DIVIDE_BY_ZERO : signal == SIGILL ? STATUS_ILLEGAL_INSTRUCTION : STATUS_ACCESS_VIOLATION;
}

/* The software interrupts of fast fails and assertions, which no handler sees. */
static void trap_check(const struct registers *r, bool in_driver)
{
    uint32_t code;
    char text[80];
    enum trap trap = in_driver ? trap_at(r, &code) : TRAP_NONE;
    if (trap == TRAP_NONE)
        return;
    snprintf(text, sizeof text, "the driver found a corruption and failed fast (code %u)", code);
    die(trap == TRAP_FAIL_FAST ? "illegal" : "assert", r->ip, NULL, trap == TRAP_FAIL_FAST ? text : "an assertion failed", r);
}

static void on_fault(int signal, siginfo_t *info, void *raw)
{
    ucontext_t *context = raw;
    struct registers r;
    registers_read(context, &r);
    bool breakpoint = signal == SIGTRAP && atomics_trap(raw);
    uintptr_t address = signal == SIGSEGV || signal == SIGBUS ? (uintptr_t)info->si_addr : r.ip;
    char text[256];
    const char *rule = NULL;
    bool in_driver = image_contains(r.ip);
    if (signal == SIGTRAP && (step_end(context) || breakpoint))
        return;
    if (!self || (!self->frame && !in_driver)) {
        fprintf(stderr, "ndis-host: internal fault %d at 0x%zx (address 0x%zx)\n", signal, (size_t)r.ip, (size_t)address);
        _exit(70);
    }
    bool write = access_is_write(context);
    if (signal == SIGSEGV && paged_armed && paged_fault(address, write, &r))
        return;
    if (signal == SIGSEGV && in_driver && instruction_emulated(context))
        return;
    struct block *block = signal == SIGSEGV ? block_near(address) : NULL;
    if (signal == SIGSEGV && hostile_access(block_find((void *)address), address, write, &r, context))
        return;
    if (signal == SIGSEGV && (invariant_mdl(block, address, write) || completed_request(block, address, &r)))
        return;
    trap_check(&r, in_driver);
    if (catchable(signal, address))
        seh_fault(&(struct fault){exception_of(signal), write, address, registers_wide(context)}, &r, in_driver);
    bool known_write = block && block->live && block->read_only;
    if (signal == SIGSEGV && overflow(address, &r))
        die("stack", address, NULL, "the kernel stack overflowed", &r);
    if (signal == SIGFPE)
        die("divide", address, NULL, "an integer division by zero or with overflow", &r);
    if (signal == SIGILL)
        die("illegal", address, NULL, "an illegal instruction, as assertions and fast fails execute", &r);
    if (signal == SIGTRAP)
        die("assert", address, NULL, "a breakpoint or debug assertion", &r);
    access_text(block, address, text, sizeof text, &rule);
    if (known_write)
        rule = "InvariantMdl";
    struct frame *frame = self->frame, here = {.outer = frame, .name = "fault", .ip = r.ip, .sp = r.sp, .bp = r.r[FRAME_POINTER]};
    if (in_driver)
        self->frame = &here;
    if (rule)
        violation(rule, (void *)address, "%s", text);
    self->frame = frame;
    die("access", address, NULL, text, &r);
}

void fault_start(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    for (size_t i = 0; i < COUNT(signals); i++)
        sigaction(signals[i], &action, NULL);
    action.sa_sigaction = on_livelock;
    sigaction(SIGUSR2, &action, NULL);
}

EXPORT(void, KeBugCheckEx, uint32_t code, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d)
{
    ENTER(KeBugCheckEx, NULL);
    bugcheck(code, (uintptr_t[]){a, b, c, d}, "the driver stopped the system");
}

EXPORT(void, KeBugCheck, uint32_t code)
{
    ENTER(KeBugCheck, NULL);
    bugcheck(code, (uintptr_t[]){0, 0, 0, 0}, "the driver stopped the system");
}

EXPORT(void, RtlAssert, const char *expression, const char *file, uint32_t line, const char *message)
{
    ENTER(RtlAssert, NULL);
    (void)message;
    char text[300];
    snprintf(text, sizeof text, "assertion failed: %s, %s:%u", expression, file, line);
    die("assert", 0, NULL, text, NULL);
}

EXPORT(void, DbgBreakPoint, void)
{
    ENTER(DbgBreakPoint, NULL);
    violation("DebugBreakUsage", NULL, "DbgBreakPoint is called");
}
