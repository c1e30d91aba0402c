"""Two network namespaces with a driver between them, and the commands that go through it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

STACK_ADDRESSES = ("10.96.0.1/24", "fd96::1/64")
CLIENT_ADDRESSES = ("10.96.0.2/24", "fd96::2/64")
ANSWER_TIME = 60  # seconds that each answer to a ping may take
PYNDIS = (sys.executable, "-c", "from pyndis.cli import main; main()")


def needs(*tools: str) -> pytest.MarkDecorator:
    """Skips where packets cannot be carried; under CI nothing is skipped, and what is missing fails."""
    why = _why_not(tools)
    return pytest.mark.skipif(bool(why) and not os.environ.get("CI"), reason=why or "all is there")


def _why_not(tools: tuple[str, ...]) -> str:
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not os.access("/dev/net/tun", os.W_OK):
        return "there is no /dev/net/tun"
    missing = [each for each in ("ip", *tools) if not shutil.which(each)]
    return f"not installed: {', '.join(missing)}" if missing else ""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@contextmanager
def namespaces() -> Iterator[tuple[str, str]]:
    """Two new ones, for the stack and for the client."""
    run = secrets.token_hex(4)  # a number of a process may have been that of one that was killed here
    names = (f"pyndis-a{run}", f"pyndis-b{run}")
    try:
        for name in names:
            ip("netns", "add", name)
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False)


def set_up(namespace: str, device: str, addresses: tuple[str, ...]) -> None:
    for address in addresses:
        ip("-n", namespace, "address", "add", address, "dev", device, *(["nodad"] if ":" in address else []))
    ip("-n", namespace, "link", "set", device, "mtu", "1420", "up")


def unused(prefix: str) -> str:
    """The name of a network device that no other run of the tests has."""
    return f"{prefix}{secrets.token_hex(4)}"


def pings(run: Callable[..., str], address: str, count: int, *, at_once: int = 50, size: int = 56) -> None:
    """Every one of `count` pings is answered. `run` runs a command, `at_once` are on their way together, of `size` bytes each.

    After its last request ping waits as long as two round trips or one interval, whichever is more (-W counts only where nothing
    was answered): hence a burst, for which the interval is the patience, and which ends with its last answer.
    """
    patience = ("-i", str(ANSWER_TIME), "-W", str(ANSWER_TIME))
    for start in range(0, count, at_once):
        burst = str(min(at_once, count - start))
        said = run("ping", "-q", "-c", burst, "-l", burst, *patience, "-s", str(size), address)
        assert f"{burst} received, 0% packet loss" in said


@dataclass
class Carried:
    """A driver between two namespaces, as long as the block lasts."""

    stack: str
    client: str
    report: str = ""  # what the command said, after the block

    def from_stack(self, *command: str) -> str:
        """The output of a command in the stack's namespace, which must succeed."""
        line = ["ip", "netns", "exec", self.stack, *command]
        result = subprocess.run(line, capture_output=True, text=True, timeout=5 * ANSWER_TIME, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    @contextmanager
    def serving(self, *command: str, ready: str) -> Iterator[None]:
        """A server in the client's namespace, from the line on that says it is ready."""
        line = ["ip", "netns", "exec", self.client, *command]
        with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            try:
                assert any(ready in each for each in server.stdout), "the server ended"
                yield
            finally:
                server.kill()


@contextmanager
def carried(driver: Path, *options: str) -> Iterator[Carried]:
    """`pyndis run` between two namespaces. It must end without a complaint; a rule that the driver broke is one."""
    with namespaces() as (stack, client):
        ends = ("--stack", "tun:pya", "--client", "tun:pyb", "--netns", f"{stack},{client}")
        command = [*PYNDIS, "run", str(driver), *ends, *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            assert process.stdout is not None
            it = Carried(stack, client)
            try:
                while "stop with Ctrl-C" not in (line := process.stdout.readline()):
                    it.report += line
                    assert line, it.report
                set_up(stack, "pya", STACK_ADDRESSES)
                set_up(client, "pyb", CLIENT_ADDRESSES)
                yield it
            finally:
                process.send_signal(signal.SIGINT)
                it.report += process.communicate(timeout=60)[0]
        assert process.returncode == 0, it.report
