from __future__ import annotations

from pathlib import Path

import pytest

from pyndis.diagnostics import UsageFailure
from pyndis.host import Host, InitializeFailed, RuleBroken, Stuck
from tests.host.packets import SMALLEST_READ, bundle, ipv4, unbundle
from tests.host.statuses import Ndis, Nt

ARCHITECTURES = ("amd64", "x86", "arm64")


def path_of(index: int) -> str:
    return rf"\\.\TESTTUN{index}"


def test_a_driver_loads_and_unloads(tun_image: Path) -> None:
    with Host(tun_image) as host:
        assert host.driver_status == Nt.SUCCESS
    assert host.violations == []


def test_an_adapter_runs_after_it_was_added(host: Host) -> None:
    adapter = host.add_adapter(luid_index=7)
    assert adapter.link.life == "running"
    assert adapter.link.state == "disconnected"
    assert adapter.attributes["mtu"] == "61424"


def test_an_adapter_can_stay_paused(host: Host) -> None:
    adapter = host.add_adapter(restart=False)
    assert adapter.link.life == "paused"
    assert adapter.restart().status == Ndis.SUCCESS
    assert adapter.link.life == "running"


def test_the_first_handle_connects_and_the_last_disconnects(host: Host) -> None:
    adapter = host.add_adapter(luid_index=7)
    first = host.open(path_of(7))
    second = host.open(path_of(7))
    assert adapter.indications == ["connected"]
    first.close()
    assert adapter.link.state == "connected"
    second.close()
    assert adapter.indications == ["connected", "disconnected"]


def test_pause_refuses_sends_and_restart_accepts_them(host: Host) -> None:
    adapter = host.add_adapter(luid_index=1)
    handle = host.open(path_of(1))
    assert adapter.pause().status == Ndis.SUCCESS
    assert adapter.send([ipv4()]).statuses == [Ndis.PAUSED]
    adapter.restart()
    assert adapter.send([ipv4()]).statuses == [None]
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4()]


def test_pause_waits_for_what_the_stack_holds(host: Host) -> None:
    adapter = host.add_adapter(luid_index=1)
    handle = host.open(path_of(1))
    adapter.hold_returns()
    write = handle.write(bundle(ipv4()))
    pause = adapter.pause(wait=False)
    assert not pause.done
    assert not write.done
    adapter.return_held()
    assert pause.done
    assert pause.status == Ndis.SUCCESS
    assert write.status == Nt.SUCCESS


def test_pause_gives_up_what_is_queued(host: Host) -> None:
    adapter = host.add_adapter(luid_index=1)
    host.open(path_of(1))
    chain = adapter.send([ipv4(), ipv4(30)])
    adapter.pause()
    assert chain.statuses == [Ndis.PAUSED, Ndis.PAUSED]


def test_halt_closes_the_handles_that_processes_hold(host: Host) -> None:
    adapter = host.add_adapter(luid_index=1)
    handle = host.open(path_of(1))
    read = handle.read(SMALLEST_READ)
    adapter.halt()
    assert read.status in {Nt.FILE_FORCED_CLOSED, Nt.CANCELLED}
    assert handle.closed_by_force


def test_an_adapter_can_come_back_after_halt(host: Host) -> None:
    host.add_adapter(luid_index=1).halt()
    with pytest.raises(FileNotFoundError):
        host.open(path_of(1))
    host.add_adapter(luid_index=1)
    host.open(path_of(1))


def test_two_adapters_keep_their_packets_apart(host: Host) -> None:
    first = host.add_adapter(luid_index=1)
    second = host.add_adapter(luid_index=2)
    host.open(path_of(1)).write(bundle(ipv4(21)))
    host.open(path_of(2)).write(bundle(ipv4(22)))
    assert [each.data for each in first.received] == [ipv4(21)]
    assert [each.data for each in second.received] == [ipv4(22)]


