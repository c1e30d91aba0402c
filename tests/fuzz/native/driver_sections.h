/* Included before the driver's C: its code lies together, so that the host can tell it from its own. */
#pragma clang section text = "driver_code"
