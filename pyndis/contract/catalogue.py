"""All cases, in the order in which they run: what a driver's life begins with first."""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.contract.areas import cancels, devices, life, oid_lengths, oids, pauses, power, receives, removal, send_shapes, sends
from pyndis.contract.case import Area, Case
from pyndis.contract.faults import paths
from pyndis.contract.scenarios import free

AREAS: tuple[Area, ...] = (
    life.AREA,
    pauses.AREA,
    oids.AREA,
    oid_lengths.AREA,
    sends.AREA,
    send_shapes.AREA,
    receives.AREA,
    cancels.AREA,
    power.AREA,
    removal.AREA,
    devices.AREA,
    paths.AREA,
    free.AREA,
)


def cases() -> Iterator[Case]:
    """Every case."""
    for area in AREAS:
        yield from area.cases
