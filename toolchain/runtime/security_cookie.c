/* SPDX-License-Identifier: MIT
 *
 * The stack cookie: its value, its check in the epilogue of guarded functions, and what happens when it was overwritten.
 */
#include "runtime.h"

/* A loader that finds exactly these values replaces them with random ones (Windows 8 and later). */
#ifdef _WIN64
#define DEFAULT_COOKIE 0x00002B992DDFA232u
/* The two topmost bytes stay zero: a string that runs over the cookie cannot write them and go on. */
#define COOKIE_BITS 0x0000FFFFFFFFFFFFu
#else
#define DEFAULT_COOKIE 0xBB40E64Eu
#define COOKIE_BITS 0xFFFFFFFFu
#endif

uintptr_t __security_cookie = DEFAULT_COOKIE;

/* A counter that differs at each load and needs neither an import nor a privileged instruction. */
static inline uint64_t cycle_count(void) {
#ifdef __aarch64__
    uint64_t count;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
    return count;
#else
    return __builtin_ia32_rdtsc();
#endif
}

/* Windows 7 leaves the default value in place, so mix one from what an attacker cannot know: time, image and stack address.
 * The multiplication spreads the quickly changing low bits of the counter over all bits. */
RUNTIME_INIT void __security_init_cookie(void) {
    if (__security_cookie != DEFAULT_COOKIE && __security_cookie != 0) {
        return;
    }
    uintptr_t here = (uintptr_t)&__security_cookie;
    uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
    uintptr_t cookie = (uintptr_t)(cycle_count() * 0x9E3779B97F4A7C15u >> 8) ^ here ^ (stack << 12);
    cookie &= COOKIE_BITS;
    __security_cookie = (cookie == 0 || cookie == DEFAULT_COOKIE) ? DEFAULT_COOKIE + 1 : cookie;
}

#ifdef __aarch64__

/* Fast fail is understood by every Windows on ARM64: the code (2, FAST_FAIL_STACK_COOKIE_CHECK_FAILURE) is in W0. */
#define FAST_FAIL_STACK_COOKIE 2

_Noreturn static void report_overrun(uintptr_t cookie) {
    (void)cookie;
    register uint32_t code __asm__("w0") = FAST_FAIL_STACK_COOKIE;
    __asm__ volatile("brk #0xF003" : : "r"(code));
    __builtin_unreachable();
}

#else

/* Windows 7 does not understand fast fail (int 29h), hence the bug check. */
#define DRIVER_OVERRAN_STACK_BUFFER 0xF7u

__declspec(dllimport) _Noreturn void __stdcall KeBugCheckEx(uint32_t code, uintptr_t first, uintptr_t second, uintptr_t third,
                                                            uintptr_t fourth);

/* Parameters as the bug check's documentation gives them: found, expected, complement of the expected, zero. */
_Noreturn static __attribute__((noinline)) void report_overrun(uintptr_t cookie) {
    KeBugCheckEx(DRIVER_OVERRAN_STACK_BUFFER, cookie, __security_cookie, ~__security_cookie, 0);
}

#endif

void __fastcall __security_check_cookie(uintptr_t cookie);

/* clang calls this before the epilogue of a guarded function, the cookie in RCX (x64), ECX (x86) or X0 (ARM64). On success
 * it changes no register but the flags (and X8 on ARM64), as the Windows conventions ask. */
void __fastcall __security_check_cookie(uintptr_t cookie) {
    if (__builtin_expect(cookie != __security_cookie, 0)) {
        report_overrun(cookie);
    }
}
