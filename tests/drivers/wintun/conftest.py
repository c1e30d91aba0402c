"""The Wintun driver as an image, and hosts that run it with an adapter and an open handle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from pyndis.host import Adapter, Handle, Host
from pyndis.toolchains import cache as places
from tests.drivers.wintun.images import DRIVER, built

INDEX = 7

Images = Callable[[str], Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--wintun-sys", type=Path, help="run the Wintun tests on this image instead of the driver built here")
    parser.addoption("--wintun-config", default="Release", help="the configuration that is built: Release or Debug")


@pytest.fixture(scope="session")
def images(request: pytest.FixtureRequest) -> Images:
    """The driver's image by its receive strategy, `pend` or `copy`."""
    given: Path | None = request.config.getoption("--wintun-sys", default=None)
    config: str = request.config.getoption("--wintun-config", default="Release")

    @cache
    def image(receive: str) -> Path:
        if given is None:
            return built(DRIVER, places.folder() / "tests" / "wintun" / f"{receive}-{config}", receive=receive, config=config)
        if receive != "pend":
            pytest.skip("the image given by --wintun-sys has one receive strategy")
        return given.resolve()

    return image


@pytest.fixture(scope="session")
def wintun_sys(images: Images) -> Path:
    return images("pend")


@pytest.fixture
def strategy() -> str:
    """The receive strategy; a test that is parametrized over `strategy` runs with each."""
    return "pend"


@pytest.fixture
def host(images: Images, strategy: str) -> Iterator[Host]:
    with Host(images(strategy)) as host:
        yield host


@pytest.fixture
def adapter(host: Host) -> Adapter:
    return host.add_adapter(luid_index=INDEX)


@pytest.fixture
def handle(host: Host, adapter: Adapter) -> Handle:
    return host.open(path_of(INDEX))


def path_of(index: int) -> str:
    """How a program names the device of the adapter with this LUID index."""
    return rf"\\.\WINTUN{index}"
