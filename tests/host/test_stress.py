from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from pyndis.host import Handle, Host, OpenRefused, Request, SystemRefused
from tests.host.packets import SMALLEST_READ, bundle, ipv4, ipv6, unbundle
from tests.host.statuses import Ndis, Nt
from tests.host.test_life import path_of

ROUNDS = 100


def at_once(*jobs: Callable[[], object]) -> None:
    """Run them on threads of their own and raise what any of them raised."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        for future in [pool.submit(job) for job in jobs]:
            future.result()


def times(count: int, job: Callable[[int], object]) -> Callable[[], None]:
    def body() -> None:
        for n in range(count):
            job(n)

    return body


@pytest.mark.slow
def test_reads_writes_sends_and_cancels_at_once_keep_every_rule(tun_image: Path) -> None:
    with Host(tun_image, cpus=4) as host:
        adapter = host.add_adapter(luid_index=1)
        handles = [host.open(path_of(1)) for _ in range(2)]
        adapter.return_on_threads()
        reads: list[Request] = []
        writes: list[Request] = []
        chance = random.Random(1)

        def cancel(_: int) -> None:
            if reads:
                chance.choice(list(reads)).cancel()

        at_once(
            times(ROUNDS, lambda n: reads.append(handles[n % 2].read(SMALLEST_READ))),
            times(ROUNDS, lambda n: writes.append(handles[n % 2].write(bundle(ipv4(60, n), ipv6(80, n), ipv4(1500, n))))),
            times(ROUNDS, lambda n: adapter.send([ipv4(100 + n), ipv6(200 + n)], cancel_id=n % 3 + 1, dispatch=n % 2 == 0)),
            times(ROUNDS, cancel),
            times(ROUNDS, lambda n: adapter.cancel_send(n % 3 + 1, dispatch=n % 2 == 0)),
        )
        assert [each.status for each in writes] == [Nt.SUCCESS] * ROUNDS
        assert len(adapter.received) == 3 * ROUNDS
        taken = [packet for each in reads if each.done and each.status == Nt.SUCCESS for packet in unbundle(each.data)]
        assert len(taken) == adapter.completed.count(Ndis.SUCCESS)


@pytest.mark.slow
def test_pauses_and_power_in_the_middle_of_traffic_keep_every_rule(tun_image: Path) -> None:
    with Host(tun_image, cpus=4) as host:
        adapter = host.add_adapter(luid_index=1)
        handle = host.open(path_of(1))
        adapter.return_on_threads()

        def life(n: int) -> None:
            if n % 3:
                adapter.pause()
                adapter.restart()
            else:
                adapter.set_power(3, order="nopause")
                adapter.set_power(0, order="nopause")

        at_once(
            times(ROUNDS, lambda n: handle.write(bundle(ipv4(60, n), ipv6(80, n)))),
            times(ROUNDS, lambda n: adapter.send([ipv4(100 + n)])),
            times(ROUNDS, lambda n: handle.read(SMALLEST_READ)),
            times(ROUNDS // 5, life),
        )
        assert set(adapter.completed) <= {Ndis.SUCCESS, Ndis.PAUSED, Ndis.LOW_POWER_STATE}


@pytest.mark.slow
def test_processes_that_come_and_die_keep_every_rule(tun_image: Path) -> None:
    with Host(tun_image, cpus=4) as host:
        adapter = host.add_adapter(luid_index=1)

        def client(n: int) -> None:
            process = host.process()
            handle = process.open(path_of(1))
            handle.read(SMALLEST_READ)
            handle.write(bundle(ipv4(60, n)), wait=n % 2 == 0)
            handle.duplicate(process)
            process.kill()

        at_once(
            times(ROUNDS // 2, client),
            times(ROUNDS // 2, client),
            times(ROUNDS, lambda n: adapter.send([ipv4(100 + n)])),
        )
        assert adapter.link.state == "disconnected"
        assert None not in {each.status for each in adapter.completions}


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["halt", "surprise_remove"])
def test_removal_in_the_middle_of_traffic_keeps_every_rule(tun_image: Path, ending: str) -> None:
    for _ in range(10):
        with Host(tun_image, cpus=4) as host:
            removed_in_traffic(host, ending)


def removed_in_traffic(host: Host, ending: str) -> None:
    adapter = host.add_adapter(luid_index=1)
    handle = host.open(path_of(1))
    adapter.return_on_threads()
    at_once(
        times(20, lambda n: _try(handle, n)),
        times(20, lambda _: _open(host)),
        adapter.halt if ending == "halt" else adapter.surprise_remove,
    )
    assert adapter.link.life == "halted"


def _try(handle: Handle, n: int) -> None:
    if not handle.closed_by_force:
        handle.write(bundle(ipv4(60, n)), wait=False)
        handle.read(SMALLEST_READ, wait=False)


def _open(host: Host) -> None:
    with suppress(OpenRefused, SystemRefused):  # too late; or closed by force before we did
        host.open(path_of(1)).close()


def test_all_is_at_rest_when_the_clock_has_come_to_where_it_was_told_to_go(host: Host) -> None:
    adapters = [host.add_adapter(luid_index=index) for index in range(16)]
    for _ in range(20):
        for adapter in adapters:
            adapter.send([ipv4()])
        step = host.session.start("advance", {"seconds": 30})  # each looks every second whether its packet is too old
        host.settle()
        assert step.done
