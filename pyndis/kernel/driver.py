"""The driver as a whole, and the tables that say what its adapters are."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeVar

from pyndis.kernel.adapter import Adapter

F = TypeVar("F", bound=Callable[..., Any])


class Attributes:
    """What an adapter tells NDIS of itself: NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES and the registration's flags."""

    def __init__(
        self,
        *,
        medium: str,
        physical_medium: str,
        interface: str,
        if_type: int,
        mtu: int,
        lookahead: int,
        link_speed: int,
        full_duplex: bool,
        access: str,
        direction: str,
        connection: str,
        connector: bool,
        pause_functions: str,
        auto_negotiated: tuple[str, ...],
        mac_options: tuple[str, ...],
        packet_filters: tuple[str, ...],
        flags: tuple[str, ...],
    ) -> None: ...


class NdisVersion:
    """The versions of NDIS that the driver registers with: the newest that the system has, between these."""

    def __init__(self, *, oldest: tuple[int, int], newest: tuple[int, int]) -> None: ...


class Driver:
    """The driver: which class its adapters are, and for which NDIS."""

    adapter: type[Adapter]
    ndis: NdisVersion


class Oid(IntEnum):
    """What NDIS asks and sets. In C: `OID_` and the name."""

    GEN_CURRENT_PACKET_FILTER = 0x1010E
    GEN_CURRENT_LOOKAHEAD = 0x1010F
    GEN_INTERRUPT_MODERATION = 0x10209
    GEN_LINK_PARAMETERS = 0x10208
    GEN_MAXIMUM_TOTAL_SIZE = 0x10111
    GEN_RCV_OK = 0x20102
    GEN_RECEIVE_BLOCK_SIZE = 0x1010B
    GEN_RECEIVE_BUFFER_SPACE = 0x10109
    GEN_STATISTICS = 0x20106
    GEN_TRANSMIT_BLOCK_SIZE = 0x1010A
    GEN_TRANSMIT_BUFFER_SPACE = 0x10108
    GEN_VENDOR_DESCRIPTION = 0x1010D
    GEN_VENDOR_DRIVER_VERSION = 0x10116
    GEN_VENDOR_ID = 0x1010C
    GEN_XMIT_OK = 0x20101
    PM_PARAMETERS = 0xFD010109
    PNP_QUERY_POWER = 0xFD010102
    PNP_SET_POWER = 0xFD010101


class OidTable:
    """Answers to queries that never change: a u32, or a string with its NUL. The framework answers for statistics and power."""

    def __init__(self, constants: dict[Oid, int | str]) -> None: ...


class oid:
    """Handlers of sets. The parameter's type is the length check; a raise is the answer."""

    @staticmethod
    def set(*oids: Oid) -> Callable[[F], F]:
        """`(self, value: u32)` for exactly four bytes, `(self)` where the contents do not matter."""
        return lambda method: method
