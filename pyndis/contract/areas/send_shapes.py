"""Sends of every shape: empty, huge, in fragments, with an offset, with pages that cannot be mapped."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from pyndis.contract.bench import Bench, Rig
from pyndis.contract.case import Area
from pyndis.contract.statuses import SUCCESS
from pyndis.host import Nb, Nbl

AREA = Area("send-shapes", "sends of every shape")

_OVER = (1, 100, 4096)  # bytes over the largest frame
_LARGEST_NB = 1 << 20

Shape = Callable[[Rig], Sequence[Nbl]]


def _all_come_back(bench: Bench, shape: Shape) -> None:
    """In a driver with and without a client, at both IRQLs."""
    for connected in (False, True):
        with bench.start() as rig:
            if connected and bench.subject.traffic is None:
                return
            if connected:
                rig.client()
            nbls = shape(rig)
            rig.sends_end([rig.adapter.send(nbls, dispatch=dispatch) for dispatch in (False, True)])
            rig.sends_end([rig.adapter.send([each]) for each in nbls])
            bench.count("NBLs", 3 * len(nbls))


def _case(name: str, claim: str, *contract: str) -> Callable[[Shape], Shape]:
    def add(shape: Shape) -> Shape:
        AREA.case(name, claim, *contract)(lambda bench: _all_come_back(bench, shape))
        return shape

    return add


@_case("many-nbs", "an NBL of many NBs comes back as one", "NM-45")
def many_nbs(rig: Rig) -> list[Nbl]:
    return [Nbl([Nb(rig.packet(mark=mark)) for mark in range(count)]) for count in (1, 2, 3, 64, 300)]


@_case("long-chain", "a chain of a thousand NBLs comes back whole", "NM-42")
def long_chain(rig: Rig) -> list[Nbl]:
    return [Nbl([Nb(rig.packet(mark=mark))]) for mark in range(1000)]


@_case("empty", "an NB without data comes back", "NM-48")
def empty(rig: Rig) -> list[Nbl]:
    nothing = Nb(b"")
    return [Nbl([nothing]), Nbl([nothing, nothing]), Nbl([Nb(rig.packet()), nothing, Nb(rig.packet())]), Nbl([Nb(b"", [16], 5)])]


@_case("tiny", "NBs shorter than any header come back", "NM-48")
def tiny(rig: Rig) -> list[Nbl]:
    return [Nbl([Nb(rig.packet()[:length])]) for length in range(1, 48)]


@_case("huge", "NBs longer than the MTU come back", "NM-48")
def huge(rig: Rig) -> list[Nbl]:
    limit = rig.declared.largest_frame
    sizes = [limit - 1, limit, *(limit + over for over in _OVER), 65535, 65536, _LARGEST_NB]
    return [Nbl([Nb(rig.packet(size))]) for size in sizes]


@_case("not-ip", "NBs of noise come back", "NM-48")
def noise(rig: Rig) -> list[Nbl]:
    source = random.Random(48)
    return [Nbl([Nb(source.randbytes(length))]) for length in (1, 14, 20, 33, 40, 60, 64, 128, 1499)]


@_case("fragments", "NBs in MDLs of odd sizes come back", "NM-35", "NM-33")
def fragments(rig: Rig) -> list[Nbl]:
    size = 200
    splits = [[1] * size, [1, size - 1], [size - 1, 1], [3, 5, 7, 11, 13], [20, 20, 20], [0, size], [64, 0, size - 64]]
    return [Nbl([Nb(rig.packet(size, mark), split)]) for mark, split in enumerate(splits)]


@_case("offset", "NBs that begin inside their MDLs come back", "NM-33")
def offset(rig: Rig) -> list[Nbl]:
    return [Nbl([Nb(rig.packet(100, mark), [ahead, 40], ahead)]) for mark, ahead in enumerate((1, 14, 63, 64, 4095, 4096, 5000))]


@_case("unmappable", "NBs whose pages cannot be mapped come back, and the driver lives", "NM-35")
def unmappable(rig: Rig) -> list[Nbl]:
    sound, broken = Nb(rig.packet(100)), Nb(rig.packet(100), unmappable=True)
    split = Nb(rig.packet(100), [7, 30], unmappable=True)
    return [Nbl([broken]), Nbl([sound, broken, sound]), Nbl([split]), Nbl([broken] * 10), Nbl([sound])]


@AREA.case("flags", "the flags of a send change nothing about who owns it", "NM-41")
def flags(bench: Bench) -> None:
    with bench.start() as rig:
        for bit in range(1, 16):
            rig.sends_end([rig.adapter.send(rig.packets(2), flags=1 << bit)])
            rig.sends_end([rig.adapter.send([Nbl([Nb(rig.packet())], flags=1 << bit)])])


@AREA.case("refused-lengths", "a packet of no length, or beyond the MTU, is not sent", "NM-48")
def refused_lengths(bench: Bench) -> None:
    with bench.start() as rig:
        rig.client()
        for length in (0, rig.declared.largest_frame + 5, _LARGEST_NB):  # 4 bytes more are a VLAN tag's
            packet = rig.packet(length) if length else b""
            chain = rig.adapter.send([packet])
            rig.sends_end([chain])
            bench.demand(
                chain.statuses != [SUCCESS], "NM-48", f"a packet of {length} bytes was sent (the MTU is {rig.declared.mtu})"
            )
