/* Structured exceptions: seh_*.c of the architectures that have handlers in tables. */
#pragma once
#include "pe.h"

struct fault { /* of the processor */
    uint32_t status;
    bool write;
    uintptr_t address;
    const void *wide; /* the interrupted code's SSE registers */
};
/* Finds a handler for a fault of the driver's code at `r`, or of the running export on its behalf, and goes on in it. Returns when
   none takes it. */
void seh_fault(const struct fault *fault, const struct registers *r, bool in_driver);
/* The same for an exception of the running export, which the driver called. */
void seh_raise(uint32_t status);
