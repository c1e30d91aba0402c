/* Structured exceptions of x86-64, as the processor's software conventions have them: an exception walks up the driver's frames by
   their unwind data and asks each function's handler; a handler that takes it unwinds to its frame, with the termination handlers
   on the way, and goes on there. The image's own handlers (stack cookies) run as they are; the system's part of them is here. */
#if defined(__x86_64__)
#include "seh_x64.h"

enum { FLAG_EXCEPTION = 1, FLAG_UNWIND = 2, DEPTH = 256 };
__thread struct kept_registers kept_registers;
static __thread struct dispatch *dispatching;
void bugcheck(uint32_t code, const uintptr_t *parameters, const char *text);

/* Where gates go: what calls keep is kept as it is, then on to RAX. */
__asm__(".text\n.globl gate_keeping_registers\n.type gate_keeping_registers,@function\ngate_keeping_registers:\n\t"
        "mov %rbx, %fs:kept_registers@tpoff\n\tmov %rbp, %fs:kept_registers@tpoff+8\n\t"
        "mov %rsi, %fs:kept_registers@tpoff+16\n\tmov %rdi, %fs:kept_registers@tpoff+24\n\t"
        "mov %r12, %fs:kept_registers@tpoff+32\n\tmov %r13, %fs:kept_registers@tpoff+40\n\t"
        "mov %r14, %fs:kept_registers@tpoff+48\n\tmov %r15, %fs:kept_registers@tpoff+56\n\t"
        "mov %rsp, %fs:kept_registers@tpoff+64\n\t"
        "movups %xmm6, %fs:kept_registers@tpoff+80\n\tmovups %xmm7, %fs:kept_registers@tpoff+96\n\t"
        "movups %xmm8, %fs:kept_registers@tpoff+112\n\tmovups %xmm9, %fs:kept_registers@tpoff+128\n\t"
        "movups %xmm10, %fs:kept_registers@tpoff+144\n\tmovups %xmm11, %fs:kept_registers@tpoff+160\n\t"
        "movups %xmm12, %fs:kept_registers@tpoff+176\n\tmovups %xmm13, %fs:kept_registers@tpoff+192\n\t"
        "movups %xmm14, %fs:kept_registers@tpoff+208\n\tmovups %xmm15, %fs:kept_registers@tpoff+224\n\t"
        "jmp *%rax");

/* Continues at `c`: the general registers, those of SSE that calls keep, and the instruction pointer. */
__attribute__((noreturn, naked)) static void resume(const struct processor *c __attribute__((unused)))
{
    __asm__("movups 512(%rdi), %xmm6\n\tmovups 528(%rdi), %xmm7\n\tmovups 544(%rdi), %xmm8\n\tmovups 560(%rdi), %xmm9\n\t"
            "movups 576(%rdi), %xmm10\n\tmovups 592(%rdi), %xmm11\n\tmovups 608(%rdi), %xmm12\n\tmovups 624(%rdi), %xmm13\n\t"
            "movups 640(%rdi), %xmm14\n\tmovups 656(%rdi), %xmm15\n\t"
            "mov 152(%rdi), %rsp\n\tpushq 248(%rdi)\n\tmov 120(%rdi), %rax\n\tmov 128(%rdi), %rcx\n\tmov 136(%rdi), %rdx\n\t"
            "mov 144(%rdi), %rbx\n\tmov 160(%rdi), %rbp\n\tmov 168(%rdi), %rsi\n\tmov 184(%rdi), %r8\n\tmov 192(%rdi), %r9\n\t"
            "mov 200(%rdi), %r10\n\tmov 208(%rdi), %r11\n\tmov 216(%rdi), %r12\n\tmov 224(%rdi), %r13\n\tmov 232(%rdi), %r14\n\t"
            "mov 240(%rdi), %r15\n\tmov 176(%rdi), %rdi\n\tret");
}

static void resume_in_driver(struct dispatch *dispatch, const struct processor *context)
{
    dispatching = dispatch->outer;
    self->frame = dispatch->frame;
    resume(context);
}

static int handler_call(struct dispatch *dispatch, const struct found *found, struct processor *context, struct processor *passed)
{
    handler_fn *handler = found->handler;
    int disposition;
    dispatch->to.ControlPc = context->Rip;
    dispatch->to.ImageBase = (uintptr_t)image.base;
    dispatch->to.FunctionEntry = found->function;
    dispatch->to.EstablisherFrame = found->frame;
    dispatch->to.ContextRecord = context;
    dispatch->to.LanguageHandler = found->handler;
    dispatch->to.HandlerData = found->data;
    CALL_DRIVER("ExceptionHandler", self->irql, NULL, disposition = handler(&dispatch->record, found->frame, passed, &dispatch->to));
    return disposition;
}

