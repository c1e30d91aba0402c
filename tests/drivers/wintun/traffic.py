"""What went through the driver, as lists of packets."""

from __future__ import annotations

from pyndis.host import Adapter, Handle
from tests.host.packets import LARGEST_BUNDLE, unbundle


def received(adapter: Adapter) -> list[bytes]:
    """What the stack got, in order."""
    return [each.data for each in adapter.received]


def read_all(handle: Handle) -> list[bytes]:
    """What waits, as far as the largest reads take it."""
    packets: list[bytes] = []
    while (read := handle.read(LARGEST_BUNDLE)).done:
        packets += unbundle(read.data)
    read.cancel()
    return packets
