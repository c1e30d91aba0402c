/* How deep the driver's stack gets below each entry point. */
#pragma once
#include "host.h"

/* The driver is entered by this callback; it calls an export; it goes on after one; it has returned. */
void stack_entered(struct frame *callback);
void stack_called(struct frame *callback, uintptr_t sp);
void stack_resumed(const struct frame *callback);
void stack_left(struct frame *callback);
