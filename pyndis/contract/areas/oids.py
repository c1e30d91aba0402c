"""OIDs: what every miniport answers, what it says that it supports, in every state, and nothing besides."""

from __future__ import annotations

from pyndis.contract.bench import Bench, Rig
from pyndis.contract.case import Area
from pyndis.contract.counters import counters, octets_agree
from pyndis.contract.oid_table import BY_NDIS, MANDATORY_QUERIES, MANDATORY_SETS, POWER, QUERY_ONLY, KnownOid, number_of
from pyndis.contract.statuses import NOT_ACCEPTED, SUCCESS, UNKNOWN_OID_STATUSES, name_of, oid_name
from pyndis.host import Oid

AREA = Area("oids", "OID conformance")

FILL = b"\xee"
ROOM = 4096
_UNKNOWN = (0, 1, 0x0001_FFFF, 0x00FF_FFFF, 0x7FFF_FFFF, 0xFD01_FFFF, 0xFEFE_FEFE, 0xFFFF_FFFF)
_UNKNOWN_TYPES = (3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 99)


@AREA.case("mandatory", "every mandatory query is answered with what its definition says", "NM-69", "NM-61")
def mandatory(bench: Bench) -> None:
    with bench.start() as rig:
        for known in MANDATORY_QUERIES:
            _answers(rig, known)


def _answers(rig: Rig, known: KnownOid) -> None:
    answer = rig.adapter.oid(query=known.number, data=FILL * ROOM, length=ROOM)
    name = known.name
    if not rig.demand(answer.status == SUCCESS, "NM-69", f"a query of {name} was answered with {name_of(answer.status)}"):
        return
    rig.bench.count("answers")
    rig.demand(
        answer.written in known.sizes or not known.sizes, "NM-69", f"{name} is {answer.written} bytes; legal: {known.sizes}"
    )
    if known.header:
        data = answer.data
        size = int.from_bytes(data[2:4], "little")
        whole = data[0] == known.header[0] and data[1] >= known.header[1] and known.sizes[0] <= size <= answer.written
        rig.demand(
            whole,
            "NM-08",
            f"the header of {name} is type {data[0]:#x}, revision {data[1]}, size {size} in {answer.written} bytes",
        )


@AREA.case("listed", "every OID of the supported list is answered", "NM-21")
def listed(bench: Bench) -> None:
    with bench.start() as rig:
        if not bench.demand(bool(rig.declared.oids), "NM-19", "the adapter lists no OID that it supports"):
            return
        for oid in rig.declared.oids:
            if oid in BY_NDIS | POWER:
                continue
            statuses = {rig.adapter.oid(query=oid).status, rig.adapter.oid(set=oid, data=bytes(ROOM)).status}
            statuses.add(rig.adapter.oid(method=oid, data=bytes(ROOM), out=ROOM).status)
            supported = bool(statuses - UNKNOWN_OID_STATUSES)
            bench.demand(supported, "NM-21", f"{oid_name(oid)} is in the supported list; query, set and method are not supported")
            bench.count("listed")


@AREA.case("sets", "every mandatory set takes what NDIS sets", "NM-62", "NM-69")
def sets(bench: Bench) -> None:
    with bench.start() as rig:
        for known in MANDATORY_SETS:
            value = rig.declared.filters.to_bytes(4, "little") if known.name == "OID_GEN_CURRENT_PACKET_FILTER" else known.value
            answer = rig.adapter.oid(set=known.number, data=value)
            legal = answer.status == SUCCESS or answer.status in known.refusals
            bench.demand(legal, "NM-69", f"a set of {known.name} was answered with {name_of(answer.status)}")
            if answer.status == SUCCESS:
                bench.demand(answer.read == len(value), "NM-62", f"{known.name} says it read {answer.read} of {len(value)} bytes")


@AREA.case("query-only", "what can only be queried cannot be set", "NM-64")
def query_only(bench: Bench) -> None:
    with bench.start() as rig:
        for known in QUERY_ONLY:
            before = rig.adapter.oid(query=known.number).data
            answer = rig.adapter.oid(set=known.number, data=FILL * ROOM)
            bench.demand(answer.status != SUCCESS, "NM-64", f"{known.name} could be set")
            bench.demand(
                answer.read == 0 or answer.status == SUCCESS, "NM-64", f"a refused set of {known.name} read {answer.read} bytes"
            )
            bench.demand(rig.adapter.oid(query=known.number).data == before, "NM-64", f"a set changed the answer of {known.name}")


