"""The scenarios of the races: two clients, and a third call that looks at the outcome."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyndis.explore import Scenario
from pyndis.host import Handle, Host, Request

WORK, OTHER, JUDGE = (0x220000 | function << 2 for function in range(3))


@dataclass
class Clients:
    handle: Handle
    requests: list[Request] = field(default_factory=list)
    read: Request | None = None


def prepare(host: Host) -> Clients:
    host.add_adapter(luid_index=1)
    return Clients(host.open(r"\\.\PROBE"))


def prepare_read(host: Host) -> Clients:
    clients = prepare(host)
    clients.read = clients.handle.read(16)
    return clients


def work(clients: Clients) -> None:
    clients.requests.append(clients.handle.ioctl(WORK))


def other(clients: Clients) -> None:
    clients.requests.append(clients.handle.ioctl(OTHER))


def cancel(clients: Clients) -> None:
    assert clients.read is not None
    clients.read.cancel()


def finish(clients: Clients) -> None:
    for request in clients.requests:
        assert request.returned == 0
    clients.handle.ioctl(JUDGE)


def close(clients: Clients) -> None:
    for request in clients.requests:
        assert request.returned == 0
    clients.handle.close()


SCENARIOS = {
    "LostUpdate": Scenario("two updates", prepare, (work, work), finish),
    "CheckThenAct": Scenario("two that must exclude each other", prepare, (work, work), close),
    "LostWakeup": Scenario("wait and signal", prepare, (other, work), close),
    "CancelRace": Scenario("complete and cancel", prepare_read, (work, cancel), close),
    "Unprotected": Scenario("two that count", prepare, (work, work), finish),
    "Toy": Scenario("two that take a lock", prepare, (work, work), close),
    "Deadlock": Scenario("two locks in two orders", prepare, (work, other), close),
    "Livelock": Scenario("a loop for ever", prepare, (work, other), close),
    "SpinByHand": Scenario("two with a lock made by hand", prepare, (work, work), close),
}
