/* Exceptions of x86-64: what is passed to handlers, and one step up the driver's frames with everything that is kept in them. */
#pragma once
#include "seh.h"

enum { UNWINDING = 2, TARGET_UNWIND = 0x20 };             /* EXCEPTION_RECORD.ExceptionFlags */
enum { CONTINUE_EXECUTION = 0, CONTINUE_SEARCH = 1 };     /* what a handler answers */

/* The state of a processor as the system describes it, as far as code in kernel mode has it. */
enum { ALL_REGISTERS = 0x10000B }; /* its flags: control, integer, floating point */
struct processor {
    uint64_t homes[6];
    uint32_t ContextFlags, MxCsr;
    uint16_t segments[6];
    uint32_t EFlags;
    uint64_t debug[6], general[REGISTERS], Rip; /* general: in the machine's order */
    uint8_t legacy[160], xmm[16][16], rest[560];
} __attribute__((aligned(16)));
_Static_assert(sizeof(struct processor) == 1232 && offsetof(struct processor, general) == 120 && offsetof(struct processor, Rip) == 248 && offsetof(struct processor, xmm) == 416,
               "the layout of x86-64");

struct to { /* what handlers are told: public, and in no header of the kit */
    uintptr_t ControlPc, ImageBase;
    const void *FunctionEntry;
    uintptr_t EstablisherFrame, TargetIp;
    struct processor *ContextRecord;
    void *LanguageHandler, *HandlerData, *HistoryTable;
    uint32_t ScopeIndex, Fill;
};
struct dispatch { /* one exception on its way */
    struct processor original; /* of the code that it came from */
    EXCEPTION_RECORD record;
    struct to to;
    struct frame *frame; /* the thread's innermost crossing once the driver goes on */
    struct dispatch *outer;
};
typedef MS int handler_fn(EXCEPTION_RECORD *record, uintptr_t frame, struct processor *context, struct to *to);
struct found { /* the function that a step left */
    const struct runtime_function *function;
    uintptr_t frame; /* its established frame */
    void *handler, *data;
};
/* One frame up from `context`; `kind` says which handler is wanted (1 exception, 2 unwind). False when the frames make no sense. */
bool virtual_unwind(struct processor *context, unsigned kind, struct found *found);
