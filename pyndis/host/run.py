"""`pyndis run`: real packets through a driver, between a TUN device that plays the network stack and the driver's client."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyndis.diagnostics import Diagnostic, UsageFailure
from pyndis.host.adapter import Adapter
from pyndis.host.endpoints import CLIENTS, STACKS, Opened, namespaces, opened, parse
from pyndis.host.errors import SystemRefused
from pyndis.host.host import Host
from pyndis.host.wire import Frame, Value

_LOOK = 0.2  # seconds between two looks at whether the ends still live
_ENOUGH = 100  # broken rules that end a run: more would say the same again
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_MEDIUM_OF = {"tun": 19, "tap": 0}  # NdisMediumIP, NdisMedium802_3

Say = Callable[[str], None]


@dataclass(frozen=True)
class Flow:
    """What went one way."""

    packets: int
    bytes: int

    def __str__(self) -> str:
        return f"{self.packets:,} packets, {self.bytes:,} bytes"


@dataclass(frozen=True)
class Figures:
    """What a run carried: stack to driver, driver to stack, driver to client, client to driver. `dropped` at the ends."""

    to_driver: Flow
    from_driver: Flow
    client_out: Flow
    client_in: Flow
    dropped: int
    seconds: float

    def lines(self) -> list[str]:
        """For a person."""
        return [
            f"stack to driver:  {self.to_driver}",
            f"driver to stack:  {self.from_driver}",
            f"driver to client: {self.client_out}",
            f"client to driver: {self.client_in}",
            f"dropped: {self.dropped:,}; {self.seconds:.1f} seconds",
        ]


def run(
    image: Path | str,
    *,
    stack: str,
    client: str,
    netns: str = "",
    device: str = "",
    luid_index: int = 1,
    verifier: bool = False,
    guard: bool = False,
    cpus: int = 2,
    allow: Iterable[str] = (),
    stop: threading.Event | None = None,
    say: Say = print,
    ready: Callable[[], None] = lambda: None,
) -> Figures:
    """Carry traffic until a signal, `stop`, the end of the client or many broken rules; then end the driver in good order.

    `stack` is tun:NAME or tap:NAME, `client` tun:NAME, ring:NAME (a TUN device too, for a driver with the ring interface),
    unix:PATH or exec:COMMAND (a stream of bundles: a socket that it connects to, or its standard input and output); `netns` is
    STACK[,CLIENT]. `device` is the path that the client opens, by default the first device that the driver registers, or the
    adapter's interface for rings. `allow` names rules that the driver is known to break. `ready` is called when packets can flow.
    The network devices are made, but not set up: give them addresses with `ip`.

    Raises RuleBroken for rules that the driver broke, DriverFailure, ToolFailure and UsageFailure as Host and the ends do.
    """
    stack_netns, client_netns = namespaces(netns)
    stack_end = parse("--stack", stack, STACKS, stack_netns)
    client_end = parse("--client", client, CLIENTS, client_netns)
    host = Host(image, clock="real", verifier=verifier, guard=guard, cpus=cpus, allow=allow)
    ended = stop or threading.Event()
    with _signals(ended), opened(stack_end, say, ended) as below, opened(client_end, say, ended) as above, host:
        adapter = host.add_adapter(luid_index)
        _check_medium(adapter, below.mode)
        _start(host, adapter, below, above, device)
        say(f"{host.image.name}: {stack_end} <-> {client_end}; stop with Ctrl-C")
        began = time.monotonic()
        ready()
        while above.alive() and host.alive and len(host.session.violations) < _ENOUGH and not ended.wait(_LOOK):
            pass
        host.session.call("run-stop")
        figures = _figures(host.session.call("run-stats"), time.monotonic() - began)
        for line in figures.lines():
            say(line)
    return figures


def _check_medium(adapter: Adapter, mode: str) -> None:
    media = adapter.attributes.get("media", "")
    if media and int(media, 0) != _MEDIUM_OF[mode]:
        raise UsageFailure(
            Diagnostic(
                "PYN-H35",
                f"the adapter's medium is {media}, which a {mode} device cannot carry",
                help="use --stack tun:NAME for an adapter of medium IP (19), tap:NAME for 802.3 (0)",
            )
        )


def _start(host: Host, adapter: Adapter, below: Opened, above: Opened, device: str) -> None:
    registered = [each for each in adapter.attributes.get("devices", "").split(",") if each]
    rings = above.mode == "ring"
    path = device or (adapter.interface_path if rings else "".join(registered[:1]))
    keys: dict[str, Value] = {"adapter": adapter.id, "stack": below.mode, "client": above.mode, "path": path}
    session = host.session
    try:
        session.finish(session.start("run", keys, descriptors=(below.descriptor, above.descriptor)))
    except SystemRefused as refused:
        raise UsageFailure(
            Diagnostic(
                "PYN-H36",
                f"the client cannot {'register rings with' if rings else 'open'} {path or 'a device'}: {refused.status:#010x}",
                help=_other_client(registered, rings),
            )
        ) from refused


def _other_client(registered: list[str], rings: bool) -> str:
    if registered:
        return f"give with --device what the driver registers: {', '.join(registered)}"
    if rings:
        return "the driver registers no device either: give with --device what its client opens"
    return "the driver registers no device; a driver with the ring interface takes --client ring:NAME"


def _figures(reply: Frame, seconds: float) -> Figures:
    def flow(name: str) -> Flow:
        return Flow(reply.number(name), reply.number(f"{name}_bytes"))

    return Figures(
        to_driver=flow("to_driver"),
        from_driver=flow("from_driver"),
        client_out=flow("client_out"),
        client_in=flow("client_in"),
        dropped=reply.number("dropped"),
        seconds=seconds,
    )


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set the event instead of ending Python, where this is the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, lambda *_: stop.set()) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
