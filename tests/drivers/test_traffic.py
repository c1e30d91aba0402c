from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pyndis.toolchains.targets import Arch
from tests.drivers.wintun.images import DRIVER, built
from tests.kept import kept
from tests.network import Carried, carried, needs, pings

VERIFIED = ("--verifier",)


@pytest.fixture(scope="module", params=["pend", "copy"])
def image(request: pytest.FixtureRequest) -> Path:
    receive: str = request.param
    return built(DRIVER, kept("wintun", f"{receive}-Release"), receive=receive)


@needs("ping")
@pytest.mark.slow
def test_no_ping_is_lost(image: Path) -> None:
    with carried(image, *VERIFIED) as it:
        for address in ("10.96.0.2", "fd96::2"):
            pings(it.from_stack, address, 1000)
    packets = re.search(r"driver to stack: +([\d,]+) packets", it.report)
    assert packets
    assert int(packets[1].replace(",", "")) >= 2000


@needs("ping")
@pytest.mark.slow
@pytest.mark.parametrize("arch", ["x86", "arm64"])
def test_no_ping_is_lost_on_other_architectures(arch: Arch) -> None:
    image = built(DRIVER, kept("wintun", f"pend-Release-{arch}"), arch=arch)
    with carried(image, *VERIFIED) as it:
        pings(it.from_stack, "10.96.0.2", 300)


@needs("ping")
@pytest.mark.slow
def test_fragments_of_the_largest_ping_arrive(image: Path) -> None:
    with carried(image, *VERIFIED) as it:
        for address in ("10.96.0.2", "fd96::2"):
            pings(it.from_stack, address, 20, at_once=2, size=60_000)  # two fill what a socket keeps for its reader


@needs("iperf3")
@pytest.mark.slow
@pytest.mark.parametrize("options", [(), VERIFIED], ids=["fast", "verified"])
@pytest.mark.parametrize("direction", [(), ("-R",)], ids=["up", "down"])
def test_tcp_flows(image: Path, direction: tuple[str, ...], options: tuple[str, ...]) -> None:
    with carried(image, *options) as it, it.serving("iperf3", "-s", "-1", "--forceflush", ready="Server listening"):
        said = it.from_stack("iperf3", "-c", "10.96.0.2", "-n", "50M", "-J", *direction)
    assert json.loads(said)["end"]["sum_received"]["bytes"] > 40_000_000


@needs("iperf3")
@pytest.mark.slow
def test_tcp_flows_both_ways_at_once_over_ipv6(image: Path) -> None:
    with carried(image, *VERIFIED) as it, _listening(it, "5201"), _listening(it, "5202"), ThreadPoolExecutor(2) as at_once:
        client = ("iperf3", "-c", "fd96::2", "-n", "20M", "-J", "-p")
        up, down = (at_once.submit(it.from_stack, *client, *port) for port in (("5201",), ("5202", "-R")))
        received = [json.loads(each.result())["end"]["sum_received"]["bytes"] for each in (up, down)]
    assert min(received) > 10_000_000


def _listening(it: Carried, port: str) -> AbstractContextManager[None]:
    return it.serving("iperf3", "-s", "-1", "--forceflush", "-p", port, ready="Server listening")