@pytest.mark.parametrize("order", ["pause", "nopause"])
def test_sleep_gives_up_sends_and_wakes_again(host: Host, order: str) -> None:
    adapter = host.add_adapter(luid_index=1)
    handle = host.open(path_of(1))
    chain = adapter.send([ipv4()])
    adapter.set_power(3, order="pause" if order == "pause" else "nopause")
    assert chain.statuses == [Ndis.PAUSED if order == "pause" else Ndis.LOW_POWER_STATE]
    adapter.set_power(0, order="pause" if order == "pause" else "nopause")
    adapter.send([ipv4(33)])
    assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(33)]


def test_surprise_removal_ends_everything(host: Host) -> None:
    adapter = host.add_adapter(luid_index=1)
    handle = host.open(path_of(1))
    read = handle.read(SMALLEST_READ)
    adapter.surprise_remove()
    assert read.status in {Nt.FILE_FORCED_CLOSED, Nt.CANCELLED}
    assert host.violations == []


def test_a_pnp_event_reaches_the_miniport(host: Host) -> None:
    adapter = host.add_adapter(luid_index=1)
    host.open(path_of(1))
    chain = adapter.send([ipv4()])
    assert adapter.pnp("surprise_removed") == 1
    assert chain.statuses == [Ndis.NOT_ACCEPTED]


@pytest.mark.parametrize("bugcheck", [False, True])
def test_shutdown_keeps_every_rule(tun_image: Path, bugcheck: bool) -> None:
    with Host(tun_image) as host:
        adapter = host.add_adapter(luid_index=1)
        adapter.shutdown(bugcheck=bugcheck)
        assert adapter.link.life == "shutdown"


@pytest.mark.parametrize(("os", "ndis"), [("win7", (6, 20)), ("win8", (6, 30)), ("win81", (6, 40)), ("win10", (6, 50))])
def test_the_driver_runs_on_every_windows(tun_image: Path, os: str, ndis: tuple[int, int]) -> None:
    with Host(tun_image, os=os, ndis=ndis) as host:  # type: ignore[arg-type]
        adapter = host.add_adapter(luid_index=1)
        host.open(path_of(1)).write(bundle(ipv4()))
        assert [each.data for each in adapter.received] == [ipv4()]


def test_an_older_ndis_is_refused_by_the_driver(tun_image: Path) -> None:
    with Host(tun_image, os="win7", ndis=(6, 1)) as host:
        assert host.driver_status == Ndis.UNSUPPORTED_REVISION


def test_a_failing_initialize_is_reported(tun_image: Path) -> None:
    with Host(tun_image) as host:
        host.fail_call("NdisAllocateNetBufferListPool", 1)
        with pytest.raises(InitializeFailed) as failed:
            host.add_adapter(luid_index=1)
        assert failed.value.status == Ndis.RESOURCES
        host.add_adapter(luid_index=1)


@pytest.mark.slow
def test_every_failing_allocation_of_initialize_is_undone(tun_image: Path) -> None:
    with Host(tun_image) as host:
        for n in range(1, 100):
            host.fail_allocation(n)
            adapter = host.add_adapter(luid_index=1, check=False)
            if not adapter.halted:
                break
        assert 4 < n < 99
        host.fail_allocation(0)


def test_a_seed_is_honoured_or_refused(tun_image: Path) -> None:
    with Host(tun_image, seed=5) as host:
        assert host.seed == 5
    with pytest.raises(UsageFailure, match="no schedule") as failure, Host(tun_image, schedule="by luck"):
        pass
    assert failure.value.diagnostics[0].code == "PYN-H13"


def test_a_stuck_operation_says_who_waits(tun_image: Path) -> None:
    with Host(tun_image) as host:
        adapter = host.add_adapter(luid_index=1)
        handle = host.open(path_of(1))
        adapter.hold_returns()
        handle.write(bundle(ipv4()))
        with pytest.raises(Stuck, match="pause does not end"):
            adapter.pause()


def test_a_host_works_only_inside_its_block(tun_image: Path) -> None:
    host = Host(tun_image)
    with pytest.raises(UsageFailure):
        host.add_adapter()


def test_an_expected_rule_that_is_kept_fails_the_block(tun_image: Path) -> None:
    with pytest.raises(RuleBroken, match="DoubleCompletion: expected"), Host(tun_image) as host:
        host.expect("DoubleCompletion")