/* Looks for a handler that takes the exception; comes back only when there is none. */
static void search(struct dispatch *dispatch)
{
    struct processor at = dispatch->original;
    struct found found;
    for (int depth = 0; depth < DEPTH && image_contains(at.Rip); depth++) {
        struct processor here = at;
        if (!virtual_unwind(&at, FLAG_EXCEPTION, &found))
            return;
        dispatch->to.ScopeIndex = 0;
        if (found.handler && handler_call(dispatch, &found, &here, &dispatch->original) == CONTINUE_EXECUTION)
            resume_in_driver(dispatch, &dispatch->original);
    }
}

/* Unwinds from where the exception came from to `frame`, running termination handlers, and goes on at `ip` there. */
static void unwind_to(struct dispatch *dispatch, uintptr_t frame, uintptr_t ip, uintptr_t value)
{
    struct processor at = dispatch->original;
    struct found found;
    dispatch->record.ExceptionFlags |= UNWINDING;
    for (int depth = 0; depth < DEPTH && image_contains(at.Rip); depth++) {
        struct processor here = at;
        if (!virtual_unwind(&at, FLAG_UNWIND, &found))
            break;
        if (found.frame == frame)
            dispatch->record.ExceptionFlags |= TARGET_UNWIND;
        dispatch->to.ScopeIndex = 0;
        dispatch->to.TargetIp = ip;
        if (found.handler)
            handler_call(dispatch, &found, &here, &here);
        if (found.frame != frame)
            continue;
        here.general[0] = value;
        here.Rip = ip;
        resume_in_driver(dispatch, &here);
    }
    bugcheck(0x1E, (uintptr_t[]){STATUS_BAD_STACK, dispatch->original.Rip, frame, ip}, "an unwind finds no such frame");
}

/* ---- where exceptions come from ---- */

/* The state of the driver function that called the running export, if that has a gate. */
static bool caller_context(struct processor *context)
{
    const struct frame *frame = self->frame;
    static const uint8_t order[] = {3, 5, 6, 7, 12, 13, 14, 15};
    if (!frame || frame->callback || kept_registers.sp + sizeof(uintptr_t) != frame->sp)
        return false;
    for (size_t i = 0; i < COUNT(order); i++)
        context->general[order[i]] = kept_registers.general[i];
    memcpy(context->xmm[6], kept_registers.xmm, sizeof kept_registers.xmm);
    context->general[STACK_POINTER] = frame->sp;
    context->Rip = frame->ip;
    return true;
}

/* Comes back when nobody takes it. */
static void dispatch_run(struct dispatch *dispatch, uint32_t status)
{
    dispatch->record.ExceptionCode = (int32_t)status;
    dispatch->record.ExceptionAddress = (void *)dispatch->original.Rip;
    dispatch->outer = dispatching;
    dispatching = dispatch;
    search(dispatch);
    dispatching = dispatch->outer;
}

void seh_raise(uint32_t status)
{
    struct dispatch dispatch = {.frame = self->frame ? self->frame->outer : NULL};
    if (image.function_count && caller_context(&dispatch.original))
        dispatch_run(&dispatch, status);
}

void seh_fault(const struct fault *fault, const struct registers *r, bool in_driver)
{
    struct dispatch dispatch = {.frame = self->frame};
    uintptr_t access[] = {fault->write, fault->address};
    if (!image.function_count)
        return;
    if (in_driver) {
        memcpy(dispatch.original.general, r->r, sizeof r->r);
        memcpy(dispatch.original.xmm, fault->wide, sizeof dispatch.original.xmm);
        dispatch.original.Rip = r->ip;
    } else {
        if (!caller_context(&dispatch.original))
            return;
        dispatch.frame = self->frame->outer;
    }
    if (fault->status == STATUS_ACCESS_VIOLATION) {
        dispatch.record.NumberParameters = COUNT(access);
        memcpy(dispatch.record.ExceptionInformation, access, sizeof access);
    }
    dispatch_run(&dispatch, fault->status);
}

/* ---- what images call ---- */

EXPORT_GATED(void, RtlUnwindEx, false, uintptr_t frame, uintptr_t ip, EXCEPTION_RECORD *record, uintptr_t value, struct processor *context, void *history)
{
    ENTER(RtlUnwindEx, NULL);
    (void)context, (void)history;
    struct dispatch *current = record ? dispatching : NULL, fresh = {.frame = self->frame->outer};
    if (!current && !caller_context(&fresh.original))
        bugcheck(0x1E, (uintptr_t[]){STATUS_BAD_STACK, 0, frame, ip}, "an unwind without a frame");
    unwind_to(current ? current : &fresh, frame, ip, value);
}

/* What `__leave` and `return` in a __try block become: the termination handlers between here and `ip` run. */
EXPORT_GATED(void, _local_unwind, false, uintptr_t frame, uintptr_t ip)
{
    ENTER(_local_unwind, NULL);
    struct dispatch fresh = {.frame = self->frame->outer};
    if (caller_context(&fresh.original))
        unwind_to(&fresh, frame, ip, 0);
}

