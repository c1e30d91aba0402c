"""A scenario in the host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pyndis.host import Adapter, Handle, Host, Nb, Nbl, Request
from pyndis.host import Operation as Change
from pyndis.host.errors import OpenRefused
from tests.wine.operations import INDEX, Log, Observation, OidAnswer, Operation, Outcome, decoded


def play(image: Path, operations: Sequence[Operation]) -> list[Observation]:
    """What the observing operations observe. Raises RuleBroken if the driver breaks a rule meanwhile."""
    with Host(image) as host:
        player = _Player(host, host.add_adapter(INDEX))
        observed = [(each, player.perform(each)) for each in operations]
    return [observation for operation, observation in observed if operation.observes]


class _Player:
    def __init__(self, host: Host, adapter: Adapter) -> None:
        self._host = host
        self._adapter = adapter
        self._process = host.process()
        self._handles: dict[str, Handle] = {}
        self._requests: dict[str, Request] = {}
        self._changes: dict[str, Change] = {}
        self._first: dict[int, int] = {}  # by chain: the number of its first NBL
        self._sent = 0
        self._shown = {"received": 0, "sent": 0, "link": 0}

    def perform(self, operation: Operation) -> Observation:
        actions: dict[str, Callable[[Operation], Observation]] = {
            "open": self._open,
            "close": self._close,
            "read": self._read,
            "write": self._write,
            "control": self._control,
            "cancel": self._cancel,
            "outcome": self._outcome,
            "pending": self._outcome,
            "die": self._die,
            "send": self._send,
            "cancel_sends": self._cancel_sends,
            "hold": self._hold,
            "give_back": self._give_back,
            "pause": self._pause,
            "restart": self._restart,
            "changed": self._changed,
            "changing": self._changed,
            "halt": self._halt,
            "oid": self._oid,
            "log": self._log,
        }
        return actions[operation.word](operation)

    # -- the client

    def _open(self, operation: Operation) -> Observation:
        try:
            self._handles[operation.name] = self._process.open(rf"\\.\{operation.data.decode()}")
        except OpenRefused as error:
            return error.status
        return 0

    def _close(self, operation: Operation) -> Observation:
        self._handles[operation.name].close()
        return None

    def _read(self, operation: Operation) -> Observation:
        self._requests[operation.name] = self._handles[operation.handle].read(operation.numbers[0])
        return None

    def _write(self, operation: Operation) -> Observation:
        self._requests[operation.name] = self._handles[operation.handle].write(operation.data)
        return None

    def _control(self, operation: Operation) -> Observation:
        self._requests[operation.name] = self._handles[operation.handle].ioctl(operation.numbers[0])
        return None

    def _cancel(self, operation: Operation) -> Observation:
        return self._requests[operation.name].cancel()

    def _outcome(self, operation: Operation) -> Observation:
        request = self._requests[operation.name]
        return Outcome(request.status, request.information, request.data) if request.done else None

    def _die(self, operation: Operation) -> Observation:
        self._process.kill()
        self._process = self._host.process()
        return None

    # -- the stack

    def _send(self, operation: Operation) -> Observation:
        lists = decoded(operation.data)
        chain = self._adapter.send(Nbl([Nb(packet) for packet in each.packets], cancel_id=each.cancel_id) for each in lists)
        self._first[chain.id] = self._sent
        self._sent += len(lists)
        return None

    def _cancel_sends(self, operation: Operation) -> Observation:
        self._adapter.cancel_send(operation.numbers[0])
        return None

    def _hold(self, operation: Operation) -> Observation:
        self._adapter.hold_returns()
        return None

    def _give_back(self, operation: Operation) -> Observation:
        self._adapter.return_inline()
        return self._adapter.return_held("reverse" if operation.numbers[0] else "forward", chained=False)

    def _pause(self, operation: Operation) -> Observation:
        self._changes[operation.name] = self._adapter.pause(wait=False)
        self._host.settle()
        return None

    def _restart(self, operation: Operation) -> Observation:
        self._changes[operation.name] = self._adapter.restart(wait=False)
        self._host.settle()
        return None

    def _changed(self, operation: Operation) -> Observation:
        change = self._changes[operation.name]
        return change.status if change.done else None

    def _halt(self, operation: Operation) -> Observation:
        self._adapter.halt()
        return None

    def _oid(self, operation: Operation) -> Observation:
        is_set, number, length = operation.numbers
        if is_set:
            oid = self._adapter.oid(set=number, data=operation.data)
        else:
            oid = self._adapter.oid(query=number, length=length)
        return OidAnswer(oid.status, oid.written, oid.read, oid.needed, oid.data)

    def _log(self, operation: Operation) -> Observation:
        received = [(packet.protocol, packet.data) for packet in self._adapter.received]
        sent = [(self._first[each.chain] + each.index, each.status) for each in self._adapter.completions]
        link = self._adapter.indications
        shown = self._shown
        self._shown = {"received": len(received), "sent": len(sent), "link": len(link)}
        return Log(tuple(received[shown["received"] :]), tuple(sent[shown["sent"] :]), tuple(link[shown["link"] :]))
