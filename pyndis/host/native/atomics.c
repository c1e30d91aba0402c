/* The driver's own atomic instructions as points of a deterministic schedule. Each becomes a breakpoint; since one thread runs at a
   time it need not be atomic: a `lock` prefix is replaced for good and skipped, `xchg` is put back, executed alone, and replaced again.
   The client knows where they are and what they address (`breakpoints`). x64 only. */
#include "atomics.h"
#include "pe.h"
#include "sched.h"
#include <sys/mman.h>

#if defined(__x86_64__)
#include <ucontext.h>

enum { INT3 = 0xCC, LOCK = 0xF0, OPERAND_SIZE = 0x66, TRAP_FLAG = 0x100, SLOTS = 1 << 14 };
struct breakpoint {
    uint32_t rva;
    enum { BREAK_LOCK, BREAK_ALONE, BREAK_READ, BREAK_PAUSE } kind;
    int8_t base, index, scale; /* registers in the machine's order; -1 none, 16 the image */
    int64_t displacement;
    uint8_t original;
    bool expects; /* compares with rax, which was read before */
};
static struct breakpoint *slots[SLOTS];
static const int machine_order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static struct breakpoint **slot_of(uint32_t rva)
{
    size_t at = mix(rva, 3) % SLOTS;
    while (slots[at] && slots[at]->rva != rva)
        at = (at + 1) % SLOTS;
    return &slots[at];
}

static void code_write(uint8_t *code, const uint8_t *bytes, size_t size)
{
    uintptr_t page = (uintptr_t)code & ~(uintptr_t)(PAGE - 1);
    size_t span = (uintptr_t)code + size - page;
    if (!every_access) {
        mprotect((void *)page, span, PROT_READ | PROT_WRITE);
        memcpy(code, bytes, size);
        mprotect((void *)page, span, PROT_READ | PROT_EXEC);
        return;
    }
    if (!self->stepped) /* nearly every instruction is written over and back: the page stays open */
        mprotect((void *)page, span, PROT_READ | PROT_WRITE | PROT_EXEC);
    memcpy(code, bytes, size);
}

static bool patch(struct breakpoint *point)
{
    uint8_t *code = image.base + point->rva, bytes[2] = {INT3, OPERAND_SIZE};
    bool swapped = point->kind == BREAK_LOCK && code[0] == OPERAND_SIZE && code[1] == LOCK;
    if (point->kind == BREAK_LOCK && code[0] != LOCK && !swapped)
        return false;
    const uint8_t *opcode = code + (swapped ? 2 : 1);
    opcode += (*opcode & 0xF0) == 0x40;
    point->expects = opcode[0] == 0x0F && (opcode[1] == 0xB0 || opcode[1] == 0xB1 || opcode[1] == 0xC7);
    point->original = code[0];
    code_write(code, bytes, swapped ? 2 : 1);
    return true;
}

static uintptr_t value_of(const ucontext_t *context, int reg)
{
    if (reg == 16)
        return (uintptr_t)image.base;
    return reg < 0 ? 0 : (uintptr_t)context->uc_mcontext.gregs[machine_order[reg]];
}

static const void *operand(const struct breakpoint *point, const ucontext_t *context)
{
    uintptr_t address = value_of(context, point->base) + value_of(context, point->index) * (uintptr_t)point->scale + (uintptr_t)point->displacement;
    return (const void *)(address & ~(uintptr_t)7); /* what is beside it in the same word is changed with it */
}

/* The instruction has been executed alone: its breakpoint comes back. */
static void step_done(ucontext_t *context)
{
    uint8_t int3 = INT3;
    code_write(image.base + self->stepped->rva, &int3, 1);
    self->stepped = NULL;
    context->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

bool atomics_trap(void *raw)
{
    ucontext_t *context = raw;
    uintptr_t ip = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    if (self && self->stepped) {
        step_done(context);
        return true;
    }
    if (!self || !image_contains(ip - 1))
        return false;
    struct breakpoint *point = *slot_of((uint32_t)(ip - 1 - (uintptr_t)image.base));
    if (!point)
        return false;
    if (point->kind == BREAK_PAUSE) {
        sched_yield_turn();
        return true;
    }
    const void *object = operand(point, context);
    uint64_t place = point->expects ? mix(point->rva, (uint64_t)context->uc_mcontext.gregs[REG_RAX]) : point->rva;
    sched_point(point->kind == BREAK_READ ? "read" : "atomic", object, place);
    if (point->kind == BREAK_READ)
        order_read(object);
    else
        order_event("atomic", object, NULL);
    if (point->kind != BREAK_LOCK) {
        self->stepped = point;
        code_write(image.base + point->rva, &point->original, 1);
        context->uc_mcontext.gregs[REG_RIP] = (long long)(ip - 1);
        context->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
    }
    return true;
}

static bool line_read(const char *line, struct breakpoint *point)
{
    char kind[8];
    int base, index, scale;
    long long displacement;
    if (sscanf(line, "%x %7s %d %d %d %lld", &point->rva, kind, &base, &index, &scale, &displacement) != 6 || point->rva + 16u > image.size || base > 16 || index > 15)
        return false;
    point->kind = !strcmp(kind, "lock") ? BREAK_LOCK : !strcmp(kind, "pause") ? BREAK_PAUSE : !strcmp(kind, "read") ? BREAK_READ : BREAK_ALONE;
    point->base = (int8_t)base, point->index = (int8_t)index, point->scale = (int8_t)scale;
    point->displacement = displacement;
    return true;
}

COMMAND("breakpoints", command_breakpoints, NEEDS_DRIVER)
{
    unsigned count = 0;
    char *rest = strndup((const char *)command->payload, command->payload_size), *whole = rest, *line;
    while ((line = strsep(&rest, "\n"))) {
        struct breakpoint *point = calloc(1, sizeof *point);
        struct breakpoint **slot = scheduled && image.base && line_read(line, point) ? slot_of(point->rva) : NULL;
        if (slot && !*slot && count < SLOTS / 2 && patch(point)) {
            *slot = point;
            count++;
        } else {
            free(point);
        }
    }
    free(whole);
    reply_format(command, "set=%u", count);
}

#else

bool atomics_trap(void *context)
{
    (void)context;
    return false;
}

#endif
