"""What a scenario is made of: operations of a client, and of the protocols above the adapter, with what each shall lead to.

A scenario is data, so that the same one goes to Wine as a script and to the host as calls.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

INDEX = 7
DEVICE = f"WINTUN{INDEX}"


@dataclass(frozen=True)
class Outcome:
    """A request that has ended. `data`: None where nothing comes back, or it is not looked at."""

    status: int
    information: int
    data: bytes | None = None


@dataclass(frozen=True)
class Log:
    """What the stack saw since the last one: packets with their frame types; NBLs, numbered as they were sent, with their
    statuses in the order that they came back; link states."""

    received: tuple[tuple[int, bytes], ...] = ()
    sent: tuple[tuple[int, int], ...] = ()
    link: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()


@dataclass(frozen=True)
class OidAnswer:
    """Of an OID request: its NDIS_STATUS, BytesWritten, BytesRead, BytesNeeded, and what was written."""

    status: int
    written: int = 0
    read: int = 0
    needed: int = 0
    data: bytes = b""


Observation = Outcome | Log | OidAnswer | int | bool | None


@dataclass(frozen=True)
class Operation:
    """One operation. `name` is its own, or the request's that it speaks of; `expected` is what shall be observed.

    `difference` names a row of docs/second-opinions.md where Wine observes something else, `in_wine`.
    """

    word: str
    name: str = ""
    handle: str = ""
    data: bytes = b""
    numbers: tuple[int, ...] = ()
    observes: bool = False
    expected: Observation = None
    difference: str = ""
    in_wine: Observation = None

    @property
    def wanted_in_wine(self) -> Observation:
        """What Wine shall observe."""
        return self.in_wine if self.difference else self.expected


# -- the client ------------------------------------------------------------------------------------------


def open_(name: str = "h", device: str = DEVICE, status: int = 0, difference: str = "", in_wine: Observation = None) -> Operation:
    """Open a device; observes the NTSTATUS."""
    data = device.encode()
    return Operation("open", name, data=data, observes=True, expected=status, difference=difference, in_wine=in_wine)


def close(name: str = "h") -> Operation:
    """Close a handle."""
    return Operation("close", name)


def read(name: str, length: int = 0x10000, handle: str = "h") -> Operation:
    """Start a read."""
    return Operation("read", name, handle, numbers=(length,))


def write(name: str, data: bytes, handle: str = "h") -> Operation:
    """Start a write."""
    return Operation("write", name, handle, data)


def control(name: str, code: int, handle: str = "h") -> Operation:
    """Start a control request without input and output."""
    return Operation("control", name, handle, numbers=(code,))


def cancel(name: str, handle: str = "h", found: bool = True) -> Operation:
    """Cancel a request; observes whether there was one to cancel."""
    return Operation("cancel", name, handle, observes=True, expected=found)


def done(
    name: str, status: int, information: int = 0, data: bytes | None = None, difference: str = "", in_wine: Outcome | None = None
) -> Operation:
    """The request has ended like this."""
    expected = Outcome(status, information, data)
    return Operation("outcome", name, observes=True, expected=expected, difference=difference, in_wine=in_wine)


def pending(name: str) -> Operation:
    """The request has not ended, when all is at rest."""
    return Operation("pending", name, observes=True, expected=None)


def die() -> Operation:
    """The client's process is ended, with what it has open; the operations that follow are another process's."""
    return Operation("die")


# -- the stack ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SentList:
    """An NBL to send: its packets, and a cancel id."""

    packets: Sequence[bytes]
    cancel_id: int = 0


def send(*lists: SentList | bytes) -> Operation:
    """One chain into the driver's send handler; bytes stand for an NBL with one packet."""
    chain = [each if isinstance(each, SentList) else SentList([each]) for each in lists]
    data = struct.pack("<I", len(chain)) + b"".join(map(_encoded, chain))
    return Operation("send", data=data, numbers=(len(chain),))


def _encoded(each: SentList) -> bytes:
    packets = b"".join(struct.pack("<I", len(packet)) + packet for packet in each.packets)
    return struct.pack("<2I", each.cancel_id, len(each.packets)) + packets


def decoded(data: bytes) -> list[SentList]:
    """The chain of a `send`."""
    numbers = struct.Struct("<I")
    at = 0

    def take() -> int:
        nonlocal at
        at += numbers.size
        return int(numbers.unpack_from(data, at - numbers.size)[0])

    lists = []
    for _ in range(take()):
        cancel_id = take()
        packets = []
        for _ in range(take()):
            size = take()
            packets.append(data[at : at + size])
            at += size
        lists.append(SentList(packets, cancel_id))
    return lists


def cancel_sends(cancel_id: int) -> Operation:
    """MiniportCancelSend."""
    return Operation("cancel_sends", numbers=(cancel_id,))


def hold() -> Operation:
    """From now on the stack keeps what is indicated."""
    return Operation("hold", numbers=(1,))


def give_back(count: int, *, reverse: bool = False) -> Operation:
    """It returns what it keeps, one NBL a call; observes how many. From now on it returns at once."""
    return Operation("give_back", numbers=(int(reverse),), observes=True, expected=count)


def pause(name: str = "pause") -> Operation:
    """Start a pause."""
    return Operation("pause", name)


def restart(name: str = "restart") -> Operation:
    """Start a restart."""
    return Operation("restart", name)


def changed(name: str, status: int = 0) -> Operation:
    """The pause or restart has ended with this NDIS_STATUS."""
    return Operation("changed", name, observes=True, expected=status)


def changing(name: str) -> Operation:
    """The pause or restart has not ended, when all is at rest."""
    return Operation("changing", name, observes=True, expected=None)


def halt() -> Operation:
    """Pause where it runs, then halt."""
    return Operation("halt", "halt")


def oid(name: str, number: int, answer: OidAnswer, *, set: bool = False, data: bytes = b"", length: int = 64) -> Operation:
    """An OID request: a query with room for `length` bytes, or a set of `data`."""
    numbers = (int(set), number, len(data) if set else length)
    return Operation("oid", name, data=data, numbers=numbers, observes=True, expected=answer)


def log(
    *,
    received: Sequence[tuple[int, bytes]] = (),
    sent: Sequence[tuple[int, int]] = (),
    link: Sequence[str] = (),
) -> Operation:
    """What the stack saw since the last one, when all is at rest."""
    return Operation("log", observes=True, expected=Log(tuple(received), tuple(sent), tuple(link)))
