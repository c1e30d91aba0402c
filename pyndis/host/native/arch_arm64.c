/* ARM64: registers, call stacks by the image's unwind data, the processor block. */
#if defined(__aarch64__)
#include "machine.h"
#include <sys/mman.h>

enum { LINK = 30, FIRST_KEPT = 19 };

void registers_read(const ucontext_t *context, struct registers *r)
{
    for (int i = 0; i < STACK_POINTER; i++)
        r->r[i] = context->uc_mcontext.regs[i];
    r->ip = context->uc_mcontext.pc;
    r->sp = r->r[STACK_POINTER] = context->uc_mcontext.sp;
}

void registers_write(ucontext_t *context, const struct registers *r)
{
    for (int i = 0; i < STACK_POINTER; i++)
        context->uc_mcontext.regs[i] = r->r[i];
    context->uc_mcontext.pc = r->ip;
    context->uc_mcontext.sp = r->r[STACK_POINTER];
}

/* By the instruction: not every kernel or emulator passes the syndrome register on. Atomic operations count as writes. */
bool access_is_write(const ucontext_t *context)
{
    uint32_t code = *(const uint32_t *)context->uc_mcontext.pc;
    bool load = code >> 22 & 1, vector = code >> 26 & 1;
    if ((code & 0x3A000000) == 0x28000000) /* pairs of registers */
        return !load;
    if ((code & 0x3B200C00) == 0x38200000) /* atomic: swap, add, clear, set */
        return true;
    if ((code & 0x3A000000) == 0x38000000) /* one register: bit 23 alone is a load with sign, or a store of a whole vector */
        return !load && (vector || !(code >> 23 & 1));
    if ((code & 0x3F000000) == 0x08000000) /* exclusive, ordered, compare and swap */
        return !load || (code & 0x00A00000) == 0x00A00000;
    return (code & 0xBE000000) == 0x0C000000 && !load; /* several vectors */
}

bool instruction_emulated(ucontext_t *context)
{
    (void)context;
    return false; /* the IRQL is a function's business here */
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
    text_add(report, "register pc=0x%zx sp=0x%zx", (size_t)r->ip, (size_t)r->r[STACK_POINTER]);
    for (int i = 0; i < STACK_POINTER; i++)
        text_add(report, " x%d=0x%zx", i, (size_t)r->r[i]);
    text_add(report, "\n");
}

void processor_block_start(struct thread *thread)
{
    uint8_t *block = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    thread->kpcr = block;
    thread->ethread = block + PAGE;
}

/* ---- call stacks ---- */

struct walk {
    struct registers *r;
    bool bad;
};

static void restore(struct walk *walk, unsigned index, uintptr_t offset)
{
    uintptr_t at = walk->r->r[STACK_POINTER] + offset;
    if (at % 8 || !self || at >= self->stack_top || self->stack_top - at > THREAD_STACK || index >= STACK_POINTER)
        walk->bad = true;
    else
        memcpy(&walk->r->r[index], (const void *)at, 8);
}

static void restore_pair(struct walk *walk, unsigned first, unsigned second, uintptr_t offset)
{
    restore(walk, first, offset);
    restore(walk, second, offset + 8);
}

static void stack_move(struct walk *walk, uintptr_t by)
{
    walk->r->r[STACK_POINTER] += by;
}

/* Functions with a prologue of the usual form: what it is stands in the entry itself. */
static void undo_packed(struct walk *walk, uint32_t entry)
{
    unsigned floats = entry >> 13 & 7, kept = entry >> 16 & 15, homed = entry >> 20 & 1, chain = entry >> 21 & 3;
    uintptr_t frame = (entry >> 23) * 16u;
    uintptr_t saved = (kept * 8 + (chain == 1) * 8 + (floats ? floats + 1 : 0) * 8 + homed * 64 + 15) & ~(uintptr_t)15;
    if (frame < saved) {
        walk->bad = true;
        return;
    }
    if (chain >= 2) {
        walk->r->r[STACK_POINTER] = walk->r->r[FRAME_POINTER];
        restore_pair(walk, FRAME_POINTER, LINK, 0);
    }
    stack_move(walk, frame - saved);
    for (unsigned i = 0; i < kept; i++)
        restore(walk, FIRST_KEPT + i, 8 * i);
    if (chain == 1)
        restore(walk, LINK, 8 * kept);
    stack_move(walk, saved);
}

/* How many bytes an unwind code has, by its first. */
static unsigned code_size(uint8_t first)
{
    if (first < 0xC0)
        return 1;
    if (first < 0xE0)
        return 2;
    return first == 0xE0 ? 4 : first == 0xE2 ? 2 : first == 0xE7 ? 3 : 1;
}

