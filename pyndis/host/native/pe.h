/* The mapped image. */
#pragma once
#include "host.h"

struct runtime_function {
#if defined(__x86_64__)
    uint32_t begin, end, unwind;
#else
    uint32_t begin, unwind;
#endif
};
struct image {
    uint8_t *base;
    size_t size;
    char name[64];
    uint32_t entry;
    uint64_t preferred_base;
    const struct runtime_function *functions;
    size_t function_count;
    uint16_t imports;
};
extern struct image image;
/* Maps, relocates, binds. On failure returns false with the protocol's error code and a text. */
bool image_load(const uint8_t *file, size_t size, const char *name, const char **code, struct text *text);
static inline bool image_contains(uintptr_t address)
{
    return address - (uintptr_t)image.base < image.size && image.base;
}
/* unwind.c: one step up from `registers` inside the image; false at the end. */
bool unwind_step(struct registers *registers);
const struct runtime_function *unwind_function(uintptr_t address);
