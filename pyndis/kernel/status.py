"""Statuses: NTSTATUS and NDIS_STATUS are different types, so that neither ends up in the other's place."""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class Status(IntEnum):
    """NTSTATUS. In C: `STATUS_` and the name."""

    SUCCESS = 0
    PENDING = 0x103
    INFO_LENGTH_MISMATCH = 0xC0000004
    INVALID_HANDLE = 0xC0000008
    INVALID_PARAMETER = 0xC000000D
    OBJECT_NAME_INVALID = 0xC0000033
    DELETE_PENDING = 0xC0000056
    INSUFFICIENT_RESOURCES = 0xC000009A
    FILE_FORCED_CLOSED = 0xC00000B6
    INVALID_USER_BUFFER = 0xC00000E8
    CANCELLED = 0xC0000120


class NdisStatus(IntEnum):
    """NDIS_STATUS. In C: `NDIS_STATUS_` and the name."""

    SUCCESS = 0
    PENDING = 0x103
    NOT_ACCEPTED = 0x00010003
    FAILURE = 0xC0000001
    RESOURCES = 0xC000009A
    NOT_SUPPORTED = 0xC00000BB
    INVALID_LENGTH = 0xC0010014
    INVALID_DATA = 0xC0010015
    INVALID_OID = 0xC0010017
    SEND_ABORTED = 0xC023000C
    PAUSED = 0xC023002A
    LOW_POWER_STATE = 0xC023002F


class EtherType(IntEnum):
    """What a packet is. In C: `NDIS_ETH_TYPE_` and the name, host order."""

    IPV4 = 0x0800
    IPV6 = 0x86DD


class NtError(Exception):
    """Becomes the status that a function returns. A call that raises has consumed nothing."""

    def __init__(self, status: Status | NdisStatus) -> None:
        super().__init__(status)
        self.status: Any = status


class FlowStopped(NtError):
    """The adapter's flow is stopped: paused, asleep or being removed."""

    def __init__(self) -> None:
        super().__init__(NdisStatus.PAUSED)


class BudgetSpent(NtError):
    """More memory than the budget allows."""

    def __init__(self) -> None:
        super().__init__(Status.INSUFFICIENT_RESOURCES)
