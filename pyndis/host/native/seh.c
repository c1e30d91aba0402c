/* Structured exceptions: raising a status and finding the driver's __except block by its unwind data. */
#include "pe.h"

void bugcheck(uint32_t code, const uintptr_t *parameters, const char *text);

#if defined(__x86_64__)
__thread uintptr_t raised_registers[8];
enum { FLAG_HANDLER = 1, FLAG_CHAINED = 4, EXECUTE_HANDLER = 1 };
struct scope {
    uint32_t begin, end, handler, target;
};

/* What __C_specific_handler is given: it is told by its address only, the host walks the scopes itself. */
EXPORT(int, __C_specific_handler, void *record, void *frame, void *context, void *dispatcher)
{
    ENTER(__C_specific_handler, NULL);
    (void)record, (void)frame, (void)context, (void)dispatcher;
    return 1;
}

static const uint8_t *handler_data(const struct runtime_function *function)
{
    const uint8_t *info = image.base + function->unwind;
    if ((info[0] >> 3 & FLAG_CHAINED) || !(info[0] >> 3 & FLAG_HANDLER))
        return NULL;
    return info + 4 + 2 * ((info[2] + 1u) & ~1u) + 4;
}

/* The frame pointer that the handler's code expects in RSP: the function's established frame. */
static uintptr_t established(const struct runtime_function *function, const struct registers *r)
{
    const uint8_t *info = image.base + function->unwind;
    unsigned frame = info[3] & 15;
    return frame ? r->r[frame] - (info[3] >> 4) * 16u : r->r[4];
}

typedef MS int filter_fn(void *pointers, void *frame);

static bool filter_accepts(uint32_t filter, uint32_t status, uintptr_t frame)
{
    if (filter == EXECUTE_HANDLER)
        return true;
    uint64_t record[19] = {status}, pointers[2] = {(uint64_t)record, 0};
    static uint64_t context[160];
    pointers[1] = (uint64_t)context;
    return ((filter_fn *)(image.base + filter))(pointers, (void *)frame) == 1;
}

/* Looks for the innermost __except that takes `status`, from the code that `r` stands in; on success `r` is at its block. */
bool seh_dispatch(uint32_t status, struct registers *r)
{
    struct registers at = *r;
    for (int depth = 0; depth < 64 && image_contains(at.ip); depth++) {
        const struct runtime_function *function = unwind_function(at.ip);
        const uint8_t *data = function ? handler_data(function) : NULL;
        uint32_t rva = (uint32_t)(at.ip - (uintptr_t)image.base), count = 0;
        if (data && (size_t)(data - image.base) + 4 < image.size)
            memcpy(&count, data, 4);
        for (uint32_t i = 0; i < count && count < 1024; i++) {
            struct scope scope;
            memcpy(&scope, data + 4 + 16 * i, 16);
            uint32_t where = depth ? rva - 1 : rva; /* a return address stands after the call */
            if (where < scope.begin || where >= scope.end || !scope.target)
                continue;
            uintptr_t frame = established(function, &at);
            if (!filter_accepts(scope.handler, status, frame))
                continue;
            at.r[0] = status;
            at.ip = (uintptr_t)image.base + scope.target;
            *r = at;
            return true;
        }
        if (!unwind_step(&at))
            return false;
    }
    return false;
}

/* Continues at `r`: all sixteen registers and the instruction pointer. */
__attribute__((noreturn, naked)) static void resume(const struct registers *r __attribute__((unused)))
{
    __asm__("mov 16+4*8(%rdi), %rsp\n\t"
            "push (%rdi)\n\t"
            "mov 16+0*8(%rdi), %rax\n\t"
            "mov 16+1*8(%rdi), %rcx\n\t"
            "mov 16+2*8(%rdi), %rdx\n\t"
            "mov 16+3*8(%rdi), %rbx\n\t"
            "mov 16+5*8(%rdi), %rbp\n\t"
            "mov 16+6*8(%rdi), %rsi\n\t"
            "mov 16+8*8(%rdi), %r8\n\t"
            "mov 16+9*8(%rdi), %r9\n\t"
            "mov 16+12*8(%rdi), %r12\n\t"
            "mov 16+13*8(%rdi), %r13\n\t"
            "mov 16+14*8(%rdi), %r14\n\t"
            "mov 16+15*8(%rdi), %r15\n\t"
            "mov 16+7*8(%rdi), %rdi\n\t"
            "ret");
}

/* The registers that calls keep are as the running export's gate found them. */
static void raise_in_caller(uint32_t status)
{
    struct frame *frame = self->frame;
    struct registers r = {.ip = frame->ip, .sp = frame->sp};
    static const uint8_t kept[] = {3, 5, 6, 7, 12, 13, 14, 15};
    for (size_t i = 0; i < COUNT(kept); i++)
        r.r[kept[i]] = raised_registers[i];
    r.r[STACK_POINTER] = frame->sp;
    if (seh_dispatch(status, &r)) {
        self->frame = frame->outer;
        resume(&r);
    }
}
#else
/* An image with handlers imports the system's part of them, which these hosts do not have. */
bool seh_dispatch(uint32_t status, struct registers *r)
{
    (void)status, (void)r;
    return false;
}

static void raise_in_caller(uint32_t status)
{
    (void)status;
}
#endif

/* Raises `status` in the driver function that called the running export. */
bool raise_status(uint32_t status)
{
    raise_in_caller(status);
    bugcheck(0x1E, (uintptr_t[]){status, self->frame->ip, 0, 0}, "the driver did not handle an exception");
    return false;
}

EXPORT_RAISES(void, ExRaiseStatus, uint32_t status)
{
    ENTER(ExRaiseStatus, NULL);
    raise_status(status);
}

static bool user_range(uintptr_t address, size_t length, unsigned alignment)
{
    extern struct memory *memory_of_user(uintptr_t address);
    return !length || (address % (alignment ? alignment : 1) == 0 && memory_of_user(address) && memory_of_user(address + length - 1) == memory_of_user(address));
}

EXPORT_RAISES(void, ProbeForRead, uintptr_t address, size_t length, uint32_t alignment)
{
    ENTER(ProbeForRead, NULL);
    if (!user_range(address, length, alignment))
        raise_status(STATUS_ACCESS_VIOLATION);
}

EXPORT_RAISES(void, ProbeForWrite, uintptr_t address, size_t length, uint32_t alignment)
{
    ENTER(ProbeForWrite, NULL);
    if (!user_range(address, length, alignment))
        raise_status(STATUS_ACCESS_VIOLATION);
}
