/* Walks the driver's frames by the image's unwind data. */
#include "pe.h"
#if defined(__x86_64__)

enum {
    OP_PUSH = 0, OP_ALLOC_LARGE = 1, OP_ALLOC_SMALL = 2, OP_SET_FRAME = 3, OP_SAVE = 4, OP_SAVE_FAR = 5, OP_EPILOG = 6, OP_SPARE = 7,
    OP_SAVE_XMM = 8, OP_SAVE_XMM_FAR = 9, OP_MACHINE_FRAME = 10, FLAG_CHAINED = 4,
};

const struct runtime_function *unwind_function(uintptr_t address)
{
    uint32_t rva = (uint32_t)(address - (uintptr_t)image.base);
    size_t low = 0, high = image.function_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct runtime_function *f = &image.functions[middle];
        if (rva < f->begin)
            high = middle;
        else if (rva >= f->end)
            low = middle + 1;
        else
            return f;
    }
    return NULL;
}

static bool stack_readable(uintptr_t at)
{
    return at % 8 == 0 && self && at < self->stack_top && self->stack_top - at < THREAD_STACK;
}

static bool load(uintptr_t at, uintptr_t *value)
{
    if (!stack_readable(at))
        return false;
    memcpy(value, (const void *)at, 8);
    return true;
}

/* Undoes the prologue of one function as far as it has run; `offset` is into the function. */
static bool undo(const uint8_t *info, uint32_t offset, struct registers *r)
{
    unsigned count = info[2], frame = info[3] & 15, frame_offset = (info[3] >> 4) * 16u;
    if (frame && offset >= info[1])
        r->r[STACK_POINTER] = r->r[frame] - frame_offset;
    for (unsigned i = 0; i < count;) {
        const uint8_t *code = info + 4 + 2 * i;
        unsigned at = code[0], op = code[1] & 15, operand = code[1] >> 4, slots = 1;
        uint32_t large = 0;
        if (op == OP_ALLOC_LARGE || op == OP_SAVE || op == OP_SAVE_XMM || op == OP_SAVE_FAR || op == OP_SAVE_XMM_FAR) {
            bool far = (op == OP_ALLOC_LARGE && operand) || op == OP_SAVE_FAR || op == OP_SAVE_XMM_FAR;
            slots = far ? 3 : 2;
            large = (uint32_t)(code[2] | code[3] << 8);
            if (far)
                large |= (uint32_t)(code[4] | code[5] << 8) << 16;
        } else if (op == OP_EPILOG || op == OP_SPARE) {
            slots = 1;
        }
        i += slots;
        if (offset < at)
            continue;
        if (op == OP_PUSH) {
            if (!load(r->r[STACK_POINTER], &r->r[operand]))
                return false;
            r->r[STACK_POINTER] += 8;
        } else if (op == OP_ALLOC_LARGE) {
            r->r[STACK_POINTER] += operand ? large : large * 8;
        } else if (op == OP_ALLOC_SMALL) {
            r->r[STACK_POINTER] += operand * 8 + 8;
        } else if (op == OP_SAVE || op == OP_SAVE_FAR) {
            if (!load(r->r[STACK_POINTER] + (op == OP_SAVE ? large * 8 : large), &r->r[operand]))
                return false;
        } else if (op == OP_MACHINE_FRAME) {
            return false;
        }
    }
    return true;
}

bool unwind_step(struct registers *r)
{
    const struct runtime_function *f = unwind_function(r->ip);
    uint32_t offset = f ? (uint32_t)(r->ip - (uintptr_t)image.base) - f->begin : 0;
    for (int depth = 0; f && depth < 8; depth++) {
        const uint8_t *info = image.base + f->unwind;
        if (!undo(info, offset, r))
            return false;
        if (!(info[0] >> 3 & FLAG_CHAINED))
            break;
        f = (const struct runtime_function *)(info + 4 + 2 * ((info[2] + 1u) & ~1u));
        offset = UINT32_MAX; /* a chained prologue has run in full */
        if (f->unwind % 4 || f->unwind > image.size - 8)
            return false;
    }
    if (!load(r->r[STACK_POINTER], &r->ip))
        return false;
    r->r[STACK_POINTER] += 8;
    r->sp = r->r[STACK_POINTER];
    return image_contains(r->ip);
}
#endif
