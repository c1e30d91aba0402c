"""What the stack sends and a client reads (W-20 to W-31)."""

from __future__ import annotations

from tests.host.packets import LARGEST_BUNDLE, MTU, SMALLEST_READ, ipv4, ipv6
from tests.host.statuses import Ndis, Nt
from tests.wine.operations import Outcome, SentList, done, log, open_, pending, read, send
from tests.wine.scenarios.registry import Scenario, read_of, scenario, sent


@scenario
def a_read_takes_what_waits() -> Scenario:
    packets = [ipv4(60, 1), ipv6(40, 2), ipv4(77, 3)]
    return [open_(), send(*packets), read("r"), read_of("r", *packets), log(sent=sent(0, 3), link=["connected"])]


@scenario
def a_read_waits_for_what_comes() -> Scenario:
    first, second = ipv4(60, 1), ipv4(61, 2)
    return [
        open_(),
        read("r1"),
        read("r2"),
        pending("r1"),
        send(first),
        read_of("r1", first),
        pending("r2"),
        send(second),
        read_of("r2", second),
        log(sent=sent(0, 2), link=["connected"]),
    ]


@scenario
def an_nbl_may_hold_several_packets() -> Scenario:
    packets = [ipv4(60, 1), ipv4(61, 2), ipv6(62, 3)]
    return [
        open_(),
        send(SentList(packets), SentList([])),
        read("r"),
        read_of("r", *packets),
        log(sent=[(1, Ndis.SUCCESS), (0, Ndis.SUCCESS)], link=["connected"]),
    ]


@scenario
def a_bundle_holds_256_packets() -> Scenario:
    packets = [ipv4(28 + number % 40, number % 256) for number in range(300)]
    return [
        open_(),
        send(*packets),
        read("r1", LARGEST_BUNDLE),
        read_of("r1", *packets[:256]),
        read("r2", LARGEST_BUNDLE),
        read_of("r2", *packets[256:]),
        log(sent=sent(0, 300), link=["connected"]),
    ]


@scenario
def packets_that_do_not_fit_wait_for_the_next_read() -> Scenario:
    packets = [ipv4(40_000, 1), ipv4(30_000, 2), ipv4(MTU, 3)]
    return [open_(), send(*packets)] + [
        step for number, packet in enumerate(packets) for step in (read(f"r{number}"), read_of(f"r{number}", packet))
    ]


@scenario
def reads_have_limits() -> Scenario:
    return [
        open_(),
        read("small", SMALLEST_READ - 1),
        done("small", Nt.INVALID_USER_BUFFER, 0, b""),
        read("large", LARGEST_BUNDLE + 1),
        done("large", Nt.INVALID_USER_BUFFER, 0, b""),
        read("smallest", SMALLEST_READ),
        pending("smallest"),
        read("largest", LARGEST_BUNDLE),
        pending("largest"),
    ]


@scenario
def a_read_of_nothing_is_refused() -> Scenario:
    return [
        open_(),
        read("none", 0),
        done(
            "none",
            Nt.INVALID_PARAMETER,
            difference="zero-length requests",
            in_wine=Outcome(Nt.INVALID_USER_BUFFER, 0),
        ),
    ]


@scenario
def a_packet_over_the_mtu_is_dropped() -> Scenario:
    good = ipv4(60)
    too_long = ipv4(60) + bytes(MTU + 1 - 60)
    return [
        open_(),
        send(SentList([too_long, good]), ipv4(61)),
        read("r"),
        read_of("r", good, ipv4(61)),
        log(sent=[(0, Ndis.INVALID_LENGTH), (1, Ndis.SUCCESS)], link=["connected"]),
    ]
