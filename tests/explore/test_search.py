from __future__ import annotations

from collections.abc import Callable

from pyndis.explore.minimise import minimise
from pyndis.explore.outcome import Outcome
from pyndis.explore.progress import stuck_violation
from pyndis.explore.search import Prefix, Search
from pyndis.host import Stuck, Violation
from pyndis.host.schedule import Choice, Record, schedule_text

Threads = dict[str, list[str]]  # what each does, one object after the other


def model(threads: Threads) -> Callable[[Prefix], Record]:
    """A host made of lists: a thread's steps each concern one object; a switch can come before each. The hash is exact."""

    def run(prefix: Prefix) -> Record:
        listed, choices = dict(prefix), []
        at = dict.fromkeys(threads, 0)
        running: str | None = None
        last: dict[str, tuple[object, ...]] = {}
        events: set[tuple[object, ...]] = set()
        while alive := [name for name in threads if at[name] < len(threads[name])]:
            preempts = running in alive
            options = [running, *(name for name in alive if name != running)] if preempts else alive
            number = len(choices)
            chosen = listed.get(number, 0) if len(options) > 1 else 0
            if len(options) > 1:
                state = hash((frozenset(events), running if preempts else None))
                choices.append(Choice(number, len(options), chosen, preempts, state))
            running = options[chosen]
            assert running is not None
            thing = threads[running][at[running]]
            event = (running, at[running], thing, last.get(thing))
            last[thing] = event
            events.add(event)
            at[running] += 1
        return Record(tuple(choices), hash(frozenset(events)))

    return run


def explored(threads: Threads, preemptions: int, reduce: bool) -> Search:
    search, run = Search(preemptions, reduce), model(threads)
    while (prefix := search.take()) is not None:
        search.ran(prefix, run(prefix))
    assert search.done
    return search


SHARED = {"a": ["x", "x", "x"], "b": ["x", "x", "x"]}
APART = {"a": ["x", "x", "x"], "b": ["y", "y", "y"]}
MIXED = {"a": ["x", "own a", "y", "x"], "b": ["own b", "y", "x"], "c": ["x", "y"]}


def test_all_interleavings_are_run_without_reduction() -> None:
    assert explored(SHARED, 5, False).schedules == 20  # 6 over 3
    assert explored(SHARED, 1, False).schedules == 6
    assert explored({"a": ["x"] * 4, "b": ["x"] * 4}, 7, False).schedules == 70  # 8 over 4


def test_independent_threads_are_of_one_class() -> None:
    exact, reduced = explored(APART, 5, False), explored(APART, 5, True)
    assert len(exact.orders) == len(reduced.orders) == 1
    assert reduced.schedules < exact.schedules


def test_the_reduction_meets_every_class_at_every_bound() -> None:
    for threads in (SHARED, APART, MIXED):
        for preemptions in range(4):
            exact, reduced = explored(threads, preemptions, False), explored(threads, preemptions, True)
            assert reduced.orders == exact.orders
            assert reduced.schedules <= exact.schedules


def test_the_bound_is_what_is_done() -> None:
    search, run = Search(1, False), model(SHARED)
    assert search.bound == -1
    bounds = []
    while (prefix := search.take()) is not None:
        search.ran(prefix, run(prefix))
        bounds.append(search.bound)
    assert bounds == [-1, 0, 0, 0, 0, 1]


def test_a_dearer_schedule_waits_for_the_cheaper_ones_under_way() -> None:
    search, run = Search(2), model(SHARED)
    first = search.take()
    assert first == ()
    assert search.take() is None
    search.ran(first, run(first))
    assert search.take() is not None


def test_a_failing_schedule_loses_what_it_does_not_need() -> None:
    def run(prefix: Prefix) -> Outcome:
        broken = (Violation("Rule", "broken"),) if (5, 1) in prefix else ()
        return Outcome(Record(tuple(Choice(each, 2, taken, True, each) for each, taken in prefix)), broken)

    small, outcome = minimise(((1, 1), (3, 1), (5, 1), (8, 1)), frozenset({"Rule"}), run, 40)
    assert small == ((5, 1),)
    assert outcome.violations[0].rule == "Rule"


def test_the_text_of_a_schedule_lists_what_differs_from_the_default() -> None:
    assert schedule_text(()) == "sync@"
    assert schedule_text([(7, 2), (3, 1), (4, 0)]) == "sync@3=1,7=2"
    assert schedule_text([(3, 1)], "memory") == "memory@3=1"


def stuck(*lines: str) -> Violation:
    return stuck_violation(Stuck("halt", lines))


def test_a_wait_in_the_driver_explains_more_than_what_waits_for_it() -> None:
    broken = stuck(
        "command=5 call=another PnP operation of the adapter goes on frames=",
        "command=4 call=MiniportPause frames=",
        "command=3 call=KeWaitForSingleObject frames=x.sys+0x10,x.sys+0x20",
    )
    assert broken.rule == "LostWakeup"
    assert [each.rva for each in broken.stack] == [0x10, 0x20]


def test_a_pause_that_nobody_completes_has_its_name() -> None:
    assert stuck("command=4 call=MiniportPause frames=", "command=5 call=other commands on the adapter end frames=").rule == (
        "PauseNeverCompletes"
    )


def test_an_oid_and_sends_that_nobody_completes_have_theirs() -> None:
    assert stuck("command=4 call=MiniportOidRequest frames=").rule == "NdisTimedOidComplete"
    assert stuck("command=4 call=the stack waits for its sends frames=").rule == "NdisTimedDataSend"
