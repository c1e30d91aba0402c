"""Real traffic through the official Wintun driver: `pyndis run` with a client that plays the ring interface."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from pyndis.diagnostics import UsageFailure
from pyndis.host.run import run
from tests.host.foreign import official_wintun
from tests.host.test_run import CLIENT_ADDRESSES, STACK_ADDRESSES, Running, inside, network, running, set_up, two_namespaces
from tests.network import needs, pings, unused

__all__ = ["two_namespaces"]
HELD_LOCK = ("SpinLockSafe",)
CLIENT = "10.98.0.2"


@pytest.fixture(scope="module")
def image() -> Path:
    return official_wintun()


@contextmanager
def carried(image: Path, names: tuple[str, str]) -> Iterator[Running]:
    with running(image, "tun:pys0", "ring:pyc0", ",".join(names), device="", allow=HELD_LOCK) as it:
        set_up(names[0], "pys0", STACK_ADDRESSES)
        set_up(names[1], "pyc0", CLIENT_ADDRESSES)
        yield it


@needs("ping")
@pytest.mark.slow
def test_ping_goes_through_the_official_driver(image: Path, two_namespaces: tuple[str, str]) -> None:
    with carried(image, two_namespaces) as it:
        for address in (CLIENT, "fd98::2"):
            pings(partial(inside, two_namespaces[0]), address, 10)
    assert it.figures is not None
    assert it.figures.client_out.packets >= 20
    assert it.figures.from_driver.bytes >= 20 * 84


@needs("iperf3")
@pytest.mark.slow
@pytest.mark.parametrize("direction", [(), ("-R",)], ids=["up", "down"])
def test_a_tcp_stream_goes_through_the_official_driver(
    image: Path,
    two_namespaces: tuple[str, str],
    direction: tuple[str, ...],
) -> None:
    with carried(image, two_namespaces) as it:
        command = ["ip", "netns", "exec", two_namespaces[1], "iperf3", "-s", "-1", "--forceflush"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            while "Server listening" not in server.stdout.readline():
                assert server.poll() is None
            said = inside(two_namespaces[0], "iperf3", "-c", CLIENT, "-n", "100M", "-J", *direction)
    assert '"sum_received"' in said
    assert it.figures is not None
    assert it.figures.client_out.bytes + it.figures.from_driver.bytes > 100_000_000


@network
def test_a_device_without_rings_says_so(tun_image: Path) -> None:
    with pytest.raises(UsageFailure, match="PYN-H36: the client cannot register rings"):
        run(tun_image, stack=f"tun:{unused('pyd')}", client=f"ring:{unused('pye')}")


@network
def test_a_driver_without_a_device_is_offered_rings(image: Path) -> None:
    with pytest.raises(UsageFailure, match="PYN-H36") as refused:
        run(image, stack=f"tun:{unused('pyd')}", client="exec:true")
    assert "--client ring:NAME" in str(refused.value.diagnostics[0].help)