EXPORT_GATED(void, RtlCaptureContext, false, struct processor *context)
{
    ENTER(RtlCaptureContext, context);
    memset(context, 0, sizeof *context);
    caller_context(context);
    context->ContextFlags = ALL_REGISTERS;
}

EXPORT(const void *, RtlLookupFunctionEntry, uintptr_t address, uintptr_t *base, void *history)
{
    ENTER(RtlLookupFunctionEntry, NULL);
    (void)history;
    bool ours = image_contains(address);
    *base = ours ? (uintptr_t)image.base : 0;
    return ours ? unwind_function(address) : NULL;
}

EXPORT(void *, RtlPcToFileHeader, uintptr_t address, void **base)
{
    ENTER(RtlPcToFileHeader, NULL);
    *base = image_contains(address) ? image.base : NULL;
    return *base;
}

EXPORT(void *, RtlVirtualUnwind, uint32_t kind, uintptr_t base, uintptr_t address, const void *function, struct processor *context, void **data, uintptr_t *frame, void *pointers)
{
    ENTER(RtlVirtualUnwind, NULL);
    struct found found = {0};
    (void)base, (void)function, (void)pointers;
    context->Rip = address;
    if (!virtual_unwind(context, kind, &found))
        context->Rip = 0;
    *data = found.data;
    *frame = found.frame;
    return found.handler;
}

/* ---- the handler of C's __try: a table of scopes per function ---- */

struct scope {
    uint32_t begin, end, handler, target;
};
enum { EXECUTE_HANDLER = 1 };
typedef MS int filter_fn(void *pointers, uintptr_t frame);
typedef MS void termination_fn(int abnormal, uintptr_t frame);

static bool covers(const struct scope *scope, uint32_t at)
{
    return at >= scope->begin && at < scope->end;
}

static int filtered(const struct scope *scope, EXCEPTION_RECORD *record, struct processor *context, uintptr_t frame)
{
    EXCEPTION_POINTERS pointers = {.bytes_ = {0}};
    filter_fn *filter = (filter_fn *)(image.base + scope->handler);
    int verdict = EXECUTE_HANDLER;
    pointers.ExceptionRecord = record;
    pointers.ContextRecord = context;
    if (scope->handler != EXECUTE_HANDLER)
        CALL_DRIVER("ExceptionFilter", self->irql, NULL, verdict = filter(&pointers, frame));
    return verdict;
}

static int scopes_search(const struct scope *scopes, uint32_t count, EXCEPTION_RECORD *record, struct processor *context, struct to *to)
{
    uint32_t at = (uint32_t)(to->ControlPc - to->ImageBase);
    for (uint32_t i = to->ScopeIndex; i < count; i++) {
        if (!covers(&scopes[i], at) || !scopes[i].target)
            continue;
        int verdict = filtered(&scopes[i], record, context, to->EstablisherFrame);
        if (verdict < 0)
            return CONTINUE_EXECUTION;
        if (verdict > 0)
            unwind_to(dispatching, to->EstablisherFrame, to->ImageBase + scopes[i].target, (uint32_t)record->ExceptionCode);
    }
    return CONTINUE_SEARCH;
}

/* In the frame that is unwound to, the blocks around its new place stay: the first scope that holds the target ends the walk. */
static bool stays(const struct scope *scopes, uint32_t count, const struct scope *scope, uint32_t target)
{
    if (scope->target && scope->target == target)
        return true;
    for (uint32_t i = 0; i < count; i++)
        if (covers(&scopes[i], target) && scopes[i].target == scope->target && scopes[i].handler == scope->handler)
            return true;
    return false;
}

static int scopes_unwind(const struct scope *scopes, uint32_t count, const EXCEPTION_RECORD *record, struct to *to)
{
    uint32_t at = (uint32_t)(to->ControlPc - to->ImageBase), target = (uint32_t)(to->TargetIp - to->ImageBase);
    for (uint32_t i = to->ScopeIndex; i < count; i++) {
        if (!covers(&scopes[i], at))
            continue;
        if ((record->ExceptionFlags & TARGET_UNWIND) && stays(scopes, count, &scopes[i], target))
            break;
        if (scopes[i].target)
            continue;
        termination_fn *termination = (termination_fn *)(image.base + scopes[i].handler);
        to->ScopeIndex = i + 1;
        CALL_DRIVER("TerminationHandler", self->irql, NULL, termination(1, to->EstablisherFrame));
    }
    return CONTINUE_SEARCH;
}

EXPORT(int, __C_specific_handler, EXCEPTION_RECORD *record, uintptr_t frame, struct processor *context, struct to *to)
{
    ENTER(__C_specific_handler, NULL);
    (void)frame;
    const uint32_t *table = to->HandlerData;
    const struct scope *scopes = (const struct scope *)(table + 1);
    if (record->ExceptionFlags & UNWINDING)
        return scopes_unwind(scopes, *table, record, to);
    return scopes_search(scopes, *table, record, context, to);
}
#endif
