"""Packets and bundles: what tests send, and how they read what they get."""

from __future__ import annotations

import struct

HEADER = 16
MTU = 61_424
MAX_PACKETS = 256
SMALLEST_READ = 0xF000
LARGEST_BUNDLE = MAX_PACKETS * SMALLEST_READ
ICMP = 1
UDP = 17


def ipv4(size: int = 20, fill: int = 0, *, source: str = "10.0.0.1", destination: str = "10.0.0.2", protocol: int = UDP) -> bytes:
    """An IPv4 packet of `size` bytes in all (at least 20), its payload bytes `fill`, its header checksum right."""
    head = bytearray(struct.pack(">BBHHHBBH4s4s", 0x45, 0, size, 0, 0, 64, protocol, 0, _v4(source), _v4(destination)))
    head[10:12] = checksum(bytes(head)).to_bytes(2, "big")
    return bytes(head) + bytes([fill]) * (size - len(head))


def ipv6(size: int = 40, fill: int = 0, *, source: int = 1, destination: int = 2, protocol: int = UDP) -> bytes:
    """An IPv6 packet of `size` bytes in all (at least 40), its payload bytes `fill`; addresses are the last byte of fd00::."""
    head = struct.pack(">IHBB16s16s", 6 << 28, size - 40, protocol, 64, _v6(source), _v6(destination))
    return head + bytes([fill]) * (size - len(head))


def checksum(data: bytes) -> int:
    """The Internet checksum."""
    words: tuple[int, ...] = struct.unpack(f">{len(data) // 2}H", data)
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _v4(text: str) -> bytes:
    return bytes(int(part) for part in text.split("."))


def _v6(last: int) -> bytes:
    return b"\xfd" + bytes(14) + bytes([last])


def space(size: int) -> int:
    """What a packet of `size` bytes takes in a bundle: header, data, zeros up to a multiple of 16."""
    return -(-(HEADER + size) // HEADER) * HEADER


def bundle(*packets: bytes) -> bytes:
    """Packets as one write carries them."""
    return b"".join(
        len(each).to_bytes(4, "little") + bytes(12) + each + bytes(space(len(each)) - HEADER - len(each)) for each in packets
    )


def unbundle(data: bytes) -> list[bytes]:
    """The packets of a read; ValueError if it is no bundle, or its padding not zero."""
    packets = []
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        end = at + HEADER + size
        following = at + space(size)
        if following > len(data) or any(data[at + 4 : at + HEADER]) or any(data[end:following]):
            raise ValueError(f"no sound packet at byte {at} of {len(data)}: size {size}")
        packets.append(data[at + HEADER : end])
        at = following
    return packets
