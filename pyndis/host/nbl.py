"""NBLs as a test makes them, for the driver's send handler (PROTOCOL.md, section 6), and as the stack got them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pyndis.host.wire import Frame

_UNMAPPABLE = 1


@dataclass(frozen=True)
class Nb:
    """One packet.

    `mdl_split`: byte counts of its MDLs (empty: one that fits; what they lack is added as one more); `offset`: bytes before
    the data in the MDL chain; `unmappable`: mapping its pages fails.
    """

    data: bytes
    mdl_split: Sequence[int] = ()
    offset: int = 0
    unmappable: bool = False

    def encode(self) -> bytes:
        """As the `send` command carries it."""
        counts = self._counts()
        options = _UNMAPPABLE if self.unmappable else 0
        head = struct.pack(f"<4I{len(counts)}I", len(self.data), self.offset, options, len(counts), *counts)
        return head + self.data

    def _counts(self) -> list[int]:
        missing = self.offset + len(self.data) - sum(self.mdl_split)
        if not self.mdl_split:
            return []
        return [*self.mdl_split, missing] if missing > 0 else list(self.mdl_split)


@dataclass(frozen=True)
class Nbl:
    """A chain of NBs that is completed as one. `flags`: NBL flags to set; `cancel_id`: 0 takes the one of the call."""

    nbs: Sequence[Nb] = field(default_factory=tuple)
    cancel_id: int = 0
    flags: int = 0

    def encode(self) -> bytes:
        """As the `send` command carries it."""
        head = struct.pack("<IQI", self.flags, self.cancel_id, len(self.nbs))
        return head + b"".join(each.encode() for each in self.nbs)


Sendable = Nbl | Nb | bytes


def nbl_of(what: Sendable) -> Nbl:
    """An NBL; of plain bytes or an NB, one with that packet."""
    if isinstance(what, Nbl):
        return what
    return Nbl([what if isinstance(what, Nb) else Nb(what)])


def encode_chain(nbls: Iterable[Nbl]) -> bytes:
    """The payload of `send`."""
    chain = [each.encode() for each in nbls]
    return struct.pack("<I", len(chain)) + b"".join(chain)


@dataclass(frozen=True)
class Packet:
    """One packet that the stack got.

    `protocol` is the NBL's frame type in host order; `nbl` counts the adapter's NBLs and `call` its indicate calls, from 1;
    `flags` are those of the call.
    """

    data: bytes
    protocol: int
    nbl: int
    call: int
    flags: int
    nbl_flags: int
    irql: int
    held: bool


def packets_of(event: Frame) -> list[Packet]:
    """Of a `received` event: one packet per NB."""
    packets = []
    at = 0
    for length in event.numbers("lengths"):
        packets.append(
            Packet(
                data=event.payload[at : at + length],
                protocol=event.number("frame"),
                nbl=event.number("nbl"),
                call=event.number("call"),
                flags=event.number("flags"),
                nbl_flags=event.number("nbl_flags"),
                irql=event.number("irql"),
                held=event.number("held") != 0,
            )
        )
        at += length
    return packets


@dataclass(frozen=True)
class Completion:
    """A sent NBL that the driver gave back. `chain` and `index` name it; `order` counts the adapter's completions."""

    chain: int
    index: int
    status: int
    flags: int
    irql: int
    order: int


def completion_of(event: Frame) -> Completion:
    """Of a `sent` event."""
    return Completion(
        event.number("chain"),
        event.number("nbl"),
        event.number("status"),
        event.number("flags"),
        event.number("irql"),
        event.number("order"),
    )


@dataclass(frozen=True)
class Indication:
    """A status indication. `state` is set for link states: `connected`, `disconnected` or `unknown`."""

    code: int
    state: str
    data: bytes


def indication_of(event: Frame) -> Indication:
    """Of a `status` event."""
    return Indication(event.number("code"), event.text("state"), event.payload)
