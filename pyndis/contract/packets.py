"""Packets that suit a medium: bare IP packets, or Ethernet frames around them."""

from __future__ import annotations

import struct

from pyndis.contract.declared import ETHERNET_HEADER, IP_MEDIUM

_IPV4_HEADER = 20
_IPV6_HEADER = 40
_UDP = 17
_SOURCE, _DESTINATION = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
_BROADCAST = b"\xff" * 6
_SENDER = bytes.fromhex("020000000001")  # locally administered
_IPV4, _IPV6 = 0x0800, 0x86DD


def smallest(medium: int) -> int:
    """Bytes of the smallest packet that `packet` makes."""
    return _IPV4_HEADER + (0 if medium == IP_MEDIUM else ETHERNET_HEADER)


def packet(medium: int, size: int, mark: int = 0) -> bytes:
    """A sound packet of `size` bytes, its link header included, whose content depends on `mark`."""
    if medium == IP_MEDIUM:
        return ip(size, mark)
    return (
        _BROADCAST
        + _SENDER
        + (_IPV6 if mark % 2 and size >= ETHERNET_HEADER + _IPV6_HEADER else _IPV4).to_bytes(2, "big")
        + ip(size - ETHERNET_HEADER, mark)
    )


def ip(size: int, mark: int = 0) -> bytes:
    """An IP packet of `size` bytes: IPv6 for odd marks where there is room for its header, else IPv4."""
    if mark % 2 and size >= _IPV6_HEADER:
        return _ipv6(size, mark)
    return _ipv4(size, mark)


def _payload(length: int, mark: int) -> bytes:
    return bytes((mark + at) & 0xFF for at in range(min(length, 256))).ljust(length, bytes([mark & 0xFF]))


def _ipv4(size: int, mark: int) -> bytes:
    head = bytearray(struct.pack(">BBHHHBBH4s4s", 0x45, 0, size & 0xFFFF, mark & 0xFFFF, 0, 64, _UDP, 0, _SOURCE, _DESTINATION))
    head[10:12] = _checksum(bytes(head)).to_bytes(2, "big")
    return bytes(head) + _payload(size - _IPV4_HEADER, mark)


def _ipv6(size: int, mark: int) -> bytes:
    address = b"\xfd" + bytes(14)
    head = struct.pack(">IHBB", 6 << 28, (size - _IPV6_HEADER) & 0xFFFF, _UDP, 64) + address + b"\1" + address + b"\2"
    return head + _payload(size - _IPV6_HEADER, mark)


def _checksum(data: bytes) -> int:
    words: tuple[int, ...] = struct.unpack(f">{len(data) // 2}H", data)
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
