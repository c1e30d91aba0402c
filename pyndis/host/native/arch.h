/* What differs between the architectures: calling conventions of Windows' kernel, layouts, the processor's registers. */
#pragma once
#include <stdint.h>

#if defined(__x86_64__)
#define MS __attribute__((ms_abi))
#elif defined(__aarch64__)
#define MS __attribute__((ms_abi)) /* differs from Linux' in variadic functions only */
#elif defined(__i386__)
#define MS __attribute__((stdcall))
#else
#error "no driver runs on this architecture"
#endif

/* Variable arguments as Windows passes them. */
#if defined(__i386__)
typedef __builtin_va_list ms_va_list;
#define ms_va_start __builtin_va_start
#define ms_va_end __builtin_va_end
#else
typedef __builtin_ms_va_list ms_va_list;
#define ms_va_start __builtin_ms_va_start
#define ms_va_end __builtin_ms_va_end
#endif

/* The convention of an export: what `conventions.inc` (x86 only) names for it, otherwise MS. An entry there is
   `#define CONVENTION_Name x, fastcall`, so that it moves MS out of the second place. */
#define CONVENTION_SECOND_(first, second, ...) second
#define CONVENTION_SECOND(...) CONVENTION_SECOND_(__VA_ARGS__)
#define CONVENTION(name_) CONVENTION_SECOND(CONVENTION_##name_, MS, MS)

#define PACKED __attribute__((packed))
#if defined(__i386__)
#include "conventions.inc"
#include "constants_x86.inc"
#include "layouts_x86.inc"
#else
#include "constants.inc"
#include "layouts.inc"
#endif

/* Address space for what the kernel gives out, and the numbers that stand for user memory: page numbers above those of any
   address of the host, and addresses where nothing is mapped. */
#if defined(__x86_64__)
#define ARENA_SIZE (64ull << 30)
#define ARENA_PLACE 0x7a0000000000ull
#define PFN_BASE (1ull << 36)
#define USER_BASE 0x10000000000ull
#define PFN_SPACE (1u << 24)
#else
#define ARENA_SIZE (1u << 30) /* x86 has no more; an emulator of ARM64 pays for each page */
#define PFN_SPACE (1u << 16)
#if defined(__i386__)
#define ARENA_PLACE 0x40000000u
#define PFN_BASE 0x100000u
#define USER_BASE 0x20000000u
#else
#define ARENA_PLACE 0x7a0000000000ull
#define PFN_BASE (1ull << 36)
#define USER_BASE 0x10000000000ull
#endif
#endif

#if defined(__aarch64__)
enum { REGISTERS = 32, STACK_POINTER = 31, FRAME_POINTER = 29 };
#elif defined(__x86_64__)
enum { REGISTERS = 16, STACK_POINTER = 4, FRAME_POINTER = 5 };
#else
enum { REGISTERS = 8, STACK_POINTER = 4, FRAME_POINTER = 5 };
#endif
struct registers {
    uintptr_t ip, sp, r[REGISTERS]; /* r in the machine's order: x86 ax cx dx bx sp bp si di 8…15, ARM64 x0…x30 sp */
};

/* The stack pointer with which the caller called the function that this stands in, the return address popped. */
#if defined(__aarch64__)
#define ENTRY_STACK() ((uintptr_t)__builtin_sponentry())
#else
#define ENTRY_STACK() ((uintptr_t)__builtin_frame_address(0) + 2 * sizeof(uintptr_t))
#endif

static inline void processor_pause(void)
{
#if defined(__aarch64__)
    __asm__ volatile("yield");
#else
    __builtin_ia32_pause();
#endif
}
