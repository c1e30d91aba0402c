// SPDX-License-Identifier: MIT
//
// Control flow guard: the two pointers that guarded code calls through, and what they point to on a system that does not
// know the guard (Windows 7 and 8). A system that does replaces the pointers when it loads the image; they lie in a section
// of their own, which is read-only at all other times.

#if defined(__i386__)
#define SYMBOL(name) _##name
#define POINTER .long
#define POINTER_BITS 2
#else
#define SYMBOL(name) name
#define POINTER .quad
#define POINTER_BITS 3
#endif

        .section .text,"xr"
#if defined(__i386__)
        // Says that this object holds no exception handler that safe exception handling would have to list.
        .globl  @feat.00
@feat.00 = 1
#endif

// Check: the target (ECX on x86, X15 on ARM64, RCX on x64) is called by the caller afterwards. Nothing is to be done.
        .globl  SYMBOL(__guard_check_icall_nop)
        .p2align 4
SYMBOL(__guard_check_icall_nop):
        ret

#if defined(__x86_64__)
// Dispatch (x64 only): checks and calls the target in RAX. Here it only goes there.
        .globl  __guard_dispatch_icall_nop
        .p2align 4
__guard_dispatch_icall_nop:
        jmpq    *%rax
#endif

        .section .00cfg,"dr"
        .p2align POINTER_BITS
        .globl  SYMBOL(__guard_check_icall_fptr)
SYMBOL(__guard_check_icall_fptr):
        POINTER SYMBOL(__guard_check_icall_nop)
#if defined(__x86_64__)
        .globl  __guard_dispatch_icall_fptr
__guard_dispatch_icall_fptr:
        .quad   __guard_dispatch_icall_nop
#endif
