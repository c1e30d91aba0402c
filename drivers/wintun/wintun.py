"""Wintun, a layer 3 tunnel for Windows.

A tunnel program opens \\\\.\\WINTUN7 and moves bundles of IP packets: it reads what the network stack sends, and the network
stack receives what it writes. Three parts: bundles, the sends that wait for a read, and the adapter.
"""

from collections.abc import Iterator
from typing import Annotated, Final, TypeAlias

from pyndis.kernel import *

from .forced_close import close_by_force

HEADER: Final = 16
RECORD: Final = 0xF000  # the most that one packet takes in a bundle
MTU: Final = RECORD - HEADER
MAX_PACKETS: Final = 256  # in a bundle
MIN_WRITE: Final = 48  # one packet of no more than its IPv4 header
MAX_BUNDLE: Final = MAX_PACKETS * RECORD
MAX_QUEUED: Final = 1000  # NBLs that wait; the oldest give way
MAX_AGE: Final = 20_000  # ms that an NBL waits; NDIS verification takes 30 s for lost
MAX_LENT: Final = 64 * MiB
RECEIVE: Final = option("receive", "pend", "copy")  # driver.toml chooses; the other branch is not compiled

PacketSize: TypeAlias = Annotated[u32, Within(0, MTU)]
PacketCount: TypeAlias = Annotated[u32, Within(0, MAX_PACKETS)]


# ---- Bundles -----------------------------------------------------------------------------------------------------------------


@struct
class Head:
    """What each packet in a bundle begins with, up to the first byte of the packet itself."""

    size: u32
    zero: Annotated[Array[u8], 12]
    version: u8  # 4 or 6, in the high nibble


def stride(size: PacketSize) -> u32:
    """Bytes that a packet of this size takes in a bundle."""
    return align(HEADER + size, 16)


def packets(bundle: View) -> Iterator[tuple[EtherType, Span]]:
    """Walk a bundle and check it on the way. The reader only goes forward, so no byte is loaded twice."""
    reader = bundle.reader(Status.INVALID_USER_BUFFER)
    count = 0
    while reader.left > 0:
        head = reader.load(Head)
        size = head.size
        if count == MAX_PACKETS or size > MTU:
            raise NtError(Status.INVALID_USER_BUFFER)
        match head.version >> 4:
            case 4 if size >= 20:
                protocol = EtherType.IPV4
            case 6 if size >= 40:
                protocol = EtherType.IPV6
            case _:
                raise NtError(Status.INVALID_USER_BUFFER)
        record = reader.take(stride(size))
        count += 1
        yield protocol, record.part(HEADER, size)


# ---- Stack to user: sends that wait for a read -------------------------------------------------------------------------------


class Outgoing(Nbl):
    """A send that waits for a read."""

    cursor: NetBuffer | None  # the first packet that no read has taken
    room: u32  # what its packets take in a bundle
    since: u32  # uptime in ms, wraps


class Read(Irp):
    """A read and what it holds so far. The fields lie in the IRP's own driver words: nothing is allocated."""

    used: u32
    count: PacketCount

    def begin(self) -> None:
        self.used = 0
        self.count = 0

    def put(self, sink: Sink, packet: NetBuffer, size: PacketSize) -> bool:
        """Append a packet, padded with zeros; False if it has no room. Raises, with nothing used, if it cannot be reached."""
        start = self.used
        end = start + stride(size)
        count = self.count
        if count == MAX_PACKETS or end > sink.size:
            return False
        record = sink.part(start, stride(size))
        packet.copy_to(record.part(HEADER, size))
        record.zero(0, HEADER)
        record.store_u32(0, size)
        record.zero(HEADER + size, stride(size))
        self.used = end
        self.count = count + 1
        return True

    def take(self, sink: Sink, nbl: Outgoing, done: Completions) -> bool:
        """Take an NBL's packets; False if one did not fit, and its cursor stands there then."""
        for packet in nbl.packets(nbl.cursor):
            size = packet.size
            if size == 0 or size > MTU:
                continue  # counted when it was queued
            try:
                fits = self.put(sink, packet, size)
            except NtError:
                nbl.status = NdisStatus.RESOURCES
                done.count_failure()
                return True
            if not fits:
                nbl.cursor = packet
                return False
            done.count_packet(size)
        return True


