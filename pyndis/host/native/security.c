/* Driver Verifier's security checks: strings whose lengths make no sense, and user addresses that reach system services, which trust
   what kernel mode hands them. */
#include "io.h"

void string_check(const UNICODE_STRING *string, const char *call)
{
    if (string->Length % 2 || string->MaximumLength % 2 || string->Length > string->MaximumLength)
        violation("UnicodeString", string, "%s gets a string of %u bytes in a buffer of %u", call, string->Length, string->MaximumLength);
    system_pointer_check(string->Buffer, call);
}

void system_pointer_check(const void *pointer, const char *call)
{
    if (memory_of_user((uintptr_t)pointer))
        violation("UserPointer", pointer, "%s gets the user address %p from kernel mode", call, pointer);
}
