"""An adapter as NDIS and the protocols above it see it; the words are those of `pyndis.host.Adapter`."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

from pyndis.ddi import facts
from pyndis.kernel.adapter import Adapter
from pyndis.kernel.atomics import Counter
from pyndis.kernel.nbl import Nbl
from pyndis.kernel.status import NdisStatus
from pyndis.model.client import Handle
from pyndis.model.faults import ModelFault
from pyndis.model.hooks import argument_class, declared_argument, hooks_of
from pyndis.model.kernel import Kernel
from pyndis.model.made import made, unmade
from pyndis.model.packets import Chain, Packet, linked, stand_in, unlinked
from pyndis.model.rawtypes import RawStruct

D0 = 0


class Operation:
    """A call into the driver that may be completed later."""

    def __init__(self) -> None:
        self.done = False


class ModelAdapter:
    """Made by Model.add_adapter. `object` is the driver's own."""

    def __init__(self, cls: type[Adapter], kernel: Kernel) -> None:
        self.kernel = kernel
        self._class = cls
        self.hooks = hooks_of(cls)
        self.received: list[Packet] = []
        self.completed: list[int] = []
        self.indications: list[str] = []
        self._lent: dict[int, Any] = {}
        self.closing: list[Handle] = []
        self._keeps = False
        self._pausing: Operation | None = None
        self.object = made(cls, self.hooks, self)
        self.restart()

    @property
    def refused(self) -> Any:
        """The status of a request while the device refuses."""
        return declared_argument(self._class, "device", "io_refused")

    def argument_class(self, hook: str, base: type) -> type:
        """The driver's class of requests or NBLs."""
        return argument_class(self._class, self.hooks.plain[hook], base)

    def call(self, method: str | None, *arguments: Any) -> None:
        """Call a hook, if the driver has it."""
        if method is not None:
            getattr(self.object, method)(*arguments)
        self.kernel.settle()

    @property
    def counters(self) -> dict[str, int]:
        """The statistics that are not zero, by the names of `pyndis.kernel.Counters`."""
        found = {name: each.read() for name, each in vars(self.object.counters).items() if isinstance(each, Counter)}
        return {name: value for name, value in found.items() if value}

    # -- Packets

    def send(self, packets: Iterable[Any], cancel_id: int = 0, dispatch: bool = False) -> Chain:
        """Hand a chain to the driver, at DISPATCH_LEVEL if `dispatch`. Plain bytes stand for an NBL of one NB."""
        cls = self.argument_class("send", Nbl)
        nbls = [stand_in(cls, each, cancel_id) for each in packets]
        if dispatch:
            self.kernel.at_dispatch(self.object.sent, linked(nbls))
        else:
            self.object.sent(linked(nbls))
        self._settle()
        return Chain(nbls)

    def _settle(self) -> None:
        self.kernel.settle()
        self.close_files()

    def cancel_send(self, cancel_id: int) -> None:
        """MiniportCancelSend."""
        self.call(self.hooks.plain.get("cancel_send"), cancel_id)

    def hold_returns(self) -> None:
        """From now on the stack keeps what is indicated, until return_held."""
        self._keeps = True

    @property
    def held(self) -> list[int]:
        """The numbers of the NBLs that the stack keeps, oldest first."""
        return list(self._lent)

    def return_held(self, order: str | Sequence[int] = "forward", *, chained: bool = True, seed: int = 0) -> int:
        """Give back what the stack keeps, or the NBLs listed as `order`; how many it were. `seed` is for the order `shuffled`."""
        chosen = [self._lent.pop(each) for each in self._ordered(order, seed)]
        for each in [chosen] if chained else [[one] for one in chosen]:
            if each:
                self.object.given_back(linked(each))
        self._settle()
        return len(chosen)

    def _ordered(self, order: str | Sequence[int], seed: int) -> list[int]:
        if not isinstance(order, str):
            return list(order)
        chosen = self.held
        if order == "reverse":
            chosen.reverse()
        elif order == "shuffled":
            random.Random(seed).shuffle(chosen)
        return chosen

    # -- Life

    def open(self) -> Handle:
        """A program opens the device."""
        return Handle(self)

    def close_files(self) -> None:
        """CLOSE of the files that were closed and have no request left."""
        for each in [each for each in self.closing if all(request.done for request in each.requests)]:
            self.closing.remove(each)
            each.closed()

    def pause(self) -> Operation:
        """MiniportPause. It is not done while the stack has NBLs of the driver's."""
        operation = self._pausing = Operation()
        if self.object.pause() != NdisStatus.PENDING:
            operation.done = True
        self._settle()
        return operation

    def restart(self) -> None:
        """MiniportRestart."""
        self.object.restart()
        self.kernel.settle()

    def set_power(self, state: int) -> None:
        """Go to power state D`state`."""
        self.object.set_power(state == D0)
        self._settle()

    def halt(self) -> None:
        """MiniportPause and MiniportHaltEx; nothing may be left then."""
        if not self.pause().done:
            raise ModelFault("the adapter cannot be halted: it is still pausing")
        unmade(self.object, self.hooks)
        self.kernel.settle()
        if self.kernel.timers or self.kernel.blocks:
            raise ModelFault(f"left behind: {len(self.kernel.timers)} timers, {len(self.kernel.blocks)} blocks of memory")

    # -- What the driver tells NDIS

    def completed_by_driver(self, first: Any) -> None:
        """NdisMSendNetBufferListsComplete."""
        for nbl in unlinked(first):
            if nbl.completed:
                raise ModelFault("an NBL is completed twice")
            nbl.completed = True
            self.completed.append(int(nbl.status))

    def indicated(self, first: Any, count: int) -> None:
        """NdisMIndicateReceiveNetBufferLists."""
        nbls = unlinked(first)
        if len(nbls) != count:
            raise ModelFault(f"{len(nbls)} NBLs are indicated as {count}")
        for nbl in nbls:
            data = nbl._mdl.start.load(nbl._mdl.count)
            self.received.append(Packet(data, int.from_bytes(nbl._frame_type.to_bytes(2, "little"), "big")))
        if self._keeps:
            first_number = len(self.received) - len(nbls) + 1
            self._lent |= dict(enumerate(nbls, first_number))
        else:
            self.object.given_back(linked(nbls))

    def status_indicated(self, indication: RawStruct) -> None:
        """NdisMIndicateStatusEx of a link state."""
        connected = indication.StatusBuffer.MediaConnectState == facts().constant("MediaConnectStateConnected")
        self.indications.append("connected" if connected else "disconnected")

    def pause_completed(self) -> None:
        """NdisMPauseComplete."""
        if self._pausing is None or self._pausing.done:
            raise ModelFault("a pause is completed that is not under way")
        self._pausing.done = True
