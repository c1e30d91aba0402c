/* The state of interrupted code, and back into it: arch_*.c. */
#pragma once
#include "pe.h"
#include <ucontext.h>

void registers_read(const ucontext_t *context, struct registers *registers);
void registers_write(ucontext_t *context, const struct registers *registers);
bool access_is_write(const ucontext_t *context);
/* Does the work of an instruction that only kernels may execute; false when it is none that this host knows. */
bool instruction_emulated(ucontext_t *context);