@AREA.case("unknown", "an OID that nobody knows is not supported, and its buffer stays as it is", "NM-64")
def unknown(bench: Bench) -> None:
    with bench.start() as rig:
        for oid in set(_UNKNOWN) - set(rig.declared.oids):
            for length in (0, 1, 4, ROOM):
                data = FILL * length
                _refused(rig, oid, rig.adapter.oid(query=oid, data=data, length=length), data)
                _refused(rig, oid, rig.adapter.oid(statistics=oid, data=data, length=length), data)
                _refused(rig, oid, rig.adapter.oid(set=oid, data=data), data)
                _refused(rig, oid, rig.adapter.oid(method=oid, data=data, out=length), data)


def _refused(rig: Rig, oid: int, answer: Oid, data: bytes) -> None:
    name = oid_name(oid)
    rig.demand(
        answer.status in UNKNOWN_OID_STATUSES, "NM-64", f"{name}, which nobody knows, was answered with {name_of(answer.status)}"
    )
    rig.demand(
        (answer.read, answer.written) == (0, 0), "NM-64", f"{name}: read {answer.read}, wrote {answer.written} bytes, refused"
    )
    rig.demand(answer.buffer == data, "NM-64", f"{name} was refused and its buffer changed")
    rig.bench.count("refusals")


@AREA.case("request-types", "a request type that does not exist is refused", "NM-64")
def request_types(bench: Bench) -> None:
    with bench.start() as rig:
        for known in MANDATORY_QUERIES:
            for kind in _UNKNOWN_TYPES:
                keys: dict[str, int | str] = {"adapter": rig.adapter.id, "type": str(kind), "oid": known.number, "length": ROOM}
                status = rig.host.session.finish(rig.host.session.start("oid", keys)).number("status")
                told = f"request type {kind} of {known.name} was answered with {name_of(status)}"
                bench.demand(status in UNKNOWN_OID_STATUSES, "NM-64", told)


@AREA.case("states", "OIDs are answered in every state of the adapter", "NM-14", "NM-27", "NM-29")
def states(bench: Bench) -> None:
    with bench.start(restart=False) as rig:
        _all_answer(rig, "paused after Initialize")
        rig.adapter.restart()
        _all_answer(rig, "running")
        rig.adapter.set_power(3)
        _all_answer(rig, "in D3")
        rig.adapter.set_power(0)
        rig.adapter.pause()
        _all_answer(rig, "paused")


def _all_answer(rig: Rig, state: str) -> None:
    for known in MANDATORY_QUERIES:
        status = rig.adapter.oid(query=known.number).status
        rig.demand(status == SUCCESS, "NM-29", f"{known.name} while {state} was answered with {name_of(status)}")


@AREA.case("removed", "after a surprise removal OIDs are not accepted, or answered as before", "NM-66")
def removed(bench: Bench) -> None:
    with bench.start() as rig:
        rig.adapter.pnp("surprise_removed")
        for known in MANDATORY_QUERIES:
            status = rig.adapter.oid(query=known.number).status
            bench.demand(
                status in (SUCCESS, NOT_ACCEPTED), "NM-66", f"{known.name} after removal was answered with {name_of(status)}"
            )


@AREA.case("filter", "a packet filter of bits that the adapter does not have is refused", "NM-72")
def filter(bench: Bench) -> None:
    with bench.start() as rig:
        wanted = ~rig.declared.filters & 0xFFFF_FFFF
        answer = rig.adapter.oid(set=number_of("GEN_CURRENT_PACKET_FILTER"), data=wanted.to_bytes(4, "little"))
        if answer.status == SUCCESS:
            bench.count("unknown filter bits taken")  # the contract is unsure here, so this is told, not judged
        bench.demand(answer.status != SUCCESS or answer.read == 4, "NM-62", f"a filter was set and {answer.read} of 4 bytes read")


@AREA.case(
    "statistics", "statistics are whole, agree with what was declared, never go back, and count what went through", "NM-76"
)
def statistics(bench: Bench) -> None:
    with bench.start() as rig:
        before = counters(rig)
        bench.demand(
            before["SupportedStatistics"] == rig.declared.statistics, "NM-76", "SupportedStatistics is not what was declared"
        )
        rig.sends_end([rig.adapter.send(rig.packets(7))])
        if bench.subject.traffic is not None:
            client = rig.client()
            client.indicate(rig.packets(5))
            received = len(rig.adapter.received)
            counted = (
                counters(rig)["ifHCInUcastPkts"] + counters(rig)["ifHCInMulticastPkts"] + counters(rig)["ifHCInBroadcastPkts"]
            )
            bench.demand(counted >= received, "NM-76", f"{received} packets were indicated and {counted} counted")
        after = counters(rig)
        for name, value in before.items():
            bench.demand(after[name] >= value, "NM-76", f"{name} went back from {value} to {after[name]}")
        bench.demand(octets_agree(after, "In") and octets_agree(after, "Out"), "NM-76", "octets are not the sum of their kinds")
