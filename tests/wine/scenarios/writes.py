"""What a client writes and the stack receives (W-40 to W-46)."""

from __future__ import annotations

from tests.host.packets import LARGEST_BUNDLE, MTU, bundle, ipv4, ipv6, space
from tests.host.statuses import Nt
from tests.wine.operations import Outcome, cancel, changed, done, give_back, hold, log, open_, pause, pending, restart, write
from tests.wine.scenarios.registry import IPV4, IPV6, Scenario, scenario


@scenario
def a_write_is_indicated() -> Scenario:
    four, six = ipv4(33, 7), ipv6(44, 2)
    data = bundle(four, six, ipv4(MTU, 9))
    return [
        open_(),
        write("w", data),
        done("w", Nt.SUCCESS, len(data)),
        log(received=[(IPV4, four), (IPV4, ipv4(MTU, 9)), (IPV6, six)], link=["connected"]),
    ]


@scenario
def a_full_bundle_is_indicated() -> Scenario:
    packets = [ipv4(20 + number, number) for number in range(256)]
    data = bundle(*packets)
    return [
        open_(),
        write("w", data),
        done("w", Nt.SUCCESS, len(data)),
        log(received=[(IPV4, packet) for packet in packets], link=["connected"]),
    ]


@scenario
def a_malformed_write_has_no_effect() -> Scenario:
    good = bundle(ipv4(33))
    cases = {
        "padding-missing": good + bundle(ipv4(33))[:-1],
        "not-ip": good + bundle(b"\x50" + bytes(39)),
        "short-ipv4": good + bundle(b"\x45" + bytes(18)),
        "short-ipv6": good + bundle(b"\x60" + bytes(38)),
        "too-long": good + (MTU + 1).to_bytes(4, "little") + bytes(12) + ipv4(60) + bytes(MTU + 4),
        "past-the-end": good + (0xFFFFFFF0).to_bytes(4, "little") + bytes(12) + ipv4(48),
        "rest": good + bytes(8),
        "257-packets": bundle(*[ipv4(20)] * 257),
        "short": bundle(ipv4(20))[:-1],
        "long": bytes(LARGEST_BUNDLE + 1),
    }
    steps = [[write(name, data), done(name, Nt.INVALID_USER_BUFFER)] for name, data in cases.items()]
    return [open_(), *(each for pair in steps for each in pair), log(link=["connected"])]


@scenario
def a_write_of_nothing_is_refused() -> Scenario:
    return [
        open_(),
        write("none", b""),
        done("none", Nt.INVALID_PARAMETER, difference="zero-length requests", in_wine=Outcome(Nt.INVALID_USER_BUFFER, 0)),
    ]


def _lent(reverse: bool) -> Scenario:
    data = bundle(ipv4(33, 1), ipv4(34, 2), ipv6(44, 3))
    return [
        open_(),
        hold(),
        write("w", data),
        pending("w"),
        cancel("w"),
        pending("w"),
        give_back(3, reverse=reverse),
        done("w", Nt.SUCCESS, len(data)),
    ]


@scenario
def a_write_ends_with_its_last_return() -> Scenario:
    return _lent(reverse=False)


@scenario
def a_write_ends_with_its_last_return_in_any_order() -> Scenario:
    return _lent(reverse=True)


@scenario
def a_write_while_paused_succeeds_and_is_dropped() -> Scenario:
    data = bundle(ipv4(33))
    return [
        open_(),
        pause(),
        changed("pause"),
        write("w1", data),
        done("w1", Nt.SUCCESS, len(data)),
        write("bad", data[:-1]),
        done("bad", Nt.INVALID_USER_BUFFER),
        restart(),
        changed("restart"),
        write("w2", bundle(ipv4(40))),
        done("w2", Nt.SUCCESS, space(40)),
        log(received=[(IPV4, ipv4(40))], link=["connected"]),
    ]
