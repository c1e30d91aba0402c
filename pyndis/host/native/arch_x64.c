/* x86-64: registers, the instructions of the kernel that inlined code has, the processor block behind GS. */
#if defined(__x86_64__)
#include "machine.h"
#include "paged.h"
#include <asm/prctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { KPCR_SELF = 0x18, KPCR_CURRENT_THREAD = 0x188, PAGE_FAULT_WRITE = 2 };
static const int machine_order[REGISTERS] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

void registers_read(const ucontext_t *context, struct registers *r)
{
    for (int i = 0; i < REGISTERS; i++)
        r->r[i] = (uintptr_t)context->uc_mcontext.gregs[machine_order[i]];
    r->ip = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    r->sp = r->r[STACK_POINTER];
}

void registers_write(ucontext_t *context, const struct registers *r)
{
    for (int i = 0; i < REGISTERS; i++)
        context->uc_mcontext.gregs[machine_order[i]] = (long long)r->r[i];
    context->uc_mcontext.gregs[REG_RIP] = (long long)r->ip;
}

bool access_is_write(const ucontext_t *context)
{
    return (context->uc_mcontext.gregs[REG_ERR] & PAGE_FAULT_WRITE) != 0;
}

bool shared_data_read(const struct registers *now, uintptr_t address, struct registers *r);

/* `mov reg, cr8` and `mov cr8, reg`: how inlined code reads and sets the IRQL. */
static bool cr8_emulated(ucontext_t *context)
{
    uint8_t *code = (uint8_t *)context->uc_mcontext.gregs[REG_RIP];
    unsigned prefix = code[0];
    if ((prefix & 0xF6) != 0x44 || code[1] != 0x0F || (code[2] != 0x20 && code[2] != 0x22) || (code[3] & 0xF8) != 0xC0)
        return false;
    int slot = machine_order[(code[3] & 7) | (prefix & 1 ? 8 : 0)];
    if (code[2] == 0x20) {
        context->uc_mcontext.gregs[slot] = self->irql;
    } else {
        unsigned irql = (unsigned)context->uc_mcontext.gregs[slot];
        if (irql > HIGH)
            violation("IrqlKeRaiseLower", NULL, "the IRQL is set to %u", irql);
        self->irql = (uint8_t)irql;
        if (paged_armed)
            paged_crossing();
    }
    context->uc_mcontext.gregs[REG_RIP] += 4;
    return true;
}

bool instruction_emulated(ucontext_t *context)
{
    struct registers now, after;
    if (cr8_emulated(context))
        return true;
    registers_read(context, &now);
    if (!shared_data_read(&now, (uintptr_t)context->uc_mcontext.gregs[REG_CR2], &after))
        return false;
    registers_write(context, &after);
    return true;
}

const void *registers_wide(const ucontext_t *context)
{
    return (const uint8_t *)context->uc_mcontext.fpregs + 160;
}

enum trap trap_at(const struct registers *r, uint32_t *code)
{
    const uint8_t *at = (const uint8_t *)r->ip;
    *code = (uint32_t)r->r[1];
    return at[0] != 0xCD ? TRAP_NONE : at[1] == 0x29 ? TRAP_FAIL_FAST : at[1] == 0x2C ? TRAP_ASSERTION : TRAP_NONE;
}

void registers_describe(struct text *report, const struct registers *r)
{
    static const char *const names[REGISTERS] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
    text_add(report, "register rip=0x%zx", (size_t)r->ip);
    for (int i = 0; i < REGISTERS; i++)
        text_add(report, " %s=0x%zx", names[i], (size_t)r->r[i]);
    text_add(report, "\n");
}

void processor_block_start(struct thread *thread)
{
    uint8_t *block = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    thread->kpcr = block;
    thread->ethread = block + PAGE;
    memcpy(block + KPCR_SELF, &thread->kpcr, sizeof thread->kpcr);
    memcpy(block + KPCR_CURRENT_THREAD, &thread->ethread, sizeof thread->ethread);
    syscall(SYS_arch_prctl, ARCH_SET_GS, block);
}
#endif
