/* Calls into the kernel that the client stops, to look at the driver while one of its threads stands there. */
#pragma once
#include "host.h"

extern bool holds_armed;
/* Waits if this is a call that the client wants held. */
void hold_point(const struct export *export);
