"""The Wintun driver as an image, and hosts that run it with an adapter and an open handle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from pyndis.host import Adapter, Handle, Host
from pyndis.host.runner import architecture
from pyndis.toolchains.targets import Arch
from tests.drivers.wintun.images import DRIVER, built
from tests.kept import kept

INDEX = 7
ARCHITECTURES = "amd64,x86,arm64"
NO_ANCESTORS = "Windows on ARM64 begins with version 10"

Images = Callable[[str], Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--wintun-sys", type=Path, help="run the Wintun tests on this image instead of the driver built here")
    parser.addoption("--wintun-config", default="Release", help="the configuration that is built: Release or Debug")
    parser.addoption("--wintun-arch", default=ARCHITECTURES, help="the architectures that are built and run")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What loads an image does so on every architecture, all of one together."""
    if "wintun_arch" not in metafunc.fixturenames:
        return
    given: Path | None = metafunc.config.getoption("--wintun-sys", default=None)
    chosen: str = metafunc.config.getoption("--wintun-arch", default=ARCHITECTURES)
    metafunc.parametrize("wintun_arch", [architecture(given)] if given else chosen.split(","), scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what an architecture does not have."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        parameters: dict[str, object] = callspec.params if callspec else {}
        arch = parameters.get("wintun_arch")
        if arch == "arm64" and parameters.get("os", "win10") != "win10":
            item.add_marker(pytest.mark.skip(reason=NO_ANCESTORS))
        for mark in item.iter_markers("not_on"):
            if arch in mark.args:
                item.add_marker(pytest.mark.skip(reason=mark.kwargs["because"]))


@pytest.fixture(scope="session")
def images(request: pytest.FixtureRequest, wintun_arch: Arch) -> Images:
    """The driver's image by its receive strategy, `pend` or `copy`."""
    given: Path | None = request.config.getoption("--wintun-sys", default=None)
    config: str = request.config.getoption("--wintun-config", default="Release")

    @cache
    def image(receive: str) -> Path:
        if given is None:
            suffix = "" if wintun_arch == "amd64" else f"-{wintun_arch}"  # other folders of tests share that one
            out = kept("wintun", f"{receive}-{config}{suffix}")
            return built(DRIVER, out, receive=receive, config=config, arch=wintun_arch)
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
    made = host.add_adapter(luid_index=INDEX)
    host.settle()  # its work item has registered for removal: what a test lets fail is what the test does
    return made


@pytest.fixture
def handle(host: Host, adapter: Adapter) -> Handle:
    return host.open(path_of(INDEX))


def path_of(index: int) -> str:
    """How a program names the device of the adapter with this LUID index."""
    return rf"\\.\WINTUN{index}"
