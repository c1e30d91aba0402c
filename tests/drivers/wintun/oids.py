"""The table of OIDs of the specification (W-82), as data."""

from __future__ import annotations

MTU = 61_424
DESCRIPTION = b"Wintun Tunnel\0"


def number(value: int) -> bytes:
    """A ULONG as it lies in a buffer."""
    return value.to_bytes(4, "little")


CONSTANT_ANSWERS = {
    "GEN_MAXIMUM_TOTAL_SIZE": number(MTU),
    "GEN_TRANSMIT_BLOCK_SIZE": number(MTU),
    "GEN_RECEIVE_BLOCK_SIZE": number(MTU),
    "GEN_TRANSMIT_BUFFER_SPACE": number(MTU * 1000),
    "GEN_RECEIVE_BUFFER_SPACE": number(MTU * 256),
    "GEN_VENDOR_ID": b"\xff\xff\xff\0",
    "GEN_VENDOR_DESCRIPTION": DESCRIPTION,
}
COUNTERS = ("GEN_XMIT_OK", "GEN_RCV_OK")
SIZES = {
    **{name: len(answer) for name, answer in CONSTANT_ANSWERS.items()},
    "GEN_VENDOR_DRIVER_VERSION": 4,
    "GEN_STATISTICS": 152,
    "GEN_INTERRUPT_MODERATION": 12,
}
"""Bytes of each answer that has one size."""
QUERIES = {*SIZES, *COUNTERS, "PNP_QUERY_POWER"}
SETS = {
    *("GEN_CURRENT_PACKET_FILTER", "GEN_CURRENT_LOOKAHEAD", "GEN_LINK_PARAMETERS", "GEN_INTERRUPT_MODERATION"),
    *("PM_PARAMETERS", "PNP_SET_POWER"),
}
