/* String calls that know their buffer's size, always end what they write, and say when it did not fit. */
#pragma once

#include <stdarg.h>
#include <wdm.h>

#define NTSTRSAFEDDI FORCEINLINE NTSTATUS
#define STRSAFE_E_INSUFFICIENT_BUFFER STATUS_BUFFER_OVERFLOW

/* The kernel's own; the result is negative when the text did not fit, and then nothing ends it. */
DECLSPEC_IMPORT int NTAPIV _vsnwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, va_list Arguments);
DECLSPEC_IMPORT int NTAPIV _vsnprintf(char *Buffer, size_t Count, const char *Format, va_list Arguments);

#include "kernel/strings_wide.h"
#include "kernel/strings_narrow.h"
#include "kernel/strings_counted.h"
