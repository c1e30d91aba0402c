from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from pyndis.diagnostics import Failure, UsageFailure
from pyndis.host import endpoints
from pyndis.host.endpoints import parse
from pyndis.host.run import Figures, run
from pyndis.host.tun_device import open_device
from tests.host import answering
from tests.host.packets import bundle, ipv4, unbundle
from tests.network import namespaces, needs, pings, unused

DEVICE = r"\\.\TESTTUN1"
STACK_ADDRESSES = ("10.98.0.1/24", "fd98::1/64")
CLIENT_ADDRESSES = ("10.98.0.2/24", "fd98::2/64")


network = needs()


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@pytest.fixture
def two_namespaces() -> Iterator[tuple[str, str]]:
    with namespaces() as names:
        yield names


def set_up(namespace: str, device: str, addresses: tuple[str, ...]) -> None:
    for address in addresses:
        ip("-n", namespace, "address", "add", address, "dev", device, *(["nodad"] if ":" in address else []))
    ip("-n", namespace, "link", "set", device, "mtu", "1500", "up")


class Running:
    """A run on a thread of its own; leaving the block stops it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.stop = threading.Event()
        self.ready = threading.Event()
        self.ended = threading.Event()
        self.figures: Figures | None = None
        self.error: Failure | None = None

    def run(self, image: Path, stack: str, client: str, netns: str, device: str, allow: tuple[str, ...]) -> None:
        try:
            self.figures = run(
                image,
                stack=stack,
                client=client,
                netns=netns,
                device=device,
                allow=allow,
                stop=self.stop,
                say=self.said.append,
                ready=self.ready.set,
            )
        except Failure as error:
            self.error = error
        finally:
            self.ready.set()
            self.ended.set()


@contextmanager
def running(
    image: Path, stack: str, client: str, netns: str = "", wait: bool = True, device: str = DEVICE, allow: tuple[str, ...] = ()
) -> Iterator[Running]:
    it = Running()
    thread = threading.Thread(target=it.run, args=(image, stack, client, netns, device, allow))
    thread.start()
    try:
        if wait:
            assert it.ready.wait(60)
            assert it.error is None
        yield it
    finally:
        it.stop.set()
        thread.join(60)
    assert it.error is None
    assert not thread.is_alive()


@contextmanager
def two_tuns(image: Path, names: tuple[str, str]) -> Iterator[Running]:
    with running(image, "tun:pys0", "tun:pyc0", ",".join(names)) as it:
        set_up(names[0], "pys0", STACK_ADDRESSES)
        set_up(names[1], "pyc0", CLIENT_ADDRESSES)
        yield it


def inside(namespace: str, *command: str) -> str:
    line = ["ip", "netns", "exec", namespace, *command]
    result = subprocess.run(line, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@needs("ping")
@pytest.mark.slow
def test_ping_goes_through_the_driver(tun_image: Path, two_namespaces: tuple[str, str]) -> None:
    with two_tuns(tun_image, two_namespaces) as it:
        for address in ("10.98.0.2", "fd98::2"):
            pings(partial(inside, two_namespaces[0]), address, 10)
    assert it.figures is not None
    assert it.figures.to_driver.packets >= 20
    assert it.figures.client_out.packets >= 20
    assert it.figures.from_driver.bytes >= 20 * 84
    assert any(line.startswith("stack to driver:") for line in it.said)


@needs("ping")
@pytest.mark.slow
def test_large_packets_arrive_whole(tun_image: Path, two_namespaces: tuple[str, str]) -> None:
    with two_tuns(tun_image, two_namespaces):
        pings(partial(inside, two_namespaces[0]), "10.98.0.2", 6, at_once=2, size=20_000)


@needs("iperf3")
@pytest.mark.slow
@pytest.mark.parametrize("direction", [(), ("-R",)], ids=["up", "down"])
def test_a_tcp_stream_goes_through_the_driver(
    tun_image: Path, two_namespaces: tuple[str, str], direction: tuple[str, ...]
) -> None:
    with two_tuns(tun_image, two_namespaces):
        server = subprocess.Popen(
            ["ip", "netns", "exec", two_namespaces[1], "iperf3", "-s", "-1", "--forceflush"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None
        while "Server listening" not in server.stdout.readline():
            assert server.poll() is None
        said = inside(two_namespaces[0], "iperf3", "-c", "10.98.0.2", "-n", "20M", "-J", *direction)
        server.communicate(timeout=60)
    assert '"sum_received"' in said


@needs("ping")
@pytest.mark.slow
def test_a_program_as_client_gets_bundles_and_gives_them(tun_image: Path, two_namespaces: tuple[str, str]) -> None:
    namespace = two_namespaces[0]
    program = shlex.join([sys.executable, answering.__file__])
    with running(tun_image, "tun:pys0", f"exec:{program}", namespace) as it:
        set_up(namespace, "pys0", STACK_ADDRESSES)
        pings(partial(inside, namespace), "10.98.0.2", 3)
    assert it.figures is not None
    for flow in (it.figures.to_driver, it.figures.client_out, it.figures.client_in, it.figures.from_driver):
        assert flow.packets >= 3
        assert flow.bytes >= 3 * 84


@network
@pytest.mark.slow
def test_a_run_ends_with_its_client_after_what_that_wrote(tun_image: Path, tmp_path: Path) -> None:
    path = tmp_path / "client"
    with running(tun_image, f"tun:{unused('pyu')}", f"unix:{path}", wait=False) as it:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with client:
            while not it.said:
                assert not it.ready.wait(0.01)
            client.connect(str(path))
            assert it.ready.wait(60)
            client.sendall(bundle(ipv4(100), ipv4(200)))
        assert it.ended.wait(60)
        assert it.error is None
    assert it.figures is not None
    assert it.figures.client_in.packets == 2


@network
@pytest.mark.slow
def test_ctrl_c_ends_a_run_in_good_order(tun_image: Path) -> None:
    script = (
        "import sys; from pyndis.host.run import run; "
        f"run(sys.argv[1], stack='tun:{unused('pyk')}', client='exec:cat', device=sys.argv[2])"
    )
    child = subprocess.Popen([sys.executable, "-uc", script, str(tun_image), DEVICE], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = child.stdout.readline()
    assert "stop with Ctrl-C" in said
    child.send_signal(signal.SIGINT)
    said = child.communicate(timeout=60)[0]
    assert child.returncode == 0
    assert "driver to stack:" in said


@network
def test_a_device_is_made_in_its_namespace(two_namespaces: tuple[str, str]) -> None:
    descriptor = open_device("tun", "pyt0", two_namespaces[0])
    try:
        assert "pyt0" in inside(two_namespaces[0], "ip", "link")
        assert "pyt0" not in inside(two_namespaces[1], "ip", "link")
    finally:
        os.close(descriptor)


@network
def test_a_namespace_that_is_not_there_is_said() -> None:
    with pytest.raises(UsageFailure, match="PYN-H31"):
        open_device("tun", "pyt0", "no-such-namespace")


@network
def test_a_device_that_is_not_there_is_said_with_what_there_is(tun_image: Path) -> None:
    with pytest.raises(UsageFailure, match="PYN-H36") as refused:
        run(tun_image, stack=f"tun:{unused('pyd')}", client="exec:true", device=r"\\.\NOTHING")
    assert DEVICE in str(refused.value.diagnostics[0].help)


@network
def test_the_client_opens_the_drivers_device_where_none_is_named(tun_image: Path) -> None:
    run(tun_image, stack=f"tun:{unused('pyd')}", client="exec:true", say=lambda _: None)


@pytest.mark.parametrize("name", ["", "sixteen-letters!", "a/b", ".."])
def test_a_device_needs_a_sound_name(name: str) -> None:
    with pytest.raises(UsageFailure, match="PYN-H30"):
        open_device("tun", name)


@pytest.mark.parametrize("text", ["tun", "tun:", "pipe:x", ":x", ""])
def test_an_end_needs_a_kind_and_a_name(text: str) -> None:
    with pytest.raises(UsageFailure, match="PYN-H33"):
        parse("--client", text, ("tun", "unix", "exec"))


def test_namespaces_are_given_for_the_stack_and_the_client() -> None:
    assert endpoints.namespaces("a,b") == ("a", "b")
    assert endpoints.namespaces("a") == ("a", "")
    assert endpoints.namespaces("") == ("", "")
    with pytest.raises(UsageFailure):
        endpoints.namespaces("a,b,c")


def test_a_bundle_comes_back_as_its_packets() -> None:
    packets = [ipv4(20), ipv4(33, 5)]
    assert unbundle(bundle(*packets)) == packets