class Waiting:
    """The sends that wait, oldest first. It is reached through its lock, so each method runs under it."""

    nbls: Chain[Outgoing]
    timed: bool
    # What becomes of a batch in service that does not fit whole. Only its last NBL can be left over.
    last: usize  # the cancel id of that
    recalled: NdisStatus  # what came meanwhile for it, and for what waits: a flush, a cancel
    elapsed: bool  # the timer fired, and did not see it

    def append(self, nbl: Owned[Outgoing], done: Completions) -> None:
        room = 0
        nbl.status = NdisStatus.SUCCESS
        for packet in nbl.packets(nbl.first):
            size = packet.size
            if 0 < size <= MTU:
                room = saturating_add(room, stride(size))
            else:
                nbl.status = NdisStatus.INVALID_LENGTH
                done.count_discard()
        if room == 0:
            done.add(nbl)
            return
        nbl.cursor = nbl.first
        nbl.room = room
        nbl.since = uptime_ms()
        self.nbls.append(nbl)
        self.trim(done)

    def trim(self, done: Completions) -> None:
        """The oldest give way."""
        while len(self.nbls) > MAX_QUEUED:
            oldest = self.nbls.pop()
            if oldest is None:
                return
            self.discard(oldest, done)

    def discard(self, nbl: Owned[Outgoing], done: Completions) -> None:
        """Give it up, and count the packets that nobody has read."""
        for packet in nbl.packets(nbl.cursor):
            if 0 < packet.size <= MTU:  # the others were counted when it was queued
                done.count_discard()
        done.fail(nbl, NdisStatus.SEND_ABORTED)

    def take(self, room: u32, places: PacketCount) -> Owned[Chain[Outgoing]]:
        """The oldest, as many as there is room for and perhaps a part of one more. In service, nothing here sees them."""
        batch = Chain[Outgoing]()
        self.recalled = NdisStatus.SUCCESS
        self.elapsed = False
        while room > 0 and places > 0:
            nbl = self.nbls.pop()
            if nbl is None:
                break
            room = saturating_sub(room, nbl.room)
            for _ in nbl.packets(nbl.cursor):
                places = saturating_sub(places, 1)
            self.last = nbl.cancel_id
            batch.append(nbl)
        return batch

    def put_back(self, batch: Owned[Chain[Outgoing]], done: Completions) -> None:
        """What was left over of a batch, unless it would not wait any more if it had stayed."""
        for nbl in batch.drain():
            if self.recalled == NdisStatus.SUCCESS:
                self.nbls.push_front(nbl)
            else:
                done.fail(nbl, self.recalled)
        self.trim(done)

    def cancel(self, cancel_id: usize, done: Completions) -> None:
        if cancel_id == self.last:
            self.recalled = NdisStatus.SEND_ABORTED
        for place in self.nbls.places():
            if place.item.cancel_id == cancel_id:
                done.fail(place.take(), NdisStatus.SEND_ABORTED)

    def flush(self, status: NdisStatus, done: Completions) -> None:
        self.recalled = status
        self.timed = False
        for nbl in self.nbls.drain():
            done.fail(nbl, status)

    def expire(self, now: u32, done: Completions) -> Annotated[u32, Within(0, MAX_AGE)]:
        """Give up what has waited too long. Returns the ms until the next one is due, 0 if nothing waits."""
        self.elapsed = True
        for place in self.nbls.places():
            age = wrapping_sub(now, place.item.since)
            if age < MAX_AGE:
                return MAX_AGE - age
            self.discard(place.take(), done)
        return 0


# ---- The adapter -------------------------------------------------------------------------------------------------------------


class Handles:
    """How many files are open."""

    count: u32


