/* SPDX-License-Identifier: MIT
 *
 * memcpy, memmove, memset and memcmp: the compiler calls them for struct copies, the driver for payloads of up to 61 KB.
 *
 * One routine serves memcpy and memmove, so that an overlap can never corrupt. Short blocks are loaded whole into registers
 * before the first store; longer ones go a block a turn; large ones, apart from each other, by the string instructions.
 */
#include "memory.h"

void *memcpy(void *restrict destination, const void *restrict source, size_t count);
void *memmove(void *destination, const void *source, size_t count);
void *memset(void *destination, int byte, size_t count);
int memcmp(const void *left, const void *right, size_t count);

/* From one to two `type`s by two that overlap, both loaded before either is stored. */
#define COPY_ENDS(type, to, from, count)                                                                                         \
    do {                                                                                                                         \
        const type head = LOAD(type, from);                                                                                      \
        const type tail = LOAD(type, (from) + (count) - sizeof(type));                                                           \
        STORE(type, to, head);                                                                                                   \
        STORE(type, (to) + (count) - sizeof(type), tail);                                                                        \
    } while (0)

#define FILL_ENDS(type, to, bits, count)                                                                                         \
    do {                                                                                                                         \
        STORE(type, to, bits);                                                                                                   \
        STORE(type, (to) + (count) - sizeof(type), bits);                                                                        \
    } while (0)

/* At most BLOCK bytes. */
static ALWAYS_INLINE void copy_short(uint8_t *to, const uint8_t *from, size_t count) {
#ifndef __i386__
    if (count >= sizeof(Half)) {
        COPY_ENDS(Half, to, from, count);
        return;
    }
    if (count >= sizeof(Quarter)) {
        COPY_ENDS(Quarter, to, from, count);
        return;
    }
    if (count >= 8) {
        COPY_ENDS(uint64_t, to, from, count);
        return;
    }
#endif
    if (count >= 4) {
        COPY_ENDS(uint32_t, to, from, count);
    } else if (count >= 2) {
        COPY_ENDS(uint16_t, to, from, count);
    } else if (count == 1) {
        *to = *from;
    }
}

/* The long ways are functions of the same type as the one they serve, which jumps to them: they need registers that must be
 * saved, and the short way, taken most, shall not pay for it. */

/* More than BLOCK bytes, `to` below `from` or apart from it. */
static NEVER_INLINE void *copy_upwards(void *destination, const void *source, size_t count) {
    uint8_t *const to = destination;
    const uint8_t *const from = source;
    const Block last = LOAD(Block, from + count - BLOCK); /* before a store can reach it */
    const size_t end = count - BLOCK;
    for (size_t at = 0; at < end; at += BLOCK) {
        STORE(Block, to + at, LOAD(Block, from + at));
    }
    STORE(Block, to + end, last);
    return destination;
}

/* More than BLOCK bytes, `to` above `from`. */
static NEVER_INLINE void *copy_downwards(void *destination, const void *source, size_t count) {
    uint8_t *const to = destination;
    const uint8_t *const from = source;
    const Block first = LOAD(Block, from);
    for (size_t left = count; left > BLOCK;) {
        left -= BLOCK;
        STORE(Block, to + left, LOAD(Block, from + left));
    }
    STORE(Block, to, first);
    return destination;
}

void *memmove(void *destination, const void *source, size_t count) {
    const uintptr_t above = (uintptr_t)destination - (uintptr_t)source; /* wraps around, to a large value, where it is below */
    if (count <= BLOCK) {
        copy_short(destination, source, count);
        return destination;
    }
    if (above < count) {
        JUMP copy_downwards(destination, source, count);
    }
#if REP_BYTES != 0
    if (count >= REP_BYTES && -above >= count) {
        JUMP rep_copy(destination, source, count);
    }
#endif
    JUMP copy_upwards(destination, source, count);
}

void *memcpy(void *restrict destination, const void *restrict source, size_t count) __attribute__((alias("memmove")));

/* At most BLOCK bytes, each of which is a byte of `pattern`. */
static ALWAYS_INLINE void fill_short(uint8_t *to, uint64_t pattern, size_t count) {
#ifndef __i386__
    if (count >= sizeof(Half)) {
        FILL_ENDS(Half, to, (Half){0} + pattern, count);
        return;
    }
    if (count >= sizeof(Quarter)) {
        FILL_ENDS(Quarter, to, (Quarter){0} + pattern, count);
        return;
    }
    if (count >= 8) {
        FILL_ENDS(uint64_t, to, pattern, count);
        return;
    }
#endif
    if (count >= 4) {
        FILL_ENDS(uint32_t, to, (uint32_t)pattern, count);
    } else if (count >= 2) {
        FILL_ENDS(uint16_t, to, (uint16_t)pattern, count);
    } else if (count == 1) {
        *to = (uint8_t)pattern;
    }
}

/* More than BLOCK bytes. */
static NEVER_INLINE void *fill_long(void *destination, int byte, size_t count) {
    uint8_t *const to = destination;
    const Block block = (Block){0} + PATTERN(byte);
    const size_t end = count - BLOCK;
    for (size_t at = 0; at < end; at += BLOCK) {
        STORE(Block, to + at, block);
    }
    STORE(Block, to + end, block);
    return destination;
}

void *memset(void *destination, int byte, size_t count) {
    if (count <= BLOCK) {
        fill_short(destination, PATTERN(byte), count);
        return destination;
    }
#if REP_BYTES != 0
    if (count >= REP_BYTES) {
        JUMP rep_fill(destination, byte, count);
    }
#endif
    JUMP fill_long(destination, byte, count);
}

/* Words until they differ; the byte that decides is then found in the word. */
int memcmp(const void *left, const void *right, size_t count) {
    const uint8_t *a = left;
    const uint8_t *b = right;
    for (; count >= sizeof(uintptr_t); count -= sizeof(uintptr_t), a += sizeof(uintptr_t), b += sizeof(uintptr_t)) {
        if (LOAD(uintptr_t, a) != LOAD(uintptr_t, b)) {
            break;
        }
    }
    for (; count != 0; count--, a++, b++) {
        if (*a != *b) {
            return *a - *b;
        }
    }
    return 0;
}
