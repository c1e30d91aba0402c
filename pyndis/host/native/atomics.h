/* Breakpoints at the driver's atomic instructions. */
#pragma once
#include <stdbool.h>
/* Whether a trap was one of these; the context is made ready to go on. */
bool atomics_trap(void *context);
