"""What scenarios share: their list, and observations that many make."""

from __future__ import annotations

from collections.abc import Callable

from tests.host.packets import bundle
from tests.host.statuses import Ndis, Nt
from tests.wine.operations import Operation, done

IPV4, IPV6 = 0x0800, 0x86DD
STATUS_OBJECT_NAME_NOT_FOUND = 0xC0000034

Scenario = list[Operation]
SCENARIOS: dict[str, Callable[[], Scenario]] = {}


def scenario(make: Callable[[], Scenario]) -> Callable[[], Scenario]:
    """Register it under its own name."""
    SCENARIOS[make.__name__] = make
    return make


def sent(first: int, count: int, status: int = Ndis.SUCCESS) -> list[tuple[int, int]]:
    """In a log: `count` NBLs from number `first`, given back in order with one status."""
    return [(number, status) for number in range(first, first + count)]


def read_of(name: str, *packets: bytes) -> Operation:
    """A read that has got just these packets, their padding zero."""
    data = bundle(*packets)
    return done(name, Nt.SUCCESS, len(data), data)