/* Codes 0xC0 to 0xDF: two bytes, a register by number from x19 and an offset in words; of d8 to d15 only the stack counts. */
static void undo_saved(struct walk *walk, unsigned code)
{
    unsigned index = FIRST_KEPT + (code >> 6 & 15), offset = (code & 63) * 8, before = offset + 8;
    switch (code >> 10) {
    case 0x30: /* alloc_m */
    case 0x31: stack_move(walk, (code & 0x7FF) * 16); break;
    case 0x32: restore_pair(walk, index, index + 1, offset); break;
    case 0x33:
        restore_pair(walk, index, index + 1, 0);
        stack_move(walk, before);
        break;
    case 0x34: restore(walk, index, offset); break;
    case 0x35:
        if (code & 0x200) { /* save_lrpair */
            restore_pair(walk, FIRST_KEPT + 2 * (code >> 6 & 7), LINK, offset);
        } else {
            restore(walk, FIRST_KEPT + (code >> 5 & 15), 0);
            stack_move(walk, (code & 31) * 8 + 8);
        }
        break;
    case 0x36: /* save_fregp, save_fregp_x */
        if (code & 0x200)
            stack_move(walk, before);
        break;
    case 0x37: /* save_freg, save_freg_x */
        if (code & 0x200)
            stack_move(walk, (code & 31) * 8 + 8);
        break;
    }
}

static void undo_code(struct walk *walk, const uint8_t *at)
{
    uint8_t code = at[0];
    if (code < 0x20) {
        stack_move(walk, code * 16u);
    } else if (code < 0x40) {
        restore_pair(walk, FIRST_KEPT, FIRST_KEPT + 1, 0);
        stack_move(walk, (code & 31) * 8u);
    } else if (code < 0x80) {
        restore_pair(walk, FRAME_POINTER, LINK, (code & 63) * 8u);
    } else if (code < 0xC0) {
        restore_pair(walk, FRAME_POINTER, LINK, 0);
        stack_move(walk, (code & 63) * 8u + 8);
    } else if (code < 0xE0) {
        undo_saved(walk, (unsigned)code << 8 | at[1]);
    } else if (code == 0xE0) {
        stack_move(walk, ((uintptr_t)at[1] << 16 | (uintptr_t)at[2] << 8 | at[3]) * 16);
    } else if (code == 0xE1) {
        walk->r->r[STACK_POINTER] = walk->r->r[FRAME_POINTER];
    } else if (code == 0xE2) {
        walk->r->r[STACK_POINTER] = walk->r->r[FRAME_POINTER] - at[1] * 8u;
    } else if (code != 0xE3 && code != 0xFC) { /* no operation, signed return address */
        walk->bad = true;
    }
}

/* Undoes the prologue by its codes, the last instruction first; what has not run yet at `offset` of the function is left out. */
static void undo_codes(struct walk *walk, uint32_t rva, uint32_t offset)
{
    const uint8_t *info = image.base + rva, *end = image.base + image.size;
    uint32_t header[2];
    memcpy(header, info, sizeof header);
    bool extended = header[0] >> 22 == 0;
    unsigned words = extended ? header[1] >> 16 & 0xFF : header[0] >> 27, epilogs = extended ? header[1] & 0xFFFF : header[0] >> 22 & 31;
    const uint8_t *codes = info + (extended ? 8 : 4) + (header[0] >> 21 & 1 ? 0 : 4 * epilogs), *last = codes + 4 * words;
    unsigned instructions = 0, skipped;
    if (last > end) {
        walk->bad = true;
        return;
    }
    for (const uint8_t *at = codes; at < last && *at != 0xE4; at += code_size(*at))
        instructions++;
    skipped = offset / 4 < instructions ? instructions - offset / 4 : 0;
    for (const uint8_t *at = codes; at < last && *at != 0xE4 && !walk->bad; at += code_size(*at))
        if (!skipped)
            undo_code(walk, at);
        else
            skipped--;
}

const struct runtime_function *unwind_function(uintptr_t address)
{
    uint32_t rva = (uint32_t)(address - (uintptr_t)image.base);
    size_t low = 0, high = image.function_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (image.functions[middle].begin <= rva)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &image.functions[low - 1] : NULL;
}

static uint32_t function_length(const struct runtime_function *f)
{
    uint32_t header;
    if (f->unwind & 3)
        return (f->unwind >> 2 & 0x7FF) * 4;
    memcpy(&header, image.base + f->unwind, 4);
    return (header & 0x3FFFF) * 4;
}

bool unwind_step(struct registers *r)
{
    struct walk walk = {r, false};
    uint32_t rva = (uint32_t)(r->ip - (uintptr_t)image.base);
    const struct runtime_function *f = unwind_function(r->ip);
    uintptr_t before = r->ip;
    if (f && rva - f->begin < function_length(f)) {
        if (f->unwind & 3)
            undo_packed(&walk, f->unwind);
        else
            undo_codes(&walk, f->unwind, rva - f->begin);
    }
    r->ip = r->r[LINK];
    r->sp = r->r[STACK_POINTER];
    return !walk.bad && r->ip != before && image_contains(r->ip);
}
#endif
