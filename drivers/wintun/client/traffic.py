"""How a client of Wintun makes traffic, for `pyndis test`: bundles of packets, written and read."""

from __future__ import annotations

from collections.abc import Sequence

from pyndis.host import Adapter, Handle, Process, Request

_HEADER = 16  # bytes before each packet: its size, then zeros
_READ = 0x2_0000  # bytes; the driver wants at least 0xF000, and longer ones cost time


def connect(process: Process, adapter: Adapter) -> Handle:
    """An open handle on the adapter's device, which ends in its LUID index."""
    devices = adapter.attributes["devices"].split(",")
    return process.open(next(each for each in devices if each.endswith(f"WINTUN{adapter.luid_index}") or len(devices) == 1))


def indicate(handle: Handle, packets: Sequence[bytes], wait: bool) -> Request:
    """One write."""
    return handle.write(b"".join(map(_record, packets)), wait=wait)


def _record(packet: bytes) -> bytes:
    return len(packet).to_bytes(4, "little") + bytes(_HEADER - 4) + packet + bytes(-len(packet) % _HEADER)


def take(handle: Handle, wait: bool) -> Request:
    """One read."""
    return handle.read(_READ, wait=wait)


def taken(request: Request) -> list[bytes]:
    """The packets of the bundle that the read got."""
    packets = []
    data = request.data
    while data:
        size = int.from_bytes(data[:4], "little")
        packets.append(data[_HEADER : _HEADER + size])
        data = data[_HEADER + size + -size % _HEADER :]
    return packets
