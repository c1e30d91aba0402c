/* The state of interrupted code, and back into it: arch_*.c. */
#pragma once
#include "pe.h"
#include <ucontext.h>

void registers_read(const ucontext_t *context, struct registers *registers);
void registers_write(ucontext_t *context, const struct registers *registers);
bool access_is_write(const ucontext_t *context);
/* Does the work of an instruction that only kernels may execute; false when it is none that this host knows. */
bool instruction_emulated(ucontext_t *context);
/* The interrupted code's wide registers, as far as exception handlers need them. */
const void *registers_wide(const ucontext_t *context);
/* Whether an instruction stands there by which code gives up, and with which code. */
enum trap { TRAP_NONE, TRAP_FAIL_FAST, TRAP_ASSERTION };
enum trap trap_at(const struct registers *registers, uint32_t *code);
