"""An adapter of the miniport, seen from NDIS and the protocols above it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from pyndis.host.nbl import (
    Completion,
    Indication,
    Packet,
    Sendable,
    completion_of,
    encode_chain,
    indication_of,
    nbl_of,
    packets_of,
)
from pyndis.host.operation import Oid, Operation
from pyndis.host.session import Session
from pyndis.host.wire import Frame, Value

Order = Literal["forward", "reverse", "shuffled"]
PnpEvent = Literal["query_remove", "remove_cancelled", "remove_complete", "surprise_removed", "power_profile"]


@dataclass(frozen=True)
class Link:
    """`state`: connected, disconnected or unknown; `sends`, `lent`: NBLs in the driver's and in the stack's hands;
    `life`: the adapter's state; `power`: 0 for D0."""

    state: str
    sends: int
    lent: int
    life: str
    power: int


class Chain:
    """NBLs that went to the driver in one call."""

    def __init__(self, adapter: Adapter, id: int, count: int) -> None:
        self._adapter = adapter
        self.id = id
        self.count = count

    @property
    def statuses(self) -> list[int | None]:
        """The NDIS_STATUS of each NBL, None while the driver has it."""
        found = {each.index: each.status for each in self._adapter.completions if each.chain == self.id}
        return [found.get(index) for index in range(self.count)]

    @property
    def done(self) -> bool:
        """Whether the driver gave back every NBL."""
        return None not in self.statuses


