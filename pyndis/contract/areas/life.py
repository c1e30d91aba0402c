"""Life cycle: load, initialize, restart, pause, halt, unload; once, many times, several adapters at once."""

from __future__ import annotations

from pyndis.contract.bench import LUID, Bench
from pyndis.contract.case import Area
from pyndis.contract.started import initialize
from pyndis.contract.statuses import name_of
from pyndis.host import Adapter, Operation

AREA = Area("life", "life cycle")

NDIS_VERSIONS = {"win7": (6, 20), "win8": (6, 30), "win81": (6, 40), "win10": (6, 83)}
_WARM = 20  # cycles after which what a driver keeps for good is there


@AREA.case(
    "load", "DriverEntry registers the miniport; without an adapter it unloads and leaves nothing", "NM-01", "NM-02", "NM-32"
)
def load(bench: Bench) -> None:
    with bench.host() as host:
        bench.demand(host.driver_status == 0, "NM-01", f"DriverEntry returned {name_of(host.driver_status)}")


@AREA.case("once", "an adapter initializes, restarts, pauses and halts; the driver unloads", "NM-10", "NM-16", "NM-30")
def once(bench: Bench) -> None:
    with bench.start() as rig:
        bench.demand(rig.adapter.link.life == "running", "NM-10", "the adapter is not running after Restart")
        rig.adapter.pause()
        rig.adapter.restart()
        rig.adapter.halt()


@AREA.case("paused", "an adapter that never ran is halted from the paused state", "NM-10", "NM-29")
def never_restarted(bench: Bench) -> None:
    with bench.start(restart=False) as rig:
        rig.adapter.halt()


@AREA.case(
    "systems", "the driver lives on every system, and registers with a version that this one has", "NM-06", "NM-07", "NM-08"
)
def systems(bench: Bench) -> None:
    for system, version in NDIS_VERSIONS.items():
        with bench.host(os=system, ndis=version) as host:
            if host.driver_status == 0:
                bench.rig(host).adapter.halt()
                bench.count("systems")
    bench.demand(bench.figures.get("systems", 0) > 0, "NM-06", "DriverEntry fails on every system")


@AREA.case("cycles", "as many life cycles as are asked for leave no more behind than the first did", "NM-23", "NM-30")
def cycles(bench: Bench) -> None:
    with bench.host() as host:
        kept = 0
        for cycle in range(bench.subject.cycles):
            host.add_adapter(luid_index=LUID).halt()
            if cycle == min(_WARM, bench.subject.cycles - 1):
                kept = host.blocks
        grown = host.blocks - kept
        bench.count("cycles", bench.subject.cycles)
        bench.demand(grown <= 0, "NM-30", f"{bench.subject.cycles} cycles left {grown} more pieces of memory than {_WARM} did")


@AREA.case("reload", "an image that was unloaded loads and runs again, ten times", "NM-01", "NM-32")
def reload(bench: Bench) -> None:
    for _ in range(10):
        with bench.start() as rig:
            rig.adapter.halt()
            rig.host.unload()


@AREA.case("two", "two adapters live side by side; the life of one does not touch the other", "NM-11", "NM-18")
def two(bench: Bench) -> None:
    with bench.start() as first:
        second = bench.rig(first.host, LUID + 1)
        first.adapter.pause()
        bench.demand(second.adapter.link.life == "running", "NM-11", "pausing one adapter paused the other")
        first.adapter.halt()
        second.sends_end([second.adapter.send(second.packets(3))])
        second.adapter.pause()
        second.adapter.restart()


@AREA.case("parallel", "Initialize, Pause and Halt of several adapters run at the same time", "NM-12", "NM-14", concurrent=True)
def parallel(bench: Bench) -> None:
    with bench.host() as host:
        with host.together():
            for luid in range(1, 9):
                initialize(host, luid)
        for adapter in host.adapters:
            bench.demand(adapter.link.life == "running", "NM-12", f"adapter {adapter.luid_index} of eight does not run")
        for each in (_pause, _halt):
            with host.together():
                under_way = [each(adapter) for adapter in host.adapters]
            for operation in under_way:
                operation.wait()


def _pause(adapter: Adapter) -> Operation:
    return adapter.pause(wait=False)


def _halt(adapter: Adapter) -> Operation:
    return adapter.halt(wait=False)
