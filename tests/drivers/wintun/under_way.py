"""Calls into the driver that a test does not wait for, because it holds one of their threads (Host.hold_call)."""

from __future__ import annotations

from collections.abc import Sequence

from pyndis.host import Adapter, Chain, Handle, Host, OpenRefused, Operation
from pyndis.host.nbl import Sendable, encode_chain, nbl_of


def starting(host: Host, index: int) -> tuple[Adapter, Operation]:
    """An adapter that is being initialized and restarted."""
    adapter = Adapter(host.session, index)
    host.adapters.append(adapter)
    return adapter, Operation(host.session, host.session.start("add-adapter", {"adapter": adapter.id, "luid": index}))


def sending(host: Host, adapter: Adapter, packets: Sequence[Sendable]) -> tuple[Chain, Operation]:
    """A chain in the driver's send handler."""
    nbls = [nbl_of(each) for each in packets]
    chain = Chain(adapter, host.session.new_id(), len(nbls))
    keys = {"adapter": adapter.id, "chain": chain.id}
    return chain, Operation(host.session, host.session.start("send", keys, encode_chain(nbls)))


def closing(host: Host, handle: Handle) -> Operation:
    """A handle whose CLEANUP and CLOSE are under way."""
    return Operation(host.session, host.session.start("close", {"handle": handle.id}))


def refusal(host: Host, path: str) -> int:
    """The status with which an open is refused; 0 if it is not."""
    try:
        host.open(path).close()
    except OpenRefused as refused:
        return refused.status
    return 0
