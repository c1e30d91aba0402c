/* Single steps by the trap flag, and the width of memory operands on x86-64 and x86 (of integer, string and SSE/AVX moves and arithmetic). */
#include "step.h"
#include <ucontext.h>

#if defined(__x86_64__) || defined(__i386__)
enum { TRAP_FLAG = 0x100 };
static __thread struct {
    step_done *done;
    void *argument;
} step;

bool step_possible(void)
{
    return true;
}

void step_begin(void *context, step_done *done, void *argument)
{
    step.done = done;
    step.argument = argument;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

bool step_end(void *context)
{
    step_done *done = step.done;
    if (!done)
        return false;
    step.done = NULL;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    done(step.argument);
    return true;
}

struct prefixes {
    bool wide, half, repeat, repne, vex, vex256; /* REX.W, 66, F3, F2 */
};

/* An opcode of the one-byte map. Even ones of a pair work on bytes, odd ones on the operand size. */
static unsigned plain_size(uint8_t op, const struct prefixes *p)
{
    unsigned full = p->wide ? 8 : p->half ? 2 : 4;
    if (op == 0x63)
        return 4;
    if (op == 0x69 || op == 0x6B)
        return full;
    if (op == 0xFF)
        return sizeof(void *); /* call, jmp and push; inc and dec of 4 bytes lie within */
    bool arithmetic = op < 0x40 && (op & 7) < 4, group = op >= 0x80 && op <= 0x8B, strings = op >= 0xA4 && op <= 0xAF && op != 0xA8 && op != 0xA9;
    bool shifts = op == 0xC0 || op == 0xC1 || (op >= 0xD0 && op <= 0xD3), others = op == 0xC6 || op == 0xC7 || op == 0xF6 || op == 0xF7 || op == 0xFE;
    if (op == 0x83)
        return full;
    return arithmetic || group || strings || shifts || others ? (op & 1 ? full : 1) : 1;
}

static unsigned scalar(const struct prefixes *p)
{
    return p->repeat ? 4 : p->repne ? 8 : p->vex256 ? 32 : 16;
}

/* An opcode of the 0F map. */
static unsigned extended_size(uint8_t op, const struct prefixes *p)
{
    unsigned full = p->wide ? 8 : p->half ? 2 : 4, vector = p->vex256 ? 32 : 16;
    switch (op) {
    case 0xB6: case 0xBE: case 0xB0: case 0xC0: return 1;
    case 0xB7: case 0xBF: return 2;
    case 0xAF: case 0xA3: case 0xAB: case 0xB3: case 0xBB: case 0xB1: case 0xC1: case 0xBA: case 0xBC: case 0xBD: case 0xB8: return full;
    case 0x12: case 0x13: case 0x16: case 0x17: case 0xD6: return 8;
    case 0x2E: case 0x2F: return p->half ? 8 : 4;
    case 0x6E: return p->wide ? 8 : 4;
    case 0x7E: return p->repeat || p->wide ? 8 : 4;
    case 0x6F: case 0x7F: case 0xE7: return p->half || p->repeat || p->vex ? vector : 8;
    case 0xC7: return p->wide ? 16 : 8;
    }
    if (op >= 0x40 && op <= 0x4F)
        return full;
    if (op == 0x10 || op == 0x11 || op == 0x51 || (op >= 0x58 && op <= 0x5F))
        return scalar(p);
    if ((op >= 0x28 && op <= 0x29) || (op >= 0x52 && op <= 0x57) || op == 0x14 || op == 0x15 || op == 0xC6)
        return vector;
    if ((op >= 0x60 && op <= 0x76) || op >= 0xD1)
        return p->half || p->vex ? vector : 8;
    return 1;
}

unsigned access_size(const uint8_t *code)
{
    static const uint8_t legacy[] = {0x66, 0x67, 0xF0, 0xF2, 0xF3, 0x2E, 0x36, 0x3E, 0x26, 0x64, 0x65};
    struct prefixes p = {0};
    while (memchr(legacy, *code, sizeof legacy)) {
        p.half |= *code == 0x66;
        p.repne |= *code == 0xF2;
        p.repeat |= *code == 0xF3;
        code++;
    }
    if (*code == 0xC5 || *code == 0xC4) { /* VEX: the last prefix byte has L and the 66/F3/F2 prefix */
        bool three = *code == 0xC4;
        uint8_t map = three ? code[1] & 31 : 1, last = three ? code[2] : code[1];
        p = (struct prefixes){.vex = true, .vex256 = last & 4, .half = (last & 3) == 1, .repeat = (last & 3) == 2, .repne = (last & 3) == 3, .wide = three && last & 0x80};
        return map == 1 ? extended_size(code[three ? 3 : 2], &p) : 1;
    }
    if (sizeof(void *) == 8 && (*code & 0xF0) == 0x40)
        p.wide = *code++ & 8;
    if (*code != 0x0F)
        return plain_size(*code, &p);
    if (code[1] == 0x38 && (code[2] & 0xFE) == 0xF0) /* movbe, crc32 */
        return p.wide ? 8 : p.half ? 2 : 4;
    return code[1] == 0x38 || code[1] == 0x3A ? 1 : extended_size(code[1], &p);
}
#else
bool step_possible(void)
{
    return false;
}

void step_begin(void *context, step_done *done, void *argument)
{
    (void)context, (void)done, (void)argument;
}

bool step_end(void *context)
{
    (void)context;
    return false;
}

unsigned access_size(const uint8_t *code)
{
    (void)code;
    return 1;
}
#endif
