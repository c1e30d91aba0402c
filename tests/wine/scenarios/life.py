"""Packets without a reader; pause, restart, halt (W-25, W-26, W-30, W-60 to W-65)."""

from __future__ import annotations

from tests.host.packets import bundle, ipv4
from tests.host.statuses import Ndis, Nt
from tests.wine.operations import (
    SentList,
    cancel_sends,
    changed,
    changing,
    close,
    done,
    give_back,
    halt,
    hold,
    log,
    open_,
    pause,
    pending,
    read,
    restart,
    send,
    write,
)
from tests.wine.scenarios.registry import STATUS_OBJECT_NAME_NOT_FOUND, Scenario, read_of, scenario, sent


@scenario
def without_a_handle_packets_are_aborted() -> Scenario:
    return [
        send(ipv4(60), ipv4(61)),
        open_(),
        close(),
        send(ipv4(62)),
        log(sent=sent(0, 3, Ndis.SEND_ABORTED), link=["connected", "disconnected"]),
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
        read_of("r", ipv4(60), ipv4(62)),
        log(sent=[(0, Ndis.SUCCESS), (2, Ndis.SUCCESS)]),
    ]


@scenario
def the_oldest_of_1001_is_dropped() -> Scenario:
    return [open_(), *[send(*[ipv4(20)] * 143)] * 7, log(sent=[(0, Ndis.SEND_ABORTED)], link=["connected"])]


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
        changing("pause"),
        give_back(2),
        changed("pause"),
        done("w", Nt.SUCCESS, len(data)),
        pending("r"),
        restart(),
        changed("restart"),
        send(ipv4(60)),
        read_of("r", ipv4(60)),
    ]


@scenario
def a_pause_gives_queued_packets_back() -> Scenario:
    return [open_(), send(ipv4(60), ipv4(61)), pause(), changed("pause"), log(sent=sent(0, 2, Ndis.PAUSED), link=["connected"])]


@scenario
def a_halted_adapter_has_no_device() -> Scenario:
    return [open_("h1"), close("h1"), halt(), open_("h2", status=STATUS_OBJECT_NAME_NOT_FOUND)]
