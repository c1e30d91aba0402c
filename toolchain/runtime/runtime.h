/* SPDX-License-Identifier: MIT
 *
 * What the parts of the image runtime share. The runtime is linked into every driver image and needs no DDI header: its few
 * outside names are declared here.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* DriverEntry and what it calls once live in INIT, which Windows discards when DriverEntry has returned. */
#define RUNTIME_INIT __attribute__((section("INIT")))

typedef struct DriverObject DriverObject; /* passed through, never looked into */
typedef struct UnicodeString UnicodeString;

/* Supplied by the driver. */
int32_t __stdcall DriverEntry(DriverObject *driver, UnicodeString *registry_path);

/* The cookie that guards every frame with an array in it; the load configuration names it to Windows. */
extern uintptr_t __security_cookie;

void __security_init_cookie(void);
