"""Status codes and OIDs by name, from the facts, unsigned as the host writes them; and what the contract takes where."""

from __future__ import annotations

from functools import cache

from pyndis.ddi import facts


def constant(name: str) -> int:
    """A constant of the kernel's headers as an unsigned number of 32 bits."""
    value = facts().constant(name)
    assert value is not None, name
    return value & 0xFFFF_FFFF


def ndis(name: str) -> int:
    """An NDIS_STATUS by its name without the prefix."""
    return constant(f"NDIS_STATUS_{name}")


SUCCESS = ndis("SUCCESS")
PENDING = ndis("PENDING")
NOT_ACCEPTED = ndis("NOT_ACCEPTED")
NOT_SUPPORTED = ndis("NOT_SUPPORTED")
CANCELLED = constant("STATUS_CANCELLED")

_SENDS = (
    "SUCCESS INVALID_LENGTH RESOURCES PAUSED SEND_ABORTED RESET_IN_PROGRESS LOW_POWER_STATE NOT_ACCEPTED FAILURE "  # NM-42
    "MEDIA_DISCONNECTED BUFFER_OVERFLOW REQUEST_ABORTED ADAPTER_NOT_READY INVALID_PACKET"  # production drivers use these, too
)
SEND_STATUSES = frozenset(ndis(each) for each in _SENDS.split())
UNKNOWN_OID_STATUSES = frozenset({NOT_SUPPORTED, ndis("INVALID_OID")})  # NM-64
TOO_SHORT_STATUSES = frozenset({ndis("BUFFER_TOO_SHORT"), ndis("INVALID_LENGTH")})  # NM-61, NM-62, section 15
INITIALIZE_FAILURES = frozenset(ndis(each) for each in ("RESOURCES", "NOT_ACCEPTED", "FAILURE"))  # NM-16


@cache
def _names() -> dict[int, str]:
    found: dict[int, str] = {}
    for name in facts().constants["constants"]:
        if name.startswith(("NDIS_STATUS_", "STATUS_")) and (value := facts().constant(name)) is not None:
            found.setdefault(value & 0xFFFF_FFFF, name)
    return found


def name_of(status: int | None) -> str:
    """A status as people read it."""
    if status is None:
        return "nothing"
    if status == SUCCESS:
        return "success"
    return _names().get(status, f"{status:#010x}")


@cache
def _oid_names() -> dict[int, str]:
    found: dict[int, str] = {}
    for name in facts().constants["constants"]:
        if name.startswith("OID_") and (value := facts().constant(name)) is not None:
            found.setdefault(value & 0xFFFF_FFFF, name)
    return found


def oid_name(oid: int) -> str:
    """An OID as people read it."""
    return _oid_names().get(oid, f"OID {oid:#010x}")
