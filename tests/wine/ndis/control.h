/* SPDX-License-Identifier: MIT
 *
 * Requests to \\.\NdisTest, all buffered. Numbers are 32 bits, little endian. The same numbers stand in tests/wine/operations.py.
 */
#pragma once

#define CONTROL(function) ((0x22u << 16) | ((0x800u + (function)) << 2))

/* Changes of the adapter's state: they run on a thread of their own, and end when the miniport has completed them. */
#define CONTROL_ADD CONTROL(1)     /* in: LUID index; out: status of Initialize, status of Restart */
#define CONTROL_PAUSE CONTROL(2)   /* out: status */
#define CONTROL_RESTART CONTROL(3) /* out: status */
#define CONTROL_HALT CONTROL(4)    /* paused first where it runs */
#define CONTROL_OID CONTROL(5)     /* in: type, OID, length, data; out: status, written, read, needed, buffer */

/* At once. */
#define CONTROL_SEND CONTROL(6)        /* in: NBLs; per NBL cancel id, NBs; per NB length, data */
#define CONTROL_CANCEL_SEND CONTROL(7) /* in: cancel id */
#define CONTROL_HOLD CONTROL(8)        /* in: 1 keep what is indicated, 0 return it inline */
#define CONTROL_RETURN CONTROL(9)      /* in: 1 last one first; out: how many */
#define CONTROL_LOG CONTROL(10)        /* out: lines since the last time, when no work item is left */
