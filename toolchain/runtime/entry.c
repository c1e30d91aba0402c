/* SPDX-License-Identifier: MIT
 *
 * Where Windows enters the image.
 */
#include "runtime.h"

int32_t __stdcall GsDriverEntry(DriverObject *driver, UnicodeString *registry_path);

/* Gives the stack cookie its value before any function that is guarded by it runs, then starts the driver. */
RUNTIME_INIT int32_t __stdcall GsDriverEntry(DriverObject *driver, UnicodeString *registry_path) {
    __security_init_cookie();
    return DriverEntry(driver, registry_path);
}
