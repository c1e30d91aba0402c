"""One path through the driver, run again and again: in each run one call fails, until there is none left to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyndis.contract.bench import LUID, Bench, Rig
from pyndis.contract.judging import judged
from pyndis.contract.statuses import INITIALIZE_FAILURES, name_of
from pyndis.host import Host

ANY_ALLOCATION = ""
_MOST = 400  # failing calls of one name on one path; more is a path that never ends


@dataclass(frozen=True)
class Path:
    """`prepare` makes ready, untouched by faults; `walk` gets what that returned, and judges what it sees: any of its calls
    may have failed."""

    name: str
    prepare: Callable[[Rig], Any]
    walk: Callable[[Rig, Any], None]


def sweep_path(bench: Bench, path: Path) -> None:
    """Fail each call of the path once. Raises NotExercised as the path does."""
    for name in _points(bench, path):
        for n in range(1, _MOST):
            if not _tried(bench, path, name, n):
                break


def _points(bench: Bench, path: Path) -> list[str]:
    """The names of calls that the path makes and that can fail; allocations as a whole first."""
    with bench.start() as rig:
        ready = _prepared(rig, path)
        path.walk(rig, ready)
        return [ANY_ALLOCATION, *_fallible(rig.host)]


def _prepared(rig: Rig, path: Path) -> Any:
    """What the path makes ready. A work item of Initialize may still run then; its calls are not the path's."""
    ready = path.prepare(rig)
    rig.host.calls(reset=True)
    return ready


def _fallible(host: Host) -> list[str]:
    made = host.calls()
    return sorted(each.name for each in host.exports() if each.can_fail and each.name in made)


def _tried(bench: Bench, path: Path, name: str, n: int) -> bool:
    """Walk the path with the n-th call of that name failing; then halt and unload. Whether there was such a call."""
    reached = False
    with _told(bench, path.name, name, n), judged(bench), bench.start() as rig:
        ready = _prepared(rig, path)
        _fail(rig.host, name, n)
        path.walk(rig, ready)
        reached = _reached(rig.host)
        _fail(rig.host, name, 0)
        rig.adapter.return_inline()
        rig.adapter.return_held()
        if not rig.adapter.halted:
            rig.adapter.halt()
    if reached:
        bench.count("faults")
    return reached


def sweep_entry(bench: Bench) -> None:
    """Fail each call of DriverEntry once."""
    with bench.host() as host:
        names = [ANY_ALLOCATION, *_fallible(host)]
    for name in names:
        for n in range(1, _MOST):
            reached = False
            with _told(bench, "DriverEntry", name, n), judged(bench), bench.host(faults={name: n}) as host:
                reached = _reached(host)
                if host.driver_status == 0:
                    _fail(host, name, 0)
                    bench.rig(host).adapter.halt()
            if not reached:
                break
            bench.count("faults")


def sweep_initialize(bench: Bench) -> None:
    """Fail each call of Initialize and Restart once; a failed Initialize leaves nothing, and the next one succeeds."""
    with bench.host() as host:
        host.calls(reset=True)
        host.add_adapter(luid_index=LUID)
        names = [ANY_ALLOCATION, *_fallible(host)]
    for name in names:
        for n in range(1, _MOST):
            if not _initialized(bench, name, n):
                break
            bench.count("faults")


def _initialized(bench: Bench, name: str, n: int) -> bool:
    reached = False
    with _told(bench, "Initialize", name, n), judged(bench), bench.host() as host:
        host.settle()
        before = host.blocks
        host.calls(reset=True)
        _fail(host, name, n)
        adapter = host.add_adapter(luid_index=LUID, check=False)
        reached = _reached(host)
        _fail(host, name, 0)
        status = int(adapter.attributes["status"], 0)
        if status:
            bench.demand(status in INITIALIZE_FAILURES, "NM-16", f"Initialize failed with {name_of(status)}")
            bench.demand(host.blocks <= before, "NM-16", "a failed Initialize left memory behind")
        else:
            adapter.halt()
        bench.rig(host).adapter.halt()
    return reached


@contextmanager
def _told(bench: Bench, path: str, name: str, n: int) -> Iterator[None]:
    """What is found inside says which call had failed."""
    what = f"call {n} of {name}" if name else f"allocation {n}"
    bench.context = f"  after {what} had failed on the path: {path}"
    try:
        yield
    finally:
        bench.context = ""


def _fail(host: Host, name: str, n: int) -> None:
    if name == ANY_ALLOCATION:
        host.fail_allocation(n)
    else:
        host.fail_call(name, n)


def _reached(host: Host) -> bool:
    return any(each.failed for each in host.calls().values())
