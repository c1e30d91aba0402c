"""What is done to the driver, in the host and in Wine, and what shall be seen; W-… are numbers of the driver's specification."""

from __future__ import annotations

from collections.abc import Callable

from tests.host.packets import LARGEST_BUNDLE, MTU, SMALLEST_READ, bundle, ipv4, ipv6, space
from tests.host.statuses import Ndis, Nt
from tests.host.statuses import oid as number_of
from tests.wine.operations import (
    DEVICE,
    OidAnswer,
    Operation,
    Outcome,
    SentList,
    cancel,
    cancel_sends,
    changed,
    close,
    control,
    die,
    done,
    give_back,
    halt,
    hold,
    log,
    oid,
    open_,
    pause,
    pending,
    read,
    restart,
    send,
    write,
)

IPV4, IPV6 = 0x0800, 0x86DD
STATUS_OBJECT_NAME_NOT_FOUND = 0xC0000034
IOCTL = 0x22 << 16 | 0x900 << 2

Scenario = list[Operation]
SCENARIOS: dict[str, Callable[[], Scenario]] = {}


def scenario(make: Callable[[], Scenario]) -> Callable[[], Scenario]:
    """Register it under its own name."""
    SCENARIOS[make.__name__] = make
    return make


def _sent(first: int, count: int, status: int = Ndis.SUCCESS) -> list[tuple[int, int]]:
    return [(number, status) for number in range(first, first + count)]


def _read(name: str, *packets: bytes) -> Operation:
    """A read that has got just these packets, their padding zero."""
    data = bundle(*packets)
    return done(name, Nt.SUCCESS, len(data), data)


# -- reads (W-20 to W-31) ------------------------------------------------------------------------------------------


@scenario
def a_read_takes_what_waits() -> Scenario:
    packets = [ipv4(60, 1), ipv6(40, 2), ipv4(77, 3)]
    return [open_(), send(*packets), read("r"), _read("r", *packets), log(sent=_sent(0, 3), link=["connected"])]


@scenario
def a_read_waits_for_what_comes() -> Scenario:
    first, second = ipv4(60, 1), ipv4(61, 2)
    return [
        open_(),
        read("r1"),
        read("r2"),
        pending("r1"),
        send(first),
        _read("r1", first),
        pending("r2"),
        send(second),
        _read("r2", second),
        log(sent=_sent(0, 2), link=["connected"]),
    ]


@scenario
def an_nbl_may_hold_several_packets() -> Scenario:
    packets = [ipv4(60, 1), ipv4(61, 2), ipv6(62, 3)]
    return [
        open_(),
        send(SentList(packets), SentList([])),
        read("r"),
        _read("r", *packets),
        log(sent=[(1, Ndis.SUCCESS), (0, Ndis.SUCCESS)], link=["connected"]),
    ]


@scenario
def a_bundle_holds_256_packets() -> Scenario:
    packets = [ipv4(28 + number % 40, number % 256) for number in range(300)]
    return [
        open_(),
        send(*packets),
        read("r1", LARGEST_BUNDLE),
        _read("r1", *packets[:256]),
        read("r2", LARGEST_BUNDLE),
        _read("r2", *packets[256:]),
        log(sent=_sent(0, 300), link=["connected"]),
    ]


@scenario
def packets_that_do_not_fit_wait_for_the_next_read() -> Scenario:
    packets = [ipv4(40_000, 1), ipv4(30_000, 2), ipv4(MTU, 3)]
    return [open_(), send(*packets)] + [
        step for number, packet in enumerate(packets) for step in (read(f"r{number}"), _read(f"r{number}", packet))
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
        _read("r", good, ipv4(61)),
        log(sent=[(0, Ndis.INVALID_LENGTH), (1, Ndis.SUCCESS)], link=["connected"]),
    ]


# -- writes (W-40 to W-46) -----------------------------------------------------------------------------------------


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


# -- cancelling, handles (W-55 to W-59) ----------------------------------------------------------------------------


@scenario
def a_cancelled_read_ends_and_the_next_gets_the_packet() -> Scenario:
    packet = ipv4(60)
    return [
        open_(),
        read("r1"),
        read("r2"),
        cancel("r1"),
        done("r1", Nt.CANCELLED, 0, b""),
        pending("r2"),
        send(packet),
        _read("r2", packet),
        cancel("r2", found=False),
    ]


@scenario
def closing_a_handle_cancels_its_reads_and_no_others() -> Scenario:
    packet = ipv4(60)
    return [
        open_("h1"),
        open_("h2"),
        read("r1", handle="h1"),
        read("r2", handle="h2"),
        read("r3", handle="h1"),
        close("h1"),
        done("r1", Nt.CANCELLED, 0, b""),
        done("r3", Nt.CANCELLED, 0, b""),
        pending("r2"),
        send(packet),
        _read("r2", packet),
        close("h2"),
        log(sent=_sent(0, 1), link=["connected", "disconnected"]),
    ]


