"""TCP through a driver: stack -> TUN -> driver in the host -> TUN -> other stack, as a ratio to another image or to a bare relay.

    sudo python benchmarks/throughput.py build/wintun/amd64/Release/wintun/wintun.sys [--vs OTHER.sys] [--seconds 5] [--json]

Without --vs the reference is a process that copies packets between the two TUN devices and does nothing else. Needs root, ip and
iperf3. The runs take turns, so that a machine that gets slower slows both.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pyndis.diagnostics import Failure
from pyndis.host.run import run
from pyndis.host.tun_device import open_device
from pyndis.toolchains import find

STACK, CLIENT = f"bench-s{os.getpid()}", f"bench-c{os.getpid()}"
STACK_DEVICE, CLIENT_DEVICE = "bench0", "bench1"
STACK_ADDRESS, CLIENT_ADDRESS = "10.97.0.1", "10.97.0.2"


@dataclass(frozen=True)
class Rates:
    """Median rates in bits per second: from the stack to the client, and back."""

    up: float
    down: float


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@contextmanager
def two_namespaces() -> Iterator[None]:
    for name in (STACK, CLIENT):
        ip("netns", "add", name)
    try:
        yield
    finally:
        for name in (STACK, CLIENT):
            ip("netns", "del", name)


def set_up(mtu: int) -> None:
    for namespace, device, address in ((STACK, STACK_DEVICE, STACK_ADDRESS), (CLIENT, CLIENT_DEVICE, CLIENT_ADDRESS)):
        ip("-n", namespace, "address", "add", f"{address}/24", "dev", device)
        ip("-n", namespace, "link", "set", device, "mtu", str(mtu), "up")


def iperf(seconds: float, *options: str) -> float:
    """Received bits per second of one TCP stream."""
    enter = ["ip", "netns", "exec"]
    with subprocess.Popen([*enter, CLIENT, "iperf3", "-s", "-1", "--forceflush"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        while "Server listening" not in server.stdout.readline():
            assert server.poll() is None, "iperf3 did not start"
        command = [*enter, STACK, "iperf3", "-c", CLIENT_ADDRESS, "-t", str(seconds), "-J", *options]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        server.communicate(timeout=30)
    return float(json.loads(said)["end"]["sum_received"]["bits_per_second"])


def both_ways(seconds: float, mtu: int) -> Rates:
    set_up(mtu)
    return Rates(up=iperf(seconds), down=iperf(seconds, "-R"))


def through_driver(image: Path, device: str, seconds: float, mtu: int) -> Rates:
    """One measurement through an image."""
    stop, ready = threading.Event(), threading.Event()
    failures: list[Failure] = []

    def body() -> None:
        try:
            ends = {"stack": f"tun:{STACK_DEVICE}", "client": f"tun:{CLIENT_DEVICE}", "netns": f"{STACK},{CLIENT}"}
            run(image, **ends, device=device, stop=stop, ready=ready.set, say=lambda _: None)  # type: ignore[arg-type]
        except Failure as failure:
            failures.append(failure)
        finally:
            ready.set()

    thread = threading.Thread(target=body)
    thread.start()
    try:
        ready.wait()
        if failures:
            raise failures[0]
        return both_ways(seconds, mtu)
    finally:
        stop.set()
        thread.join()


def through_relay(relay: Path, seconds: float, mtu: int) -> Rates:
    """One measurement through a process that only copies."""
    first, second = open_device("tun", STACK_DEVICE, STACK), open_device("tun", CLIENT_DEVICE, CLIENT)
    child = subprocess.Popen([relay, str(first), str(second)], pass_fds=(first, second))
    try:
        return both_ways(seconds, mtu)
    finally:
        child.kill()
        child.wait()
        os.close(first)
        os.close(second)


@contextmanager
def compiled_relay() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "relay"
        subprocess.run([*find().tool("cc"), "-O2", str(Path(__file__).with_name("relay.c")), "-o", str(program)], check=True)
        yield program


def medians(measured: list[Rates]) -> Rates:
    return Rates(statistics.median(each.up for each in measured), statistics.median(each.down for each in measured))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("image", type=Path)
    parser.add_argument("--device", default="", help="path that the client opens")
    parser.add_argument("--vs", type=Path, help="another image; default: a bare relay")
    parser.add_argument("--vs-device", default="")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mtu", type=int, default=1500)
    parser.add_argument("--json", action="store_true")
    said = parser.parse_args()
    ours: list[Rates] = []
    theirs: list[Rates] = []
    try:
        with compiled_relay() as relay, two_namespaces():
            for _ in range(said.rounds):
                ours.append(through_driver(said.image, said.device, said.seconds, said.mtu))
                if said.vs:
                    theirs.append(through_driver(said.vs, said.vs_device, said.seconds, said.mtu))
                else:
                    theirs.append(through_relay(relay, said.seconds, said.mtu))
    except Failure as failure:
        print(failure, file=sys.stderr)
        return failure.exit_code
    image, reference = medians(ours), medians(theirs)
    ratios = Rates(image.up / reference.up, image.down / reference.down)
    if said.json:
        print(json.dumps({"image": asdict(image), "reference": asdict(reference), "ratio": asdict(ratios)}))
        return 0
    for way in ("up", "down"):
        rate, base, ratio = (getattr(each, way) for each in (image, reference, ratios))
        print(f"{way:5} {rate / 1e6:10.0f} Mbit/s   reference {base / 1e6:10.0f} Mbit/s   ratio {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
