from __future__ import annotations

from pathlib import Path

import pytest

from pyndis.diagnostics import UsageFailure
from pyndis.host import Host, Stuck
from pyndis.host.atomics import breakpoints
from pyndis.host.schedule import Record, schedule_text
from pyndis.host.session import Session
from pyndis.host.wire import Frame
from tests.host.packets import bundle, ipv4
from tests.host.test_life import path_of

Events = list[tuple[str, dict[str, str], bytes]]


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Events:
    """Every event that a host of this test sends, as it came."""
    seen: Events = []
    take_note = Session._on_event

    def note(session: Session, event: Frame) -> None:
        seen.append((event.word, dict(event.keys), event.payload))
        take_note(session, event)

    monkeypatch.setattr(Session, "_on_event", note)
    return seen


def traffic_and_pause(image: Path, *, seed: int | None = None, schedule: str | None = None) -> Record:
    with Host(image, seed=seed, schedule=schedule) as host:
        adapter = host.add_adapter(luid_index=1)
        adapter.hold_returns()
        handle = host.open(path_of(1))
        handle.write(bundle(ipv4(), ipv4(100)))
        handle.read(0x10000)
        with host.together(names=True):
            adapter.send([ipv4(60)])
            adapter.pause(wait=False)
            handle.write(bundle(ipv4(40)))
            adapter.return_held()
        adapter.return_inline()
        adapter.return_held()
        return host.record


def test_the_same_seed_gives_the_same_events_byte_for_byte(tun_image: Path, events: Events) -> None:
    runs = []
    for _ in range(2):
        traffic_and_pause(tun_image, seed=12)
        runs.append(list(events))
        events.clear()
    assert len(runs[0]) > 5
    assert runs[0] == runs[1]


def test_seeds_give_different_orders(tun_image: Path) -> None:
    orders = {traffic_and_pause(tun_image, seed=seed).order for seed in range(8)}
    assert len(orders) > 4


def test_a_list_of_choices_is_followed(tun_image: Path) -> None:
    plain = traffic_and_pause(tun_image, schedule="sync@")
    assert plain.preemptions == plain.switches == 0
    point = next(each.number for each in plain.choices if each.preempts)
    changed = traffic_and_pause(tun_image, schedule=schedule_text([(point, 1)]))
    assert [(each.number, each.chosen) for each in changed.choices if each.chosen] == [(point, 1)]
    assert changed.preemptions == 1
    assert changed.choices[:point] == plain.choices[:point]
    assert changed.order != plain.order
    assert not changed.diverged


def test_a_choice_that_there_is_not_is_said_so(tun_image: Path) -> None:
    assert traffic_and_pause(tun_image, schedule="sync@0=99").diverged


def test_the_default_keeps_the_order_in_which_commands_were_given(tun_image: Path, events: Events) -> None:
    with Host(tun_image, schedule="sync@") as host:
        host.add_adapter(luid_index=1)
        handle = host.open(path_of(1))
        with host.together():
            writes = [handle.write(bundle(ipv4(size))) for size in (20, 40, 60)]
    done = [int(keys["request"]) for word, keys, _ in events if word == "request-done"]
    assert done == [each.id for each in writes]


def test_every_point_is_a_choice_only_when_asked_for(tun_image: Path) -> None:
    few = traffic_and_pause(tun_image, schedule="sync@").choices
    many = traffic_and_pause(tun_image, schedule="all@").choices
    assert 0 < len(few) < len(many)


def test_choices_tell_what_they_are_between(tun_image: Path) -> None:
    record = traffic_and_pause(tun_image, schedule="sync@")
    assert any(each.what == "lock" and each.object for each in record.choices)
    assert any("command" in each.given for each in record.choices)


def test_switches_come_at_atomic_instructions_of_the_driver(tun_image: Path) -> None:
    assert {each.kind for each in breakpoints(tun_image, tun_image.stat().st_mtime_ns)} >= {"lock"}
    records = [traffic_and_pause(tun_image, seed=seed) for seed in range(6)]
    assert any(each.what == "atomic" for record in records for each in record.choices)


def test_a_command_that_cannot_end_is_stuck_at_once(tun_image: Path) -> None:
    with Host(tun_image, schedule="sync@") as host:
        adapter = host.add_adapter(luid_index=1)
        adapter.hold_returns()
        host.open(path_of(1)).write(bundle(ipv4()))
        pause = adapter.pause(wait=False)
        assert not pause.done
        with pytest.raises(Stuck, match="pause does not end") as stuck:
            pause.wait()
        assert any("MiniportPause" in note for note in stuck.value.diagnostics[0].notes)
        adapter.return_held()
        assert pause.status == 0


def test_time_passes_in_turns_too(tun_image: Path) -> None:
    with Host(tun_image, schedule="sync@") as host:
        host.add_adapter(luid_index=1)
        before = host.now
        host.advance(2.5)
        assert host.now == pytest.approx(before + 2.5)


def test_together_starts_and_does_not_wait_where_threads_run_freely(tun_image: Path) -> None:
    with Host(tun_image) as host:
        adapter = host.add_adapter(luid_index=1)
        adapter.hold_returns()
        handle = host.open(path_of(1))
        write = handle.write(bundle(ipv4()))
        with host.together():
            pause = adapter.pause()  # would wait for the return
            adapter.return_held()
        assert pause.status == 0
        assert write.status == 0
        assert host.record == Record()


@pytest.mark.parametrize("text", ["", "seed:", "seed:x", "sync@1", "sync@1=", "sync@2=1,1=1", "sync@1=1,", "some@1=1"])
def test_what_is_no_schedule_is_refused(text: str, tun_image: Path) -> None:
    with pytest.raises(UsageFailure, match="no schedule"), Host(tun_image, schedule=text):
        pass


def test_a_schedule_wants_the_virtual_clock(tun_image: Path) -> None:
    with pytest.raises(UsageFailure, match="virtual clock"), Host(tun_image, seed=1, clock="real"):
        pass
