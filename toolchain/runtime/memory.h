/* SPDX-License-Identifier: MIT
 *
 * The widths that memory.c works in, per architecture, and unaligned access to them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NEVER_INLINE __attribute__((noinline))
#define JUMP __attribute__((musttail)) return

/* A block is what one turn of a loop moves, in registers: four of SSE or NEON, or two general ones on x86, where a driver may
 * not touch SSE. A half and a quarter are what shorter regions are moved in. */
#ifdef __i386__
typedef uint64_t Block;
#else
typedef uint64_t Block __attribute__((vector_size(64)));
typedef uint64_t Half __attribute__((vector_size(32)));
typedef uint64_t Quarter __attribute__((vector_size(16)));
#endif

#define BLOCK sizeof(Block)

/* From here up the string instructions beat the loop; 0: there are none. Measured on processors with enhanced `rep movsb`
 * (Intel since 2012, AMD since 2020), where the byte form is as fast misaligned as aligned: 1400 bytes in two thirds of the
 * loop's time, 4 KB in one third. Machines that run 32-bit Windows are older: the word form serves them better. */
#if defined(__x86_64__)
#define REP_BYTES 1024
#elif defined(__i386__)
#define REP_BYTES 64
#else
#define REP_BYTES 0
#endif

/* Lets any type be read and written at any address. */
#define UNALIGNED(type) struct { type value; } __attribute__((packed, may_alias))
#define LOAD(type, from) (((const UNALIGNED(type) *)(from))->value)
#define STORE(type, to, bits) (((UNALIGNED(type) *)(to))->value = (bits))

/* Eight times the byte. */
#define PATTERN(byte) ((uint8_t)(byte) * 0x0101010101010101u)

/* Regions of at least four bytes, apart from each other. */
#if defined(__x86_64__)
static NEVER_INLINE void *rep_copy(void *destination, const void *source, size_t count) {
    void *to = destination;
    const void *from = source;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    return destination;
}

static NEVER_INLINE void *rep_fill(void *destination, int byte, size_t count) {
    void *to = destination;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(byte) : "memory");
    return destination;
}
#elif defined(__i386__)
static NEVER_INLINE void *rep_copy(void *destination, const void *source, size_t count) {
    void *to = destination;
    const void *from = source;
    const uint32_t last = LOAD(uint32_t, (const uint8_t *)source + count - 4);
    size_t words = count / 4;
    __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    STORE(uint32_t, (uint8_t *)destination + count - 4, last);
    return destination;
}

static NEVER_INLINE void *rep_fill(void *destination, int byte, size_t count) {
    void *to = destination;
    const uint32_t pattern = (uint32_t)PATTERN(byte);
    size_t words = count / 4;
    __asm__ volatile("rep stosl" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
    STORE(uint32_t, (uint8_t *)destination + count - 4, pattern);
    return destination;
}
#endif
