"""Status codes by name, from the facts, unsigned as the host writes them."""

from pyndis.ddi import facts


def _code(name: str) -> int:
    value = facts().constant(name)
    assert value is not None, name
    return value & 0xFFFFFFFF


class Nt:
    """NTSTATUS, of requests."""

    SUCCESS = _code("STATUS_SUCCESS")
    PENDING = _code("STATUS_PENDING")
    CANCELLED = _code("STATUS_CANCELLED")
    INVALID_PARAMETER = _code("STATUS_INVALID_PARAMETER")
    INVALID_USER_BUFFER = _code("STATUS_INVALID_USER_BUFFER")
    INSUFFICIENT_RESOURCES = _code("STATUS_INSUFFICIENT_RESOURCES")
    FILE_FORCED_CLOSED = _code("STATUS_FILE_FORCED_CLOSED")
    DELETE_PENDING = _code("STATUS_DELETE_PENDING")
    OBJECT_NAME_INVALID = _code("STATUS_OBJECT_NAME_INVALID")
    ACCESS_DENIED = _code("STATUS_ACCESS_DENIED")


class Ndis:
    """NDIS_STATUS, of NBLs and OIDs."""

    SUCCESS = _code("NDIS_STATUS_SUCCESS")
    PENDING = _code("NDIS_STATUS_PENDING")
    PAUSED = _code("NDIS_STATUS_PAUSED")
    SEND_ABORTED = _code("NDIS_STATUS_SEND_ABORTED")
    LOW_POWER_STATE = _code("NDIS_STATUS_LOW_POWER_STATE")
    NOT_ACCEPTED = _code("NDIS_STATUS_NOT_ACCEPTED")
    NOT_SUPPORTED = _code("NDIS_STATUS_NOT_SUPPORTED")
    INVALID_OID = _code("NDIS_STATUS_INVALID_OID")
    INVALID_LENGTH = _code("NDIS_STATUS_INVALID_LENGTH")
    INVALID_DATA = _code("NDIS_STATUS_INVALID_DATA")
    BUFFER_TOO_SHORT = _code("NDIS_STATUS_BUFFER_TOO_SHORT")
    RESOURCES = _code("NDIS_STATUS_RESOURCES")
    UNSUPPORTED_REVISION = _code("NDIS_STATUS_UNSUPPORTED_REVISION")
    BAD_CHARACTERISTICS = _code("NDIS_STATUS_BAD_CHARACTERISTICS")


def oid(name: str) -> int:
    """An OID by its name without `OID_`."""
    return _code(f"OID_{name}")
