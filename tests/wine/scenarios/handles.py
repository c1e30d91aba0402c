"""Cancelling, closing, dying (W-55 to W-59)."""

from __future__ import annotations

from tests.host.packets import bundle, ipv4
from tests.host.statuses import Ndis, Nt
from tests.wine.operations import (
    DEVICE,
    cancel,
    close,
    control,
    die,
    done,
    give_back,
    hold,
    log,
    open_,
    pending,
    read,
    send,
    write,
)
from tests.wine.scenarios.registry import IPV4, STATUS_OBJECT_NAME_NOT_FOUND, Scenario, read_of, scenario, sent

IOCTL = 0x22 << 16 | 0x900 << 2


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
        read_of("r2", packet),
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
        read_of("r2", packet),
        close("h2"),
        log(sent=sent(0, 1), link=["connected", "disconnected"]),
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
        log(sent=sent(0, 1), link=["connected", "disconnected"]),
        open_("h2"),
        read("r3", handle="h2"),
        send(packet),
        read_of("r3", packet),
        log(sent=sent(1, 1), link=["connected"]),
    ]


@scenario
def packets_of_a_dead_client_are_aborted() -> Scenario:
    return [
        open_(),
        send(ipv4(60), ipv4(61)),
        die(),
        log(sent=sent(0, 2, Ndis.SEND_ABORTED), link=["connected", "disconnected"]),
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
