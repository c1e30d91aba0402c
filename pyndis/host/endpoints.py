"""The two ends of `pyndis run`: what the command line names, and descriptors that the native half pumps."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pyndis.diagnostics import Diagnostic, ToolFailure, UsageFailure
from pyndis.host.tun_device import open_device

STACKS = ("tun", "tap")
CLIENTS = ("tun", "ring", "unix", "exec")
_LOOK = 0.2  # seconds between two looks at whether the run was stopped


@dataclass(frozen=True)
class Endpoint:
    """`kind`: tun, tap, ring (a TUN device, whose packets go through rings), unix or exec; `name`: the device, the path of the
    socket, or the command."""

    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" + (f" in {self.namespace}" if self.namespace else "")


@dataclass(frozen=True)
class Opened:
    """An end that is ready: a descriptor, how the native half is to treat it (tun, tap, ring or stream), and whether it lives."""

    descriptor: int
    mode: str
    alive: Callable[[], bool] = lambda: True


def parse(option: str, text: str, kinds: tuple[str, ...], namespace: str = "") -> Endpoint:
    """An endpoint from `kind:name`. Raises UsageFailure (PYN-H33)."""
    kind, separator, name = text.partition(":")
    if kind not in kinds or not separator or not name:
        wanted = ", ".join(f"{each}:…" for each in kinds)
        raise UsageFailure(Diagnostic("PYN-H33", f"{option} {text!r} names no end", help=f"write one of {wanted}"))
    return Endpoint(kind, name, namespace)


def namespaces(text: str) -> tuple[str, str]:
    """`STACK[,CLIENT]`: the namespaces of the two ends. Raises UsageFailure (PYN-H33)."""
    names = [each.strip() for each in text.split(",")]
    if len(names) > 2:
        raise UsageFailure(Diagnostic("PYN-H33", f"--netns {text!r} names more than two", help="write --netns STACK,CLIENT"))
    return names[0], names[1] if len(names) == 2 else ""


@contextmanager
def opened(end: Endpoint, say: Callable[[str], None], stop: threading.Event) -> Iterator[Opened]:
    """The end, open until the block is left. Raises ToolFailure (PYN-H32, PYN-H34) and UsageFailure (PYN-H30, PYN-H31)."""
    makers = {"unix": _accepted, "exec": _started}
    maker = makers.get(end.kind, _device)
    with maker(end, say, stop) as result:
        yield result


@contextmanager
def _device(end: Endpoint, say: Callable[[str], None], stop: threading.Event) -> Iterator[Opened]:
    descriptor = open_device("tap" if end.kind == "tap" else "tun", end.name, end.namespace)
    try:
        yield Opened(descriptor, end.kind)
    finally:
        os.close(descriptor)


@contextmanager
def _accepted(end: Endpoint, say: Callable[[str], None], stop: threading.Event) -> Iterator[Opened]:
    path = Path(end.name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            listener.bind(str(path))
        except OSError as error:
            raise _failed(f"the socket {path} cannot be made: {error.strerror}", "choose a path that is free") from error
        try:
            listener.listen(1)
            say(f"waiting for a client at {path}")
            with _next_client(listener, stop) as client:
                yield Opened(client.fileno(), "stream", lambda: not _closed(client))
        finally:
            path.unlink(missing_ok=True)


def _next_client(listener: socket.socket, stop: threading.Event) -> socket.socket:
    listener.settimeout(_LOOK)
    while not stop.is_set():
        with suppress(TimeoutError):
            return listener.accept()[0]
    raise _failed("no client came before the run was stopped", "connect to the socket while the run waits")


def _closed(client: socket.socket) -> bool:
    with suppress(BlockingIOError):
        return client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    return False


@contextmanager
def _started(end: Endpoint, say: Callable[[str], None], stop: threading.Event) -> Iterator[Opened]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours:
        with theirs:
            try:
                child = subprocess.Popen(shlex.split(end.name), stdin=theirs.fileno(), stdout=theirs.fileno())
            except (OSError, ValueError) as error:
                raise _failed(f"{end.name!r} cannot be started: {error}", "give a command that runs") from error
        try:
            yield Opened(ours.fileno(), "stream", lambda: child.poll() is None)
        finally:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _failed(message: str, help: str) -> ToolFailure:
    return ToolFailure(Diagnostic("PYN-H34", message, help=help))
