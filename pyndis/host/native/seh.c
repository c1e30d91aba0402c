/* Structured exceptions: raising a status and finding the driver's __except block by its unwind data. */
#include "seh.h"

void bugcheck(uint32_t code, const uintptr_t *parameters, const char *text);

#if !defined(__x86_64__)
/* An image with handlers imports the system's part of them, which these hosts do not have. */
void seh_fault(const struct fault *fault, const struct registers *r, bool in_driver)
{
    (void)fault, (void)r, (void)in_driver;
}

void seh_raise(uint32_t status)
{
    (void)status;
}
#endif

/* Raises `status` in the driver function that called the running export. */
bool raise_status(uint32_t status)
{
    seh_raise(status);
    bugcheck(0x1E, (uintptr_t[]){status, self->frame->ip, 0, 0}, "the driver did not handle an exception");
    return false;
}

EXPORT_GATED(void, ExRaiseStatus, false, uint32_t status)
{
    ENTER(ExRaiseStatus, NULL);
    raise_status(status);
}

EXPORT_GATED(void, RtlRaiseStatus, false, uint32_t status)
{
    ENTER(RtlRaiseStatus, NULL);
    raise_status(status);
}

EXPORT_GATED(void, ExRaiseAccessViolation, false, void)
{
    ENTER(ExRaiseAccessViolation, NULL);
    raise_status(STATUS_ACCESS_VIOLATION);
}

EXPORT_GATED(void, ExRaiseDatatypeMisalignment, false, void)
{
    ENTER(ExRaiseDatatypeMisalignment, NULL);
    raise_status(STATUS_DATATYPE_MISALIGNMENT);
}

static bool user_range(uintptr_t address, size_t length, unsigned alignment)
{
    extern struct memory *memory_of_user(uintptr_t address);
    return !length || (address % (alignment ? alignment : 1) == 0 && memory_of_user(address) && memory_of_user(address + length - 1) == memory_of_user(address));
}

/* An address that is none of user mode, or not aligned as asked for, raises. */
static void probe(uintptr_t address, size_t length, uint32_t alignment)
{
    if (length && alignment && address % alignment)
        raise_status(STATUS_DATATYPE_MISALIGNMENT);
    if (!user_range(address, length, 1))
        raise_status(STATUS_ACCESS_VIOLATION);
}

EXPORT_GATED(void, ProbeForRead, false, uintptr_t address, size_t length, uint32_t alignment)
{
    ENTER(ProbeForRead, NULL);
    probe(address, length, alignment);
}

EXPORT_GATED(void, ProbeForWrite, false, uintptr_t address, size_t length, uint32_t alignment)
{
    ENTER(ProbeForWrite, NULL);
    probe(address, length, alignment);
}
