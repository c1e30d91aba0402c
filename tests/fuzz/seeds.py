"""Where fuzzing starts: inputs written by hand for each target, from the bundles and the lives that the tests use.

`python -m tests.fuzz.seeds` writes them into corpus/. What fuzzing has found worth keeping lies beside them.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from tests.fuzz.build import NATIVE, TARGETS
from tests.host.packets import HEADER, MAX_PACKETS, MTU, bundle, ipv4, ipv6

CORPUS = Path(__file__).parent / "corpus"
INLINE, THREAD, HELD = 0, 1, 2
SIZES = {20: 0, 40: 1, 60: 2, 61: 3, 1400: 4, 9000: 5, MTU: 6, MTU + 1: 7, 19: 8, 39: 9, 0: 10, 33: 11}
"""Packet sizes by their index in requests.c."""


def bundles() -> list[bytes]:
    """Sound ones, and each way to be malformed."""
    pair = bundle(ipv4(60), ipv6(61))
    sound = [bundle(ipv4(20)), pair, bundle(ipv6(40), ipv4(33)), bundle(*[ipv4(20)] * MAX_PACKETS), bundle(ipv4(MTU))]
    wrong = [
        bundle(*[ipv4(20)] * (MAX_PACKETS + 1)),
        bundle(ipv4(60), ipv6(40)[:39] + bytes(1))[:-1],
        bundle(b"\x60" + bytes(38), ipv4()),
        bundle(b"\x45" + bytes(18), ipv4()),
        pair[:-1],
        pair + bytes(HEADER),
        pair + b"\x14",
        bundle(ipv4(20)) + b"\xff\xff\xff\xff" + bytes(12) + ipv4(28),
        (MTU + 1).to_bytes(4, "little") + bytes(12) + ipv4(32) + bytes(MTU),
    ]
    return [bytes([returns | alignment << 2]) + each for each in sound + wrong for returns, alignment in ((INLINE, 0), (HELD, 3))]


def lives() -> list[bytes]:
    """Sequences of steps, by the names that requests.c has for them."""
    number = {name: index for index, name in enumerate(steps())}

    def life(*parts: tuple[str, *tuple[int, ...]]) -> bytes:
        return b"".join(bytes([number[name], *arguments]) for name, *arguments in parts)

    opened = ("open_handle", 0)
    packet = ("send", 0, 1, SIZES[60])
    pair = ("write_bundle", 0, 1, SIZES[20], SIZES[61])
    return [
        life(opened, ("read_handle", 0, 0), packet, ("close_handle", 0)),
        life(opened, packet, ("read_handle", 0, 0), ("read_handle", 0, 0), ("cancel", 1)),
        life(opened, ("returns", 1), pair, ("pause_adapter", 0), ("give_back", 0), ("restart",), pair, ("give_back", 2, 1)),
        life(opened, packet, packet, ("cancel_send", 0), ("advance", 21), ("pause_adapter", 1), packet, ("restart",)),
        life(opened, ("fail", 2 | 1 << 3), pair, ("fail", 0x81), pair, ("fail", 1 | 1 << 3), pair),
        life(opened, ("power", 3), pair, packet, ("power", 0), pair, ("pnp", 0), ("pnp", 1)),
        life(opened, ("duplicate", 0, 1), ("close_handle", 0), ("read_handle", 1, 0), ("kill_process",), opened, packet),
        life(opened, ("returns", 1), pair, ("halt", 0), opened, packet, ("halt", 1)),
        life(opened, ("send", 0, 1 | 8, SIZES[1400]), ("send", 0, 1 | 4, SIZES[40]), ("read_handle", 0, 0)),
        life(opened, ("send", 0x85, 3, 0, 1, 2, 1, 6, 2, 3, 4, 3, 5, 6, 7), ("read_handle", 0, 3), ("read_handle", 0, 1)),
        life(opened, ("control", 0, 4, 0, 0x22, 0, 4, 1, 2, 3, 4, 8), ("other_major", 0, 4), ("write_raw", 0, 3, 1, 2, 3)),
        life(opened, ("returns", 1), pair, ("change_buffer", 0, 0, 0, 4, 255, 255, 255, 255), ("give_back", 0)),
    ]


def oids() -> list[bytes]:
    """Each OID of the list queried and set with room, without, and of any type."""
    requests = []
    for index in range(24):
        requests += [
            bytes([0, index, 0, 1, 0]),
            bytes([0, index, 3, 0, 0]),
            bytes([1, index, 4, 0, 4, 1, 0, 0, 0]),
            bytes([2, index, 0, 2, 0]),
        ]
    grouped = [b"".join(requests[at : at + 8]) for at in range(0, len(requests), 8)]
    return [*grouped, bytes([3 | 8, 5, 16, 0, 8, 0, 0]), bytes([7, 0xFF, 1, 1, 1, 0xFD, 4, 0, 2, 1, 2, 14])]


def steps() -> list[str]:
    """The names of the steps of a life, in the order of their numbers."""
    table = re.search(r"steps\[\] = \{(.*?)\}", (NATIVE / "requests.c").read_text("utf-8"), re.DOTALL)
    assert table is not None
    names = re.findall(r"\w+", table[1])
    return list(dict.fromkeys(names))


def seeds(target: str) -> list[bytes]:
    """The inputs written by hand for a target."""
    made = {"bundle": bundles, "requests": lives, "oids": oids}
    assert made.keys() == set(TARGETS)
    return made[target]()


def name_of(data: bytes) -> str:
    """A file's name in the corpus, as libFuzzer gives it."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def write() -> None:
    """All of them into the corpus."""
    for target in TARGETS:
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for data in seeds(target):
            (folder / name_of(data)).write_bytes(data)


if __name__ == "__main__":
    write()
