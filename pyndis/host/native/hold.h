/* Calls into the kernel that the client stops, to look at the driver while one of its threads stands there. */
#pragma once
#include "host.h"

extern bool holds_armed;
extern atomic_int holds_standing; /* threads that stand in one: what they have in hand is not lost */
/* Waits if this is a call that the client wants held. */
void hold_point(const struct export *export);
