/* The driver as part of this program, in place of the host's loader and of its walk by unwind data. */
#include "pe.h"

extern uint8_t __start_driver_code[], __stop_driver_code[];
extern uint8_t DriverEntry[];
struct image image;
void linked_calls_bind(void);

/* Takes no file: what is loaded has been linked. */
bool image_load(const uint8_t *file, size_t size, const char *name, const char **code, struct text *text)
{
    (void)file, (void)size, (void)code, (void)text;
    linked_calls_bind();
    image.base = __start_driver_code;
    image.size = (size_t)(__stop_driver_code - __start_driver_code);
    image.entry = (uint32_t)(DriverEntry - __start_driver_code);
    snprintf(image.name, sizeof image.name, "%s", name);
    return true;
}

const struct runtime_function *unwind_function(uintptr_t address)
{
    (void)address;
    return NULL;
}

/* The driver is compiled with frame pointers: the caller's lies under the frame pointer, the return address above it. */
__attribute__((no_sanitize("address"))) bool unwind_step(struct registers *r)
{
    uintptr_t frame = r->r[5];
    if (frame % 8 || !self || frame < r->sp || frame >= self->stack_top)
        return false;
    r->sp = r->r[4] = frame + 16;
    r->r[5] = ((uintptr_t *)frame)[0];
    r->ip = ((uintptr_t *)frame)[1];
    return image_contains(r->ip);
}