@scenario
def a_dead_client_is_cleaned_up_after() -> Scenario:
    packet = ipv4(60)
    return [
        open_(),
        read("r1"),
        read("r2"),
        send(packet),
        die(),
        log(sent=_sent(0, 1), link=["connected", "disconnected"]),
        open_("h2"),
        read("r3", handle="h2"),
        send(packet),
        _read("r3", packet),
        log(sent=_sent(1, 1), link=["connected"]),
    ]


@scenario
def packets_of_a_dead_client_are_aborted() -> Scenario:
    return [
        open_(),
        send(ipv4(60), ipv4(61)),
        die(),
        log(sent=_sent(0, 2, Ndis.SEND_ABORTED), link=["connected", "disconnected"]),
    ]


@scenario
def a_dead_client_s_write_stays_lent() -> Scenario:
    return [
        open_(),
        hold(),
        write("w", bundle(ipv4(33), ipv4(34))),
        pending("w"),
        die(),
        give_back(2),
        log(received=[(IPV4, ipv4(33)), (IPV4, ipv4(34))], link=["connected", "disconnected"]),
    ]


@scenario
def the_device_has_no_files() -> Scenario:
    return [
        open_(
            "h1",
            DEVICE + r"\file",
            Nt.OBJECT_NAME_INVALID,
            difference="names below a device",
            in_wine=STATUS_OBJECT_NAME_NOT_FOUND,
        ),
        open_("h2"),
        log(link=["connected"]),
    ]


@scenario
def other_requests_are_refused() -> Scenario:
    return [open_(), control("c", IOCTL), done("c", Nt.INVALID_PARAMETER)]


# -- sends without a reader (W-25, W-26, W-30) ---------------------------------------------------------------------


@scenario
def without_a_handle_packets_are_aborted() -> Scenario:
    return [
        send(ipv4(60), ipv4(61)),
        open_(),
        close(),
        send(ipv4(62)),
        log(sent=_sent(0, 3, Ndis.SEND_ABORTED), link=["connected", "disconnected"]),
    ]


@scenario
def sends_are_cancelled_by_their_id() -> Scenario:
    lists = [SentList([ipv4(60 + number)], cancel_id=1 + number % 2) for number in range(4)]
    return [
        open_(),
        send(*lists),
        cancel_sends(2),
        log(sent=[(1, Ndis.SEND_ABORTED), (3, Ndis.SEND_ABORTED)], link=["connected"]),
        read("r"),
        _read("r", ipv4(60), ipv4(62)),
        log(sent=[(0, Ndis.SUCCESS), (2, Ndis.SUCCESS)]),
    ]


@scenario
def the_oldest_of_1001_is_dropped() -> Scenario:
    return [open_(), *[send(*[ipv4(20)] * 143)] * 7, log(sent=[(0, Ndis.SEND_ABORTED)], link=["connected"])]


# -- life (W-60 to W-65) -------------------------------------------------------------------------------------------


@scenario
def a_pause_waits_for_what_is_lent() -> Scenario:
    data = bundle(ipv4(33), ipv4(34))
    return [
        open_(),
        read("r"),
        hold(),
        write("w", data),
        pause(),
        pending("w"),
        give_back(2),
        changed("pause"),
        done("w", Nt.SUCCESS, len(data)),
        pending("r"),
        restart(),
        changed("restart"),
        send(ipv4(60)),
        _read("r", ipv4(60)),
    ]


@scenario
def a_pause_gives_queued_packets_back() -> Scenario:
    return [open_(), send(ipv4(60), ipv4(61)), pause(), changed("pause"), log(sent=_sent(0, 2, Ndis.PAUSED), link=["connected"])]


@scenario
def a_halted_adapter_has_no_device() -> Scenario:
    return [open_("h1"), close("h1"), halt(), open_("h2", status=STATUS_OBJECT_NAME_NOT_FOUND)]


# -- OIDs (W-82, W-83) ---------------------------------------------------------------------------------------------


@scenario
def oids_are_answered() -> Scenario:
    def u32(value: int) -> OidAnswer:
        return OidAnswer(Ndis.SUCCESS, 4, 0, 0, value.to_bytes(4, "little"))

    return [
        oid("frame", number_of("GEN_MAXIMUM_TOTAL_SIZE"), u32(MTU)),
        oid("space", number_of("GEN_TRANSMIT_BUFFER_SPACE"), u32(MTU * 1000)),
        oid("vendor", number_of("GEN_VENDOR_ID"), u32(0x00FFFFFF)),
        oid("short", number_of("GEN_MAXIMUM_TOTAL_SIZE"), OidAnswer(Ndis.BUFFER_TOO_SHORT, 0, 0, 4), length=3),
        oid("sent", number_of("GEN_XMIT_OK"), OidAnswer(Ndis.SUCCESS, 8, 0, 8, bytes(8)), length=8),
        oid("unknown", number_of("GEN_PHYSICAL_MEDIUM"), OidAnswer(Ndis.NOT_SUPPORTED)),
        oid("filter", number_of("GEN_CURRENT_PACKET_FILTER"), OidAnswer(Ndis.SUCCESS, read=4), set=True, data=bytes(4)),
        oid("cut", number_of("GEN_CURRENT_PACKET_FILTER"), OidAnswer(Ndis.INVALID_LENGTH, needed=4), set=True, data=bytes(3)),
    ]
