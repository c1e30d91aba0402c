"""What the stack sends and gets, as tests write it down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyndis.kernel.nbl import NetBuffer
from pyndis.model.memory import Memory, Pointer


@dataclass(frozen=True)
class Nb:
    """One packet. `mdl_split`: not in one piece, if it is not empty; `unmappable`: mapping its pages fails."""

    data: bytes
    mdl_split: Sequence[int] = ()
    unmappable: bool = False


@dataclass(frozen=True)
class Nbl:
    """Packets that are completed as one. `cancel_id`: 0 takes the one of the call."""

    nbs: Sequence[Any] = ()
    cancel_id: int = 0


@dataclass(frozen=True)
class Packet:
    """A packet that the stack got, with its EtherType."""

    data: bytes
    protocol: int


class Chain:
    """NBLs that went to the driver in one call: what they have become."""

    def __init__(self, nbls: list[Any]) -> None:
        self._nbls = nbls

    @property
    def statuses(self) -> list[int | None]:
        """The NDIS_STATUS of each NBL, None while the driver has it."""
        return [int(each.status) if each.completed else None for each in self._nbls]

    @property
    def done(self) -> bool:
        """Whether the driver gave back every NBL."""
        return None not in self.statuses


def stand_in(cls: type, what: Any, cancel_id: int) -> Any:
    """An NBL for the driver, of its own class: from bytes, something like Nb, or something like Nbl."""
    nbl = cls()
    nbl.completed = False
    nbl.sent_with = getattr(what, "cancel_id", 0) or cancel_id
    following = None
    for each in reversed(what.nbs if hasattr(what, "nbs") else [what]):
        following = _net_buffer(each if hasattr(each, "data") else Nb(each), following)
    nbl.first = following
    return nbl


def _net_buffer(what: Any, following: NetBuffer | None) -> Any:
    packet: Any = NetBuffer()
    packet.size = len(what.data)
    packet.start = Pointer(Memory(what.data))
    packet.split, packet.unmappable = bool(what.mdl_split), what.unmappable
    packet.next_in_nbl = following
    return packet


def linked(nbls: Sequence[Any]) -> Any:
    """The first, and the others by their `next`."""
    for each, following in zip(nbls, [*nbls[1:], None], strict=True):
        each.next = following
    return nbls[0] if nbls else None


def unlinked(first: Any) -> list[Any]:
    """The NBLs of a chain."""
    found = []
    while first is not None:
        found.append(first)
        first = first.next
    return found