class Adapter:
    """Made by Host.add_adapter. What it lists is as of the moment when all is at rest."""

    def __init__(self, session: Session, luid_index: int) -> None:
        self._session = session
        self.luid_index = luid_index
        self.id = session.new_id()
        self.halted = False
        self.shut_down = False
        self.attributes: dict[str, str] = {}
        self._received: list[Packet] = []
        self._completions: list[Completion] = []
        self._indications: list[Indication] = []
        self._held: list[int] = []
        session.listen("adapter", self.id, self)

    def on_event(self, event: Frame) -> None:
        match event.word:
            case "received":
                self._received.extend(packets_of(event))
                if event.number("held"):
                    self._held.append(event.number("nbl"))
            case "sent":
                self._completions.append(completion_of(event))
            case "status":
                self._indications.append(indication_of(event))

    @property
    def interface_path(self) -> str:
        """The path of its network device interface, for Process.open."""
        return self.attributes.get("interface", "")

    @property
    def declared(self) -> dict[str, bytes]:
        """What the driver gave NDIS, byte for byte: `characteristics` of the miniport; `registration`, `general`, `power` (its
        PM capabilities) and `oids` of this adapter."""
        return {name: bytes.fromhex(value) for name, value in self._session.call("declared", adapter=self.id).keys.items()}

    # -- What the stack saw ------------------------------------------------------------------------------------------

    @property
    def received(self) -> list[Packet]:
        """The packets that the driver indicated, in order."""
        self._session.settle()
        return list(self._received)

    @property
    def completions(self) -> list[Completion]:
        """The NBLs that the driver gave back, in order."""
        self._session.settle()
        return list(self._completions)

    @property
    def completed(self) -> list[int]:
        """The statuses of the NBLs that the driver gave back, in order."""
        return [each.status for each in self.completions]

    @property
    def status_indications(self) -> list[Indication]:
        """All status indications, in order."""
        self._session.settle()
        return list(self._indications)

    @property
    def indications(self) -> list[str]:
        """The link states that the driver indicated, in order: `connected`, `disconnected`."""
        return [each.state for each in self.status_indications if each.state]

    @property
    def link(self) -> Link:
        """As NDIS sees the adapter now."""
        self._session.settle()
        reply = self._session.call("link", adapter=self.id)
        return Link(reply.text("state"), reply.number("sends"), reply.number("lent"), reply.text("life"), reply.number("power"))

    # -- Packets ---------------------------------------------------------------------------------------------------

    def send(self, packets: Iterable[Sendable], cancel_id: int = 0, dispatch: bool = False, flags: int = 0) -> Chain:
        """Hand a chain to the driver's send handler, at DISPATCH_LEVEL if `dispatch`. Plain bytes stand for an NBL of one NB."""
        nbls = [nbl_of(each) for each in packets]
        chain = Chain(self, self._session.new_id(), len(nbls))
        keys: dict[str, Value] = {"dispatch": dispatch, "flags": flags, "cancel": cancel_id}
        self._session.call("send", encode_chain(nbls), adapter=self.id, chain=chain.id, **keys)
        return chain

    def cancel_send(self, cancel_id: int, dispatch: bool = False) -> None:
        """MiniportCancelSend."""
        self._session.call("cancel-send", adapter=self.id, cancel=cancel_id, dispatch=dispatch)

    def hold_returns(self) -> None:
        """From now on the stack keeps what is indicated, until return_held."""
        self._session.call("returns", adapter=self.id, mode="held")

    def return_inline(self) -> None:
        """From now on NBLs go back before the indicate call returns."""
        self._session.call("returns", adapter=self.id, mode="inline")

    def return_on_threads(self) -> None:
        """From now on NBLs go back on another thread, perhaps before the indicate call returns."""
        self._session.call("returns", adapter=self.id, mode="thread")

    @property
    def held(self) -> list[int]:
        """The numbers of the NBLs that the stack keeps, oldest first."""
        self._session.settle()
        return list(self._held)

    def return_held(
        self,
        order: Order | Sequence[int] = "forward",
        threads: int = 1,
        *,
        dispatch: bool = False,
        chained: bool = True,
        status: int = 0,
        seed: int = 0,
    ) -> int:
        """Give back what the stack keeps, or the NBLs listed as `order`; how many it were.

        They are dealt over `threads` calls at the same time. `chained=False`: one call for each NBL. `seed` is for the order
        `shuffled`. `status`: NBL.Status at the return.
        """
        nbls = self._ordered(order, seed)
        self.forget_held(nbls)
        hands = [nbls[hand::threads] for hand in range(threads)]
        keys: dict[str, Value] = {"dispatch": dispatch, "chained": chained, "status": status}
        calls = [self._session.start("return", keys | {"adapter": self.id, "nbls": hand}) for hand in hands if hand]
        for call in calls:
            self._session.finish(call)
        return len(nbls)

    def forget_held(self, nbls: Sequence[int]) -> None:
        """These NBLs are on their way back by another command."""
        for each in nbls:
            with suppress(ValueError):
                self._held.remove(each)  # one by one: the reader's thread adds to the list

    def _ordered(self, order: Order | Sequence[int], seed: int) -> list[int]:
        if not isinstance(order, str):
            return list(order)
        held = self.held
        if order == "reverse":
            return held[::-1]
        if order == "shuffled":
            random.Random(seed).shuffle(held)
        return held

    # -- Life --------------------------------------------------------------------------------------------------------

    def _operation(self, word: str, wait: bool, /, **keys: Value) -> Operation:
        operation = Operation(self._session, self._session.start(word, {"adapter": self.id, **keys}))
        if wait:
            operation.wait()
        return operation

    def pause(self, wait_sends: bool = False, *, reason: int = 0, wait: bool = True) -> Operation:
        """MiniportPause; with `wait_sends` the stack first waits for its sends. `wait=False` returns while it may be pending."""
        return self._operation("pause", wait, wait_sends=wait_sends, reason=reason)

    def restart(self, *, wait: bool = True) -> Operation:
        """MiniportRestart."""
        return self._operation("restart", wait)

    def set_power(self, state: int, *, order: Literal["", "pause", "nopause"] = "", wait: bool = True) -> Operation:
        """Go to power state D`state` (0–3), in the given order of pause and OID or in that of the adapter's attributes."""
        keys: dict[str, Value] = {"order": order} if order else {}
        return self._operation("power", wait, state=state, **keys)

    def pnp(self, event: PnpEvent) -> int:
        """A PnP event, to target-device notifications or MiniportDevicePnPEventNotify; how many callbacks it reached."""
        return self._session.call("pnp", adapter=self.id, event=event).number("callbacks")

    def surprise_remove(self, *, wait: bool = True) -> Operation:
        """Surprise removal in NDIS's order: notify, pause, halt."""
        self.halted = True
        return self._operation("surprise-remove", wait)

    def shutdown(self, bugcheck: bool = False) -> None:
        """MiniportShutdownEx, at HIGH_LEVEL for a bug check. No callback of this adapter starts after it."""
        self.halted = self.shut_down = True
        self._session.call("shutdown", adapter=self.id, bugcheck=bugcheck)

    def halt(self, action: int = 0, *, pause: bool = True, wait: bool = True) -> Operation:
        """MiniportHaltEx, after a pause where the adapter runs; then the host looks for what the driver left behind."""
        self.halted = True
        return self._operation("halt", wait, action=action, pause=pause)

    # -- OIDs --------------------------------------------------------------------------------------------------------

    def oid(
        self,
        query: int | None = None,
        *,
        set: int | None = None,
        statistics: int | None = None,
        method: int | None = None,
        data: bytes = b"",
        length: int | None = None,
        out: int = 0,
        request_id: int = 0,
        direct: bool = False,
        wait: bool = True,
    ) -> Oid:
        """One OID request of one kind, by its number.

        `data` fills the buffer; `length` is the buffer's (query: 4,096 bytes if neither is given); `out` is the output
        length of a method.
        """
        kind, number = _kind_of(query=query, set=set, statistics=statistics, method=method)
        keys: dict[str, Value] = {"adapter": self.id, "type": kind, "oid": number, "request_id": request_id, "direct": direct}
        if kind == "method":
            keys |= {"in": len(data), "out": out}
        else:
            keys["length"] = length if length is not None else _buffer_length(kind, data)
        oid = Oid(self._session, self._session.start("oid", keys, data))
        if wait:
            oid.wait()
        return oid

    def cancel_oid(self, request_id: int, direct: bool = False) -> None:
        """MiniportCancelOidRequest, or the direct one."""
        self._session.call("cancel-oid", adapter=self.id, request_id=request_id, direct=direct)


def _buffer_length(kind: str, data: bytes) -> int:
    return len(data) if data or kind == "set" else 4096


def _kind_of(**kinds: int | None) -> tuple[str, int]:
    given = [(kind, oid) for kind, oid in kinds.items() if oid is not None]
    if len(given) != 1:
        raise TypeError("oid() takes exactly one of query, set, statistics and method")
    return given[0]
