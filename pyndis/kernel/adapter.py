"""The adapter: its life, and the flow of packets through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from pyndis.kernel import raw
from pyndis.kernel.arithmetic import wrapping_add, wrapping_add64
from pyndis.kernel.atomics import Atomic, Counter
from pyndis.kernel.containers import Chain
from pyndis.kernel.device import REMOVED, ControlDevice
from pyndis.kernel.marks import Owned, Ref, given, i32, u32, u64, unsafe
from pyndis.kernel.nbl import Nbl, PoolNbl
from pyndis.kernel.objects import addr, sizeof
from pyndis.kernel.status import FlowStopped, NdisStatus

F = TypeVar("F", bound=Callable[..., Any])

PAUSED: Final = 1
LOW_POWER: Final = 2
LINK_DOWN: Final = 4
GONE: Final = 8


class Counters:
    """NDIS_STATISTICS_INFO."""

    in_discards: Counter
    in_errors: Counter
    in_octets: Counter
    in_packets: Counter
    out_octets: Counter
    out_packets: Counter
    out_errors: Counter
    out_discards: Counter

    def received(self, packets: u64, octets: u64) -> None:
        """Packets that the stack has returned."""
        self.in_packets.add(packets)
        self.in_octets.add(octets)


class Completions:
    """Sends to complete. They are collected under locks; leaving the `with` completes, counts, and leaves the flow."""

    adapter: Ref[Adapter]
    chain: Chain[Nbl]
    discarded: u32
    failed: u32
    packets: u32
    octets: u64

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    def __enter__(self) -> Completions:
        return self

    def __exit__(self, *exception: object) -> None:
        """Calls out."""
        adapter = self.adapter
        counters = adapter.counters
        if self.packets != 0:
            counters.out_packets.add(self.packets)
            counters.out_octets.add(self.octets)
        if self.discarded != 0:
            counters.out_discards.add(self.discarded)
        if self.failed != 0:
            counters.out_errors.add(self.failed)
        count = self.chain.count
        if count != 0:
            with unsafe("the NBLs are ours until they are completed, and each holds a token of the flow"):
                raw.NdisMSendNetBufferListsComplete(adapter.handle, self.chain.first, 0)
            adapter.sends.subtract(count)
            adapter.leave(count)

    def add(self, nbl: Owned[Nbl]) -> None:
        """Complete it with the status that it has."""
        self.chain.append(nbl)

    def fail(self, nbl: Owned[Nbl], status: NdisStatus) -> None:
        """Complete it with this status."""
        nbl.status = status
        self.add(nbl)

    def discard(self, nbl: Owned[Nbl]) -> None:
        """Give it up, and count that."""
        self.count_discard()
        self.fail(nbl, NdisStatus.SEND_ABORTED)

    def count_discard(self) -> None:
        """A packet that went nowhere."""
        self.discarded = wrapping_add(self.discarded, 1)

    def count_failure(self) -> None:
        """A packet whose payload could not be reached."""
        self.failed = wrapping_add(self.failed, 1)

    def count_packet(self, size: u32) -> None:
        """A packet that a reader has."""
        self.packets = wrapping_add(self.packets, 1)
        self.octets = wrapping_add64(self.octets, size)


class Receiving:
    """A place inside the flow: pause and sleep wait for who is there. Leaving the `with` leaves the flow."""

    adapter: Ref[Adapter]

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    def __enter__(self) -> Receiving:
        return self

    def __exit__(self, *exception: object) -> None:
        self.adapter.indicating.subtract(1)
        self.adapter.leave(1)

    def indicate(self, chain: Chain[PoolNbl]) -> None:
        """Lend NBLs, all of one protocol, to the stack until it returns them; the chain is empty then. Calls out."""
        first = chain.first
        count = chain.count
        if first is None:
            return
        chain.first = None
        chain.last = None
        chain.count = 0
        self.adapter.tokens.add(count)
        with unsafe("each NBL holds a token of the flow until it is returned"):
            raw.NdisMIndicateReceiveNetBufferLists(
                self.adapter.handle, first, raw.NDIS_DEFAULT_PORT_NUMBER, count, raw.NDIS_RECEIVE_FLAGS_SINGLE_ETHER_TYPE
            )


class on:
    """What NDIS asks of an adapter. Each has one function type and one signature, and is called by a generated entry."""

    @staticmethod
    def send(method: F) -> F:
        """`(self, chain: Owned[Chain[a subclass of Nbl]])`, at DISPATCH_LEVEL or below."""
        return method

    @staticmethod
    def cancel_send(method: F) -> F:
        """`(self, cancel_id: usize)`, at DISPATCH_LEVEL or below."""
        return method

    @staticmethod
    def returned(method: F) -> F:
        """`(self, chain: Owned[Chain[PoolNbl]])`, at DISPATCH_LEVEL or below. The entry leaves the flow afterwards."""
        return method

    @staticmethod
    def flow_stopped(method: F) -> F:
        """`(self, status: NdisStatus)`: pause, low power, removal, link down."""
        return method

    @staticmethod
    def halt(method: F) -> F:
        """`(self)`: the first step of halting. PASSIVE."""
        return method


class Adapter:
    """An adapter. What a subclass declares becomes fields, made in that order and unmade in reverse.

    The flow: each send, each NBL lent to the stack and each thread inside holds a token. Pause takes away the first token;
    whoever drops the last one completes the pause. The other stops refuse what comes and wait for nothing.
    """

    handle: raw.NDIS_HANDLE
    driver_object: raw.PDRIVER_OBJECT
    tokens: Atomic
    sends: Atomic
    indicating: Atomic  # threads, not what they have lent
    stops: Atomic
    counters: Counters
    device: ControlDevice

    def flow_stopped(self, status: NdisStatus) -> None:
        """`@on.flow_stopped`, if the adapter has it."""

    def enter(self, count: u32) -> bool:
        """Take tokens, unless the adapter is paused."""
        while True:
            tokens = self.tokens.read()
            after = tokens + count
            if tokens <= 0 or after > 0x7FFF_FFFF:
                return False
            if self.tokens.exchange_if(tokens, after):
                return True

    def leave(self, count: u32) -> None:
        """Give tokens back. The last one completes a pause, so nothing may touch the adapter afterwards. Calls out."""
        with unsafe("the last token is gone only while the adapter is pausing"):
            handle = self.handle
            if self.tokens.subtract(count) == count:
                raw.NdisMPauseComplete(handle)

    @property
    def refusal(self) -> NdisStatus:
        """The status with which a send is refused now; SUCCESS while the flow runs. Asked under the lock of the queue."""
        stops = self.stops.read()
        if stops & GONE != 0:
            return NdisStatus.NOT_ACCEPTED
        if stops & PAUSED != 0:
            return NdisStatus.PAUSED
        if stops & LOW_POWER != 0:
            return NdisStatus.LOW_POWER_STATE
        if stops & LINK_DOWN != 0:
            return NdisStatus.SEND_ABORTED
        return NdisStatus.SUCCESS

    def completing(self) -> Completions:
        """Collects sends to complete."""
        return Completions(self)

    @property
    def receives_nothing(self) -> bool:
        """Paused, asleep or being removed. It may stop right afterwards: `receiving` has the last word."""
        return self.stops.read() & (PAUSED | LOW_POWER | GONE) != 0

    def receiving(self) -> Receiving:
        """A place inside the flow. Raises FlowStopped: paused, asleep or being removed."""
        if not self.enter(1):
            raise FlowStopped()
        self.indicating.add(1)
        if self.receives_nothing:
            self.indicating.subtract(1)
            self.leave(1)
            raise FlowStopped()
        return Receiving(self)

    def send(self, chain: Owned[Chain[Any]]) -> None:
        """`@on.send`."""
        raise raw.OnlyCompiled("sending without a method marked @on.send")

    def returned(self, chain: Owned[Chain[PoolNbl]]) -> None:
        """`@on.returned`."""

    def begin(self, handle: raw.NDIS_HANDLE) -> None:
        """First of all: paused, and nobody has it open."""
        self.handle = handle
        self.stops.exchange(PAUSED | LINK_DOWN)

    def stop(self, reason: i32, status: NdisStatus) -> None:
        """No new work; what waits is given up with the status."""
        self.stops.set_bits(reason)
        self.flow_stopped(status)

    def pause(self) -> NdisStatus:
        """MiniportPause."""
        self.stop(PAUSED, NdisStatus.PAUSED)
        if self.tokens.subtract(1) == 1:
            return NdisStatus.SUCCESS
        return NdisStatus.PENDING

    def restart(self) -> None:
        """MiniportRestart: the first token."""
        self.tokens.exchange(1)
        self.stops.clear_bits(PAUSED)

    def set_power(self, awake: bool) -> None:
        """OID_PNP_SET_POWER. Going to sleep waits for sends that are being copied and for threads that indicate. PASSIVE."""
        if awake:
            self.stops.clear_bits(LOW_POWER)
            return
        self.stop(LOW_POWER, NdisStatus.LOW_POWER_STATE)
        while self.sends.read() != 0 or self.indicating.read() != 0:
            with unsafe("a copy takes microseconds, and the stack does not block"):
                raw.NdisMSleep(1000)

    def remove(self) -> None:
        """The adapter is going: requests and packets are refused from here on."""
        self.device.refuse(REMOVED)
        self.stop(GONE, NdisStatus.NOT_ACCEPTED)

    def stay(self) -> None:
        """It was not removed after all."""
        self.stops.clear_bits(GONE)
        self.device.admit(REMOVED)

    def link_up(self) -> None:
        """Connected; sends are let in. Calls out. PASSIVE."""
        self.stops.clear_bits(LINK_DOWN)
        self._indicate_link(True)

    def link_down(self) -> None:
        """Disconnected; sends that wait are given up with SEND_ABORTED. Calls out. PASSIVE."""
        self.stop(LINK_DOWN, NdisStatus.SEND_ABORTED)
        self._indicate_link(False)

    def _indicate_link(self, connected: bool) -> None:
        with unsafe("NDIS copies the indication"):
            state = raw.NDIS_LINK_STATE()
            state.Header.Type = raw.NDIS_OBJECT_TYPE_DEFAULT
            state.Header.Revision = raw.NDIS_LINK_STATE_REVISION_1
            state.Header.Size = raw.NDIS_SIZEOF_LINK_STATE_REVISION_1
            state.MediaConnectState = raw.MediaConnectStateConnected if connected else raw.MediaConnectStateDisconnected
            state.MediaDuplexState = raw.MediaDuplexStateFull
            state.XmitLinkSpeed = raw.LINK_SPEED
            state.RcvLinkSpeed = raw.LINK_SPEED
            state.PauseFunctions = raw.NdisPauseFunctionsUnsupported
            state.AutoNegotiationFlags = raw.AUTO_NEGOTIATION
            indication = raw.NDIS_STATUS_INDICATION()
            indication.Header.Type = raw.NDIS_OBJECT_TYPE_STATUS_INDICATION
            indication.Header.Revision = raw.NDIS_STATUS_INDICATION_REVISION_1
            indication.Header.Size = raw.NDIS_SIZEOF_STATUS_INDICATION_REVISION_1
            indication.SourceHandle = self.handle
            indication.StatusCode = raw.NDIS_STATUS_LINK_STATE
            indication.StatusBuffer = addr(state)
            indication.StatusBufferSize = sizeof(raw.NDIS_LINK_STATE)
            raw.NdisMIndicateStatusEx(self.handle, addr(indication))

    def sent(self, first: Nbl) -> None:
        """MiniportSendNetBufferLists: each NBL takes a token, and one more is for this thread. Calls out."""
        chain = Chain[Nbl]()
        chain.adopt(first)
        count = chain.count
        if count > 0x7FFF_FFFE:
            self._refuse(chain)
            return
        if not self.enter(count + 1):
            self._refuse(chain)
            return
        self.sends.add(count)
        self.send(chain)
        self.leave(1)

    def _refuse(self, chain: Owned[Chain[Nbl]]) -> None:
        """Complete sends that came while the adapter is paused."""
        status = self.refusal
        if status == NdisStatus.SUCCESS:
            status = NdisStatus.PAUSED
        for nbl in chain:
            nbl.status = status
        with unsafe("ours until completed; they hold no token"):
            raw.NdisMSendNetBufferListsComplete(self.handle, chain.first, 0)
            given(chain)

    def given_back(self, first: PoolNbl) -> None:
        """MiniportReturnNetBufferLists: their tokens are given back after the hook is done with them. Calls out."""
        chain = Chain[PoolNbl]()
        chain.adopt(first)
        count = chain.count
        self.returned(chain)
        self.leave(count)
