"""A program that is the client of a driver (`pyndis run --client exec:…`) and answers echo requests (RFC 792) as a peer would."""

from __future__ import annotations

import sys
from typing import BinaryIO

HEADER = 16
ECHO, ECHO_REPLY = 8, 0
ICMP = 1


def answer(packet: bytearray) -> bytearray | None:
    """The reply to an IPv4 echo request without options; None for any other packet."""
    if len(packet) < 28 or (packet[0], packet[9], packet[20]) != (0x45, ICMP, ECHO):
        return None
    packet[12:16], packet[16:20] = packet[16:20], packet[12:16]  # the header's checksum stays: a sum does not mind the order
    total = int.from_bytes(packet[22:24], "big") + (ECHO << 8)  # the type is taken out of a sum that is kept inverted
    packet[20] = ECHO_REPLY
    packet[22:24] = ((total & 0xFFFF) + (total >> 16)).to_bytes(2, "big")
    return packet


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Until the source ends: packets as bundles have them, each filled up to a multiple of the header's size."""
    while len(head := source.read(HEADER)) == HEADER:
        size = int.from_bytes(head[:4], "little")
        padding = -size % HEADER
        reply = answer(bytearray(source.read(size + padding)[:size]))
        if reply is not None:
            sink.write(head + reply + bytes(padding))
            sink.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
