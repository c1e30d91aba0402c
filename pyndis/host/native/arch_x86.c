/* x86: registers, call stacks, the processor block behind FS, the compiler's 64-bit arithmetic. */
#if defined(__i386__)
#include "machine.h"
#include <asm/ldt.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { KPCR_SELF = 0x1C, KPCR_CURRENT_THREAD = 0x124, PAGE_FAULT_WRITE = 2, CALL_BYTES = 7 };
static const int machine_order[REGISTERS] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI};

void registers_read(const ucontext_t *context, struct registers *r)
{
    for (int i = 0; i < REGISTERS; i++)
        r->r[i] = (uintptr_t)context->uc_mcontext.gregs[machine_order[i]];
    r->ip = (uintptr_t)context->uc_mcontext.gregs[REG_EIP];
    r->sp = r->r[STACK_POINTER];
}

void registers_write(ucontext_t *context, const struct registers *r)
{
    for (int i = 0; i < REGISTERS; i++)
        context->uc_mcontext.gregs[machine_order[i]] = (int)r->r[i];
    context->uc_mcontext.gregs[REG_EIP] = (int)r->ip;
}

bool access_is_write(const ucontext_t *context)
{
    return (context->uc_mcontext.gregs[REG_ERR] & PAGE_FAULT_WRITE) != 0;
}

bool instruction_emulated(ucontext_t *context)
{
    (void)context;
    return false; /* IRQL and locks are functions of the hardware layer here */
}

const void *registers_wide(const ucontext_t *context)
{
    (void)context;
    return NULL;
}

enum trap trap_at(const struct registers *r, uint32_t *code)
{
    (void)r;
    *code = 0;
    return TRAP_NONE;
}

void registers_describe(struct text *report, const struct registers *r)
{
    static const char *const names[REGISTERS] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
    text_add(report, "register eip=0x%zx", (size_t)r->ip);
    for (int i = 0; i < REGISTERS; i++)
        text_add(report, " %s=0x%zx", names[i], (size_t)r->r[i]);
    text_add(report, "\n");
}

/* FS points to the processor block: no exception handler, the block itself, the current thread. */
void processor_block_start(struct thread *thread)
{
    uint8_t *block = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct user_desc segment = {.entry_number = -1u, .base_addr = (uintptr_t)block, .limit = 0xFFFFF, .seg_32bit = 1, .limit_in_pages = 1, .useable = 1};
    thread->kpcr = block;
    thread->ethread = block + PAGE;
    memset(block, 0xFF, sizeof(void *));
    memcpy(block + KPCR_SELF, &thread->kpcr, sizeof thread->kpcr);
    memcpy(block + KPCR_CURRENT_THREAD, &thread->ethread, sizeof thread->ethread);
    if (!syscall(SYS_set_thread_area, &segment))
        __asm__ volatile("movw %w0, %%fs" : : "r"(segment.entry_number * 8 + 3));
}

/* ---- call stacks: along the frame pointers; code without them is searched for return addresses ---- */

static bool stack_word(uintptr_t at, uintptr_t *value)
{
    if (at % sizeof at || !self || at >= self->stack_top || self->stack_top - at > THREAD_STACK)
        return false;
    memcpy(value, (const void *)at, sizeof *value);
    return true;
}

/* Whether a call stands before this address of the image: direct, or through a register or memory. */
static bool after_call(uintptr_t address)
{
    const uint8_t *code = (const uint8_t *)address;
    if (!image_contains(address) || !image_contains(address - CALL_BYTES))
        return false;
    for (int length = 2; length <= CALL_BYTES; length++) {
        unsigned mode = code[1 - length];
        if ((length == 5 && code[-5] == 0xE8) || (code[-length] == 0xFF && (mode & 0x38) == 0x10))
            return true;
    }
    return false;
}

/* Along the frame pointer; `ends` when it leads out of the image, to the host's own frames. */
static bool step_by_frame(struct registers *r, bool *ends)
{
    uintptr_t frame = r->r[FRAME_POINTER], outer, address;
    if (frame < r->sp || !stack_word(frame, &outer) || !stack_word(frame + sizeof outer, &address))
        return false;
    *ends = !image_contains(address);
    if (!after_call(address))
        return false;
    r->r[FRAME_POINTER] = outer;
    r->ip = address;
    r->sp = frame + 2 * sizeof outer;
    return true;
}

/* At most as far as the callback that entered the driver: beyond it are the host's own frames. */
static bool step_by_search(struct registers *r)
{
    const struct frame *callback = self->frame;
    uintptr_t address;
    while (callback && !(callback->callback && callback->sp > r->sp))
        callback = callback->outer;
    for (uintptr_t at = r->sp; callback && at < callback->sp && stack_word(at, &address); at += sizeof at) {
        if (!after_call(address))
            continue;
        r->ip = address;
        r->sp = at + sizeof at;
        return true;
    }
    return false;
}

const struct runtime_function *unwind_function(uintptr_t address)
{
    (void)address;
    return NULL; /* images of this machine have no table of functions */
}

bool unwind_step(struct registers *r)
{
    bool ends = false;
    return step_by_frame(r, &ends) || (!ends && step_by_search(r));
}

/* ---- 64-bit arithmetic ---- */

EXPORT(int64_t, _alldiv, int64_t a, int64_t b)
{
    ENTER(_alldiv, NULL);
    return a / b;
}

EXPORT(int64_t, _allrem, int64_t a, int64_t b)
{
    ENTER(_allrem, NULL);
    return a % b;
}

EXPORT(int64_t, _allmul, int64_t a, int64_t b)
{
    ENTER(_allmul, NULL);
    return a * b;
}

EXPORT(uint64_t, _aulldiv, uint64_t a, uint64_t b)
{
    ENTER(_aulldiv, NULL);
    return a / b;
}

EXPORT(uint64_t, _aullrem, uint64_t a, uint64_t b)
{
    ENTER(_aullrem, NULL);
    return a % b;
}
#endif
