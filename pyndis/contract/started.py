"""Calls into the driver that are only started: the caller goes on while they run, and waits for them when it likes."""

from __future__ import annotations

from collections.abc import Sequence

from pyndis.host import Adapter, Chain, CommandRefused, Handle, Host, Operation, Process, Request, SystemRefused
from pyndis.host.nbl import Sendable, encode_chain, nbl_of
from pyndis.host.wire import Value


def _started(host: Host, word: str, payload: bytes = b"", **keys: Value) -> Operation:
    return Operation(host.session, host.session.start(word, keys, payload))


def initialize(host: Host, luid: int) -> tuple[Adapter, Operation]:
    """An adapter that is being initialized and restarted."""
    adapter = Adapter(host.session, luid)
    host.adapters.append(adapter)
    return adapter, _started(host, "add-adapter", adapter=adapter.id, luid=luid)


def send(
    host: Host, adapter: Adapter, packets: Sequence[Sendable], cancel_id: int = 0, dispatch: bool = False
) -> tuple[Chain, Operation]:
    """A chain that goes into the driver's send handler."""
    nbls = [nbl_of(each) for each in packets]
    chain = Chain(adapter, host.session.new_id(), len(nbls))
    payload = encode_chain(nbls)
    return chain, _started(host, "send", payload, adapter=adapter.id, chain=chain.id, cancel=cancel_id, dispatch=dispatch)


def cancel_send(host: Host, adapter: Adapter, cancel_id: int) -> Operation:
    """MiniportCancelSend."""
    return _started(host, "cancel-send", adapter=adapter.id, cancel=cancel_id)


def give_back(host: Host, adapter: Adapter, nbls: Sequence[int]) -> Operation:
    """The return of these of the NBLs that the stack keeps."""
    adapter.forget_held(nbls)
    return _started(host, "return", adapter=adapter.id, nbls=nbls)


def pnp(host: Host, adapter: Adapter, event: str) -> Operation:
    """A PnP event."""
    return _started(host, "pnp", adapter=adapter.id, event=event)


def close(host: Host, handle: Handle) -> Operation:
    """CLEANUP and CLOSE of a handle."""
    return _started(host, "close", handle=handle.id)


def close_all(host: Host, handles: Sequence[Handle]) -> None:
    """Close handles at the same time, and wait; one that the driver closes by force meanwhile is as good."""
    for handle, closing in [(each, close(host, each)) for each in handles]:
        try:
            closing.wait()
        except SystemRefused:
            if not handle.closed_by_force:
                raise


def end(*operations: Operation) -> None:
    """Wait for operations that raced; one that came too late to be legal, as a send to an adapter that was halted, is as good."""
    for operation in operations:
        went(operation)


def went(operation: Operation) -> bool:
    """Whether an operation got to the driver at all, or came too late for that; waits until it has ended."""
    try:
        operation.wait()
    except (CommandRefused, SystemRefused):
        return False
    return True


def came(request: Request) -> bool:
    """Whether a request that raced with the end of its handle got to the driver at all; waits until it is known."""
    try:
        return request.returned >= 0
    except (SystemRefused, CommandRefused):
        return False


def cancel(host: Host, request: Request) -> Operation:
    """The cancelling of one request."""
    return _started(host, "cancel", request=request.id)


def cancel_io(host: Host, handle: Handle) -> Operation:
    """The cancelling of every request of a handle."""
    return _started(host, "cancel-io", handle=handle.id)


def kill(host: Host, process: Process) -> Operation:
    """The end of a process."""
    process.alive = False
    return _started(host, "kill", process=process.id)
