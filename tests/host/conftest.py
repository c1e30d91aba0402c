"""The test driver as an image, sound and with mistakes, and hosts that run it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pefile
import pytest

from pyndis import resources
from pyndis.host import Host
from pyndis.toolchains import find, plan_image, run_plan
from pyndis.toolchains.targets import Arch
from tests.kept import alone, kept

SOURCES = Path(__file__).parent / "drivers" / "tun"
SHARED = SOURCES.parent / "shared"
MARKER = b"chosen mistake:\0"

Broken = Callable[[str], Path]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module that names ARCHITECTURES runs its tests on all of them, the others on x64: said of each, or an image that was made
    for another module would be kept."""
    architectures = getattr(metafunc.module, "ARCHITECTURES", ("amd64",))
    if "tun_arch" in metafunc.fixturenames:
        metafunc.parametrize("tun_arch", architectures, scope="session")


@pytest.fixture(scope="session")
def tun_arch() -> Arch:
    return "amd64"


def _build(name: str, mistakes: bool, arch: Arch) -> Path:
    plan = plan_image(
        find(),
        name=name,
        sources=sorted(SOURCES.glob("*.c")),
        resource=None,
        include=(SOURCES, SHARED, resources.toolchain() / "include"),
        defines={"NDIS_MINIPORT_DRIVER": "1", "NDIS650_MINIPORT": "1", "WITH_MISTAKES": str(int(mistakes))},
        arch=arch,
        config="Release",
        out=kept("host", name, arch),
    )
    with alone(plan.out):
        run_plan(plan)
    return plan.out / f"{name}.sys"


@pytest.fixture(scope="session")
def tun_image(tun_arch: Arch) -> Path:
    return _build("tun", mistakes=False, arch=tun_arch)


@pytest.fixture(scope="session")
def broken_image(tun_arch: Arch) -> Path:
    return _build("broken", mistakes=True, arch=tun_arch)


@pytest.fixture
def broken(broken_image: Path, tmp_path: Path) -> Broken:
    """An image that makes the mistake of this name (mistakes.h), with its symbols beside it."""
    names = re.findall(r"^    MISTAKE_(\w+),", (SOURCES / "mistakes.h").read_text(), re.MULTILINE)

    def choose(mistake: str) -> Path:
        data = bytearray(broken_image.read_bytes())
        at = data.index(MARKER) + len(MARKER)
        data[at : at + 4] = names.index(mistake).to_bytes(4, "little")
        target = tmp_path / f"{mistake.lower()}.sys"
        target.write_bytes(_with_checksum(bytes(data)))
        target.with_suffix(".pdb").write_bytes(broken_image.with_suffix(".pdb").read_bytes())
        return target

    return choose


def _with_checksum(data: bytes) -> bytes:
    image = pefile.PE(data=data, fast_load=True)
    image.OPTIONAL_HEADER.CheckSum = image.generate_checksum()
    return bytes(image.write())


@pytest.fixture
def host(tun_image: Path) -> Iterator[Host]:
    with Host(tun_image) as host:
        yield host


@pytest.fixture(autouse=True)
def what_the_marks_say(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test with the mark `breaks(rule)` must have announced that rule with `expect` and seen it, one with `keeps` no rule."""
    breaks = [mark.args[0] for mark in request.node.iter_markers("breaks")]
    keeps = [mark.args[0] for mark in request.node.iter_markers("keeps")]
    if not breaks and not keeps:
        yield
        return
    hosts: list[Host] = []
    enter = Host.__enter__

    def entered(host: Host) -> Host:
        hosts.append(host)
        return enter(host)

    monkeypatch.setattr(Host, "__enter__", entered)
    yield
    seen = {rule for host in hosts for rule in host.expected} & {each.rule for host in hosts for each in host.violations}
    assert hosts, "no host ran"
    assert set(breaks) <= seen
    if keeps:
        assert [each.report() for host in hosts for each in host.violations] == []
