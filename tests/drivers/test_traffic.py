from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pyndis.toolchains import cache
from pyndis.toolchains.targets import Arch
from tests.drivers.wintun.images import DRIVER, built
from tests.network import carried, needs

VERIFIED = ("--verifier",)


@pytest.fixture(scope="module", params=["pend", "copy"])
def image(request: pytest.FixtureRequest) -> Path:
    receive: str = request.param
    return built(DRIVER, cache.folder() / "tests" / "wintun" / f"{receive}-Release", receive=receive)


@needs("ping")
@pytest.mark.slow
def test_no_ping_is_lost(image: Path) -> None:
    with carried(image, *VERIFIED) as it:
        for address in ("10.96.0.2", "fd96::2"):
            said = it.from_stack("ping", "-q", "-c", "1000", "-i", "0.002", "-W", "10", address)
            assert "1000 received, 0% packet loss" in said
    packets = re.search(r"driver to stack: +([\d,]+) packets", it.report)
    assert packets
    assert int(packets[1].replace(",", "")) >= 2000


@needs("ping")
@pytest.mark.slow
@pytest.mark.parametrize("arch", ["x86", "arm64"])
def test_no_ping_is_lost_on_other_architectures(arch: Arch) -> None:
    image = built(DRIVER, cache.folder() / "tests" / "wintun" / f"pend-Release-{arch}", arch=arch)
    with carried(image, *VERIFIED) as it:
        said = it.from_stack("ping", "-q", "-c", "300", "-i", "0.004", "-W", "10", "10.96.0.2")
    assert "300 received, 0% packet loss" in said


@needs("ping")
@pytest.mark.slow
def test_fragments_of_the_largest_ping_arrive(image: Path) -> None:
    with carried(image, *VERIFIED) as it:
        for address in ("10.96.0.2", "fd96::2"):
            assert "20 received" in it.from_stack("ping", "-q", "-c", "20", "-i", "0.01", "-s", "60000", "-W", "10", address)


@needs("iperf3")
@pytest.mark.slow
@pytest.mark.parametrize("options", [(), VERIFIED], ids=["fast", "verified"])
@pytest.mark.parametrize("direction", [(), ("-R",)], ids=["up", "down"])
def test_tcp_flows(image: Path, direction: tuple[str, ...], options: tuple[str, ...]) -> None:
    with carried(image, *options) as it, it.serving("iperf3", "-s", "-1", "--forceflush", ready="Server listening"):
        said = it.from_stack("iperf3", "-c", "10.96.0.2", "-t", "2", "-J", *direction)
    assert json.loads(said)["end"]["sum_received"]["bytes"] > 1_000_000


@needs("iperf3")
@pytest.mark.slow
def test_tcp_flows_both_ways_at_once_over_ipv6(image: Path) -> None:
    with carried(image, *VERIFIED) as it, it.serving("iperf3", "-s", "-1", "--forceflush", ready="Server listening"):
        said = it.from_stack("iperf3", "-c", "fd96::2", "-t", "2", "-J", "--bidir")
    end = json.loads(said)["end"]
    assert min(end["sum_received"]["bytes"], end["sum_received_bidir_reverse"]["bytes"]) > 100_000