class Tun(Adapter):
    """One tunnel. Its fields are made in this order when the adapter starts, and unmade in reverse when it halts."""

    attributes = Attributes(
        medium="IP",
        physical_medium="unspecified",
        interface="internal",
        if_type=53,
        mtu=MTU,
        lookahead=MTU,
        link_speed=100_000_000_000,
        full_duplex=True,
        access="broadcast",
        direction="send-receive",
        connection="dedicated",
        connector=False,
        pause_functions="unsupported",
        auto_negotiated=("xmit speed", "rcv speed", "duplex", "pause"),
        mac_options=("no loopback", "copy lookahead data", "transfers not pended"),
        packet_filters=("directed", "all multicast", "broadcast", "all local", "all functional"),
        flags=("no halt on suspend", "surprise remove ok", "no pause on suspend"),
    )
    device = ControlDevice(
        name="WINTUN{luid_index}",
        sddl="D:P(A;;GA;;;SY)",
        create_refused=Status.DELETE_PENDING,
        io_refused=Status.FILE_FORCED_CLOSED,
        gone=Status.INVALID_HANDLE,
        other_requests=Status.INVALID_PARAMETER,
    )
    pool = NblPool(mtu=MTU)
    lent = Budget(MAX_LENT)
    copies = Blocks(MAX_LENT)
    waiting = Locked[Waiting]()
    reads = IrpQueue[Read]()
    handles = Mutexed[Handles]()
    ageing = Timer()
    removal = Removal()  # last, so that nothing it calls is gone before it

    # Stack to user

    @on.send
    def send(self, chain: Owned[Chain[Outgoing]]) -> None:
        """Queue what the stack sends. The queue's lock is held when the flow is asked for: nothing gets in behind a flush."""
        with self.completing() as done, self.waiting as waiting:
            refusal = self.refusal
            for nbl in chain.drain():
                if refusal == NdisStatus.SUCCESS:
                    waiting.append(nbl, done)
                else:
                    done.fail(nbl, refusal)
            if not waiting.timed:
                self.watch(waiting, done)
        self.drain(bounded=True)  # the stack may be at DISPATCH_LEVEL

    def watch(self, waiting: Waiting, done: Completions) -> None:
        """Give up what has waited too long, and come back when the next one has."""
        if waiting.timed:
            self.ageing.cancel()
        due = waiting.expire(uptime_ms(), done)
        waiting.timed = due > 0
        if due > 0:
            self.ageing.arm(due)

    @device.read
    def read(self, irp: Owned[Read]) -> None:
        irp.check(RECORD, MAX_BUNDLE)
        self.reads.push(irp)
        self.drain(bounded=at_dispatch())

    @one_at_a_time
    def drain(self) -> bool:
        """Fill the oldest read with the oldest packets. True: there may be more to do."""
        with self.waiting as waiting:
            anything = len(waiting.nbls) > 0
        if not anything:
            return False
        read = self.reads.pop()
        if read is None:
            return False
        read.begin()
        try:
            sink = read.writable()
        except NtError as error:
            read.fail(error.status)
            return True
        with self.completing() as done:
            while self.fill(read, sink, done):
                pass
        if read.count == 0:
            self.reads.put_back(read)
        else:
            read.complete(read.used, Boost.NETWORK)
        return True

    def fill(self, read: Read, sink: Sink, done: Completions) -> bool:
        """Copy into a read what fits. False: it is full, or nothing waits.

        No lock is held while copying. What is being copied is in no queue, so that neither cancel nor age nor a flush sees it.
        """
        with self.waiting as waiting:
            batch = waiting.take(saturating_sub(sink.size, read.used), MAX_PACKETS - read.count)
        full = len(batch) == 0
        for nbl in batch.drain():
            if not read.take(sink, nbl, done):
                batch.push_front(nbl)
                full = True
                break
            done.add(nbl)
        with self.waiting as waiting:
            waiting.put_back(batch, done)
            if waiting.elapsed:
                self.watch(waiting, done)
        return not full

    @on.cancel_send
    def cancel_send(self, cancel_id: usize) -> None:
        with self.completing() as done, self.waiting as waiting:
            waiting.cancel(cancel_id, done)

    @on.flow_stopped
    def flush(self, status: NdisStatus) -> None:
        """Paused, asleep, being removed, or no handle left: what waits is given up."""
        with self.completing() as done, self.waiting as waiting:
            waiting.flush(status, done)
            self.ageing.cancel()

    @ageing.elapsed
    def expire(self) -> None:
        with self.completing() as done, self.waiting as waiting:
            waiting.timed = False
            self.watch(waiting, done)

    # User to stack

    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        """Hand a bundle to the network stack: in the writer's own pages, or in a copy of them."""
        bundle = irp.readable(MIN_WRITE, MAX_BUNDLE)
        try:
            with self.receiving() as stack:
                if RECEIVE == "pend":
                    writer = irp.pend(bundle.size, self.lent)  # completes when the last share of it is gone
                    self.receive(writer, bundle, stack)
                else:
                    try:
                        copy = self.copies.copy(bundle)
                    except BudgetSpent:
                        self.discard(bundle)
                    else:
                        self.receive(copy, copy.view, stack)
                    irp.complete(bundle.size, Boost.NETWORK)
        except FlowStopped:  # a passing state, which the writer need not know about
            self.discard(bundle)
            irp.complete(bundle.size, Boost.NO)
            return

    def receive(self, source: Shared[Lender], bundle: View, stack: Receiving) -> None:
        """Indicate the packets of a bundle, one chain for each protocol. Nothing is indicated unless all of it is sound."""
        ipv4 = Chain[PoolNbl]()
        ipv6 = Chain[PoolNbl]()
        for protocol, span in packets(bundle):
            nbl = self.pool.over(source.share(), span, protocol)
            if protocol == EtherType.IPV4:
                ipv4.append(nbl)
            else:
                ipv6.append(nbl)
        source.charge()
        stack.indicate(ipv4)
        stack.indicate(ipv6)

    def discard(self, bundle: View) -> None:
        """Count the packets of a bundle that go nowhere. Raises if it is not sound."""
        count = 0
        for _, _ in packets(bundle):
            count += 1
        self.counters.in_discards.add(count)

    @on.returned
    def returned(self, chain: Owned[Chain[PoolNbl]]) -> None:
        """The stack is done with these. The last share of a write that goes with them completes it."""
        count = 0
        octets = 0
        errors = 0
        for nbl in chain:
            if nbl.status == NdisStatus.SUCCESS:
                count += 1
                octets += nbl.length
            else:
                errors += 1
        self.counters.received(count, octets)
        self.counters.in_errors.add(errors)

    # Handles

    @device.create
    def opened(self, file: File) -> None:
        with self.handles as handles:
            if handles.count == 0:
                self.link_up()
            handles.count = saturating_add(handles.count, 1)

    @device.cleanup
    def cleanup(self, file: File) -> None:
        self.reads.cancel(file)  # the writes of this file are left to finish

    @device.close
    def closed(self, file: File) -> None:
        with self.handles as handles:
            handles.count = saturating_sub(handles.count, 1)
            if handles.count == 0:
                self.link_down()

    # Life: pause, restart, power, removal and shutdown need no line here. They stop and start the flow.

    @on.halt
    def halt(self) -> None:
        """Requests are refused from here on. Afterwards the framework waits for those under way and unmakes the fields."""
        self.reads.close(Status.FILE_FORCED_CLOSED)
        close_by_force(self.device)

    # OIDs

    oids = OidTable(
        {
            Oid.GEN_MAXIMUM_TOTAL_SIZE: MTU,
            Oid.GEN_TRANSMIT_BLOCK_SIZE: MTU,
            Oid.GEN_RECEIVE_BLOCK_SIZE: MTU,
            Oid.GEN_TRANSMIT_BUFFER_SPACE: MTU * MAX_QUEUED,
            Oid.GEN_RECEIVE_BUFFER_SPACE: MTU * MAX_PACKETS,
            Oid.GEN_VENDOR_ID: 0x00FF_FFFF,
            Oid.GEN_VENDOR_DESCRIPTION: "Wintun Tunnel",
        }
    )

    @oid.set(Oid.GEN_CURRENT_PACKET_FILTER, Oid.GEN_CURRENT_LOOKAHEAD)
    def accept_number(self, value: u32) -> None:
        """Nothing depends on it; the length has been checked against the type."""

    @oid.set(Oid.GEN_LINK_PARAMETERS)
    def accept(self) -> None:
        """Nothing to change: this link has no parameters."""


class Wintun(Driver):
    """The driver."""

    adapter = Tun
    ndis = NdisVersion(oldest=(6, 20), newest=(6, 30))
