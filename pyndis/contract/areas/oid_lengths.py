"""OIDs with hostile buffers: every short length, one too many, huge, wrong headers."""

from __future__ import annotations

from pyndis.contract.bench import Bench, Rig
from pyndis.contract.case import Area
from pyndis.contract.oid_table import BY_NDIS, MANDATORY_QUERIES, MANDATORY_SETS, POWER, KnownOid
from pyndis.contract.statuses import SUCCESS, TOO_SHORT_STATUSES, name_of, oid_name

AREA = Area("oid-lengths", "OIDs with hostile buffers")

FILL = b"\xee"
ROOM = 4096
HUGE = 1 << 20
_COUNTERS = frozenset(each.number for each in MANDATORY_QUERIES if each.counter)
_LONG = 64  # of longer answers only the lengths at both ends are tried
_ENDS = 8


@AREA.case("query", "a query with too small a buffer writes nothing and says how much it needs", "NM-61")
def query(bench: Bench) -> None:
    with bench.start() as rig:
        for oid in _queried(rig):
            whole = rig.adapter.oid(query=oid, data=FILL * ROOM, length=ROOM)
            if whole.status == SUCCESS and oid not in _COUNTERS:
                _every_length(rig, oid, whole.written)


def _queried(rig: Rig) -> list[int]:
    known = [each.number for each in MANDATORY_QUERIES]
    return [each for each in dict.fromkeys([*known, *rig.declared.oids]) if each not in BY_NDIS | POWER]


def lengths(size: int) -> list[int]:
    """The lengths to try around an answer of `size` bytes."""
    every = range(size + 2) if size <= _LONG else [*range(_ENDS), *range(size - _ENDS, size + 2)]
    return sorted({each for each in every if each >= 0} | {HUGE})


def _every_length(rig: Rig, oid: int, size: int) -> None:
    name = oid_name(oid)
    for length in lengths(size):
        answer = rig.adapter.oid(query=oid, data=FILL * min(length, ROOM), length=length)
        rig.bench.count("queries")
        if length >= size:
            fits = answer.status == SUCCESS and answer.written == size
            rig.demand(
                fits,
                "NM-61",
                f"{name} with room for {length} of {size} bytes: {name_of(answer.status)}, {answer.written} written",
            )
            continue
        said = f"{name} with room for {length} of {size} bytes"
        rig.demand(answer.status in TOO_SHORT_STATUSES, "NM-61", f"{said} was answered with {name_of(answer.status)}")
        rig.demand(answer.written == 0, "NM-61", f"{said} says that it wrote {answer.written}")
        rig.demand(answer.needed == size, "NM-61", f"{said} says that it needs {answer.needed}")
        rig.demand(answer.buffer == FILL * length, "NM-61", f"{said} wrote into the buffer")


@AREA.case("counters", "a counter takes buffers of 4 and of 8 bytes", "NM-71")
def counters(bench: Bench) -> None:
    with bench.start() as rig:
        for oid in sorted(_COUNTERS):
            for length in range(17):
                answer = rig.adapter.oid(query=oid, data=FILL * length, length=length)
                said = f"{oid_name(oid)} with room for {length} bytes: {name_of(answer.status)}, {answer.written} written"
                legal = {0} if length < 4 else {4} if length < 8 else {4, 8}
                bench.demand(answer.written in legal, "NM-71", said)
                good = answer.status == SUCCESS if length >= 4 else answer.status in TOO_SHORT_STATUSES
                bench.demand(good, "NM-71", said)
                rest = answer.buffer[answer.written :]
                bench.demand(rest == FILL * len(rest), "NM-71", f"{oid_name(oid)} wrote beyond what it says")


@AREA.case("set", "a set that is too short is refused, read nothing, and changes nothing", "NM-62")
def sets(bench: Bench) -> None:
    with bench.start() as rig:
        for known in MANDATORY_SETS:
            value = known.value.ljust(max(known.least, len(known.value)), b"\0")
            for length in range(known.least):
                answer = rig.adapter.oid(set=known.number, data=value[:length])
                said = f"a set of {known.name} with {length} of {known.least} bytes"
                bench.demand(answer.status != SUCCESS, "NM-62", f"{said} succeeded")
                bench.demand(answer.read == 0, "NM-62", f"{said} says that it read {answer.read}")
                bench.count("sets")
            for length in (len(value) + 1, ROOM, HUGE):
                rig.adapter.oid(set=known.number, data=value.ljust(length, b"\0"))  # no wrong answer but a broken rule


@AREA.case("headers", "a set whose header lies about itself is refused", "NM-08", "NM-62")
def headers(bench: Bench) -> None:
    with bench.start() as rig:
        for known in MANDATORY_SETS:
            if known.header:
                _lying_headers(rig, known)


def _lying_headers(rig: Rig, known: KnownOid) -> None:
    size = len(known.value)
    if rig.adapter.oid(set=known.number, data=known.value).status != SUCCESS:
        return  # a driver that takes no such set needs no good header for its refusal
    for type, revision, told in (
        (0x00, 1, size),
        (0x81, 1, size),
        (0xFF, 1, size),
        (0x80, 0, size),
        (0x80, 1, size - 1),
        (0x80, 1, 0),
    ):
        data = bytes([type, revision]) + told.to_bytes(2, "little") + known.value[4:]
        status = rig.adapter.oid(set=known.number, data=data).status
        said = f"{known.name} with a header of type {type:#x}, revision {revision}, size {told}"
        rig.demand(status != SUCCESS, "NM-08", f"{said} was accepted")
        rig.bench.count("headers")
    for revision, told in ((1, 0xFFFF), (99, size), (99, 0xFFFF)):
        data = bytes([0x80, revision]) + told.to_bytes(2, "little") + known.value[4:]
        rig.adapter.oid(set=known.number, data=data)  # may be taken as the revision it knows; must not be read beyond its end


@AREA.case("method", "a method request on what is no method is refused or keeps to its lengths", "NM-63")
def methods(bench: Bench) -> None:
    with bench.start() as rig:
        for oid in _queried(rig):
            for inside, outside in ((0, 0), (0, 8), (8, 0), (1, 1), (ROOM, 1), (1, ROOM)):
                answer = rig.adapter.oid(method=oid, data=FILL * inside, out=outside)
                said = f"a method request of {oid_name(oid)} with {inside} bytes in, {outside} out"
                bench.demand(answer.read <= inside, "NM-63", f"{said} says that it read {answer.read}")
                bench.demand(answer.written <= outside, "NM-63", f"{said} says that it wrote {answer.written}")
                bench.count("methods")
