/* What the driver calls, by the rows of calls.inc: exports of the host, and functions of the sanitizers and of C. The driver's calls
   follow the convention of Windows; the host's exports do too, the others are called as this system calls. */
#include "host.h"

typedef uintptr_t system_call(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d);

#define EXPORTED(name_)                                                                                                                \
    static void *export_##name_ __attribute__((used));                                                                                 \
    __asm__(".globl driver_" #name_ "\n.type driver_" #name_ ",@function\ndriver_" #name_ ": jmp *export_" #name_ "(%rip)\n");
#define EXPORTED_DATA(name_) void *driver___imp_##name_;
#define SYSTEM(name_)                                                                                                                  \
    uintptr_t system_##name_(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d) __asm__(#name_);                                      \
    MS uintptr_t driver_##name_(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d)                                                    \
    {                                                                                                                                  \
        return system_##name_(a, b, c, d);                                                                                             \
    }
#include "calls.inc"
#undef EXPORTED
#undef EXPORTED_DATA
#undef SYSTEM

static const struct {
    const char *name;
    void **slot;
} slots[] = {
#define EXPORTED(name_) {#name_, &export_##name_},
#define EXPORTED_DATA(name_) {#name_, &driver___imp_##name_},
#define SYSTEM(name_)
#include "calls.inc"
};

/* The driver's frames may be larger than a page here; the stack is committed. The size stays in RAX. */
__asm__(".globl driver___chkstk\ndriver___chkstk: ret\n");

void linked_calls_bind(void)
{
    for (size_t i = 0; i < COUNT(slots); i++) {
        struct export *export = export_find(slots[i].name);
        if (!export) {
            fprintf(stderr, "the host does not export %s\n", slots[i].name);
            exit(2);
        }
        *slots[i].slot = export->function;
    }
}
