/* Variables that the kernel exports, and the probe of the stack that compilers call: stacks are there in full. */
#include "host.h"

static const uint32_t build_number = 0xF0000000 | 19041; /* the top bits: a free build */
static const uint8_t no = 0, yes = 1;
static const uint32_t safe_boot_mode;
static const uint64_t user_probe_address = 0x7FFFFFFF0000;
EXPORT_DATA(NtBuildNumber, (void *)&build_number)
EXPORT_DATA(KdDebuggerEnabled, (void *)&no)
EXPORT_DATA(KdDebuggerNotPresent, (void *)&yes)
EXPORT_DATA(InitSafeBootMode, (void *)&safe_boot_mode)
EXPORT_DATA(MmUserProbeAddress, (void *)&user_probe_address)

#if defined(__x86_64__)
__attribute__((naked)) static void nt___chkstk(void)
{
    __asm__("ret");
}
EXPORT_ROW(__chkstk, false)
#endif
