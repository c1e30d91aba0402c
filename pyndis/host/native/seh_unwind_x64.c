/* One step up the driver's frames with all that functions keep in them, and which handler the function left has. */
#if defined(__x86_64__)
#include "seh_x64.h"

enum {
    PUSH = 0, ALLOC_LARGE = 1, ALLOC_SMALL = 2, SET_FRAME = 3, SAVE = 4, SAVE_FAR = 5, EPILOG = 6, SPARE = 7, SAVE_XMM = 8, SAVE_XMM_FAR = 9,
    MACHINE_FRAME = 10, CHAINED = 4, CHAIN_MAX = 32,
};
struct unwind_code {
    unsigned at, op, operand, slots;
    uint32_t large;
};

/* Of this thread, and where a frame may lie: handlers of faults run on a stack of their own above no frame of the driver. */
static bool readable(uintptr_t at)
{
    return at % 8 == 0 && at < self->stack_top && self->stack_top - at < THREAD_STACK;
}

static bool load(uintptr_t at, void *value, size_t size)
{
    if (!readable(at))
        return false;
    memcpy(value, (const void *)at, size);
    return true;
}

static struct unwind_code code_read(const uint8_t *code)
{
    struct unwind_code c = {code[0], code[1] & 15, code[1] >> 4, 1, 0};
    bool far = c.op == SAVE_FAR || c.op == SAVE_XMM_FAR || (c.op == ALLOC_LARGE && c.operand);
    if (far || c.op == ALLOC_LARGE || c.op == SAVE || c.op == SAVE_XMM) {
        c.slots = far ? 3 : 2;
        c.large = (uint32_t)(code[2] | code[3] << 8) | (far ? (uint32_t)(code[4] | code[5] << 8) << 16 : 0);
    }
    return c;
}

static bool code_undo(const struct unwind_code *c, struct processor *p)
{
    uint64_t *sp = &p->general[STACK_POINTER];
    switch (c->op) {
    case PUSH:
        *sp += 8;
        return load(*sp - 8, &p->general[c->operand], 8);
    case ALLOC_LARGE:
        *sp += c->operand ? c->large : c->large * 8;
        return true;
    case ALLOC_SMALL:
        *sp += c->operand * 8 + 8;
        return true;
    case SAVE:
    case SAVE_FAR:
        return load(*sp + (c->op == SAVE ? c->large * 8 : c->large), &p->general[c->operand], 8);
    case SAVE_XMM:
    case SAVE_XMM_FAR:
        return load(*sp + (c->op == SAVE_XMM ? c->large * 16 : c->large), p->xmm[c->operand], 16);
    default:
        return c->op != MACHINE_FRAME;
    }
}

static unsigned code_count(const uint8_t *info)
{
    return (info[2] + 1u) & ~1u;
}

/* Where the frame is that the function established: its frame register's place once that is set, else the stack pointer. */
static uintptr_t established(const uint8_t *info, uint32_t offset, const struct processor *p)
{
    unsigned frame = info[3] & 15;
    bool set = frame && (offset >= info[1] || (info[0] >> 3 & CHAINED));
    for (unsigned i = 0; frame && !set && i < info[2];) {
        struct unwind_code c = code_read(info + 4 + 2 * i);
        set = c.op == SET_FRAME && offset >= c.at;
        i += c.slots;
    }
    return set ? p->general[frame] - (info[3] >> 4) * 16u : p->general[STACK_POINTER];
}

static bool prologue_undo(const uint8_t *info, uint32_t offset, struct processor *p)
{
    for (unsigned i = 0; i < info[2];) {
        struct unwind_code c = code_read(info + 4 + 2 * i);
        i += c.slots;
        if (offset < c.at)
            continue;
        if (c.op == SET_FRAME)
            p->general[STACK_POINTER] = p->general[info[3] & 15] - (info[3] >> 4) * 16u;
        else if (!code_undo(&c, p))
            return false;
    }
    return true;
}

static void handler_of(const uint8_t *info, unsigned kind, struct found *found)
{
    uint32_t handler;
    const uint8_t *after = info + 4 + 2 * code_count(info);
    if (!(info[0] >> 3 & kind) || (info[0] >> 3 & CHAINED))
        return;
    memcpy(&handler, after, 4);
    if (handler >= image.size)
        return;
    found->handler = image.base + handler;
    found->data = (void *)(after + 4);
}

bool virtual_unwind(struct processor *p, unsigned kind, struct found *found)
{
    const struct runtime_function *f = unwind_function(p->Rip);
    uint32_t offset = f ? (uint32_t)(p->Rip - (uintptr_t)image.base) - f->begin : 0;
    *found = (struct found){.function = f, .frame = p->general[STACK_POINTER]};
    for (int depth = 0; f; depth++) {
        const uint8_t *info = image.base + f->unwind;
        if (depth == 0)
            found->frame = established(info, offset, p);
        if (offset >= info[1])
            handler_of(info, kind, found);
        if (depth == CHAIN_MAX || !prologue_undo(info, offset, p))
            return false;
        if (!(info[0] >> 3 & CHAINED))
            break;
        f = (const struct runtime_function *)(info + 4 + 2 * code_count(info));
        offset = UINT32_MAX; /* the prologue of what this is a part of has run in full */
        if (f->unwind % 4 || f->unwind > image.size - 8)
            return false;
    }
    uint64_t *sp = &p->general[STACK_POINTER];
    *sp += 8;
    return load(*sp - 8, &p->Rip, 8);
}
#endif
