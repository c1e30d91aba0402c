"""What a driver declared about itself and its adapter when it registered: read out of the structures that it gave NDIS."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from pyndis.contract.statuses import constant
from pyndis.ddi import facts
from pyndis.host import Adapter

IP_MEDIUM = constant("NdisMediumIP")
ETHERNET = constant("NdisMedium802_3")
ETHERNET_HEADER = 14
_MACHINES = {0x8664: "amd64", 0x14C: "x86", 0xAA64: "arm64"}


def architecture(image: Path) -> str:
    """Of an image, by the machine field of its header; `amd64` for what has none (the host says then what is wrong)."""
    with image.open("rb") as file:
        head = file.read(4096)
    if len(head) < 64:
        return "amd64"
    at = int.from_bytes(head[60:64], "little")
    return _MACHINES.get(int.from_bytes(head[at + 4 : at + 6], "little"), "amd64")


@dataclass(frozen=True)
class Declared:
    """`medium`: an NDIS_MEDIUM; `mtu` in bytes, without a link header; `oids`: the supported list, in its order;
    `statistics`: the SupportedStatistics bits; `filters`: SupportedPacketFilters; `flags`: the registration's AttributeFlags."""

    medium: int
    mtu: int
    oids: tuple[int, ...]
    statistics: int
    filters: int
    flags: int

    @property
    def largest_frame(self) -> int:
        """Bytes of the largest packet, its link header included."""
        return self.mtu + (0 if self.medium == IP_MEDIUM else ETHERNET_HEADER)


def declared_by(adapter: Adapter, arch: str) -> Declared:
    """What the adapter's Initialize told NDIS."""
    raw = adapter.declared
    general = _fields("NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES", raw.get("general", b""), arch)
    registration = _fields("NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES", raw.get("registration", b""), arch)
    oids = raw.get("oids", b"")
    return Declared(
        medium=general.get("MediaType", 0),
        mtu=general.get("MtuSize", 0),
        oids=struct.unpack(f"<{len(oids) // 4}I", oids[: len(oids) // 4 * 4]),
        statistics=general.get("SupportedStatistics", 0),
        filters=general.get("SupportedPacketFilters", 0),
        flags=registration.get("AttributeFlags", 0),
    )


def _fields(name: str, data: bytes, arch: str) -> dict[str, int]:
    """The fields of a structure as far as `data` goes, as little-endian numbers."""
    layout = facts().struct(name, arch)
    assert layout is not None, name
    return {
        field: int.from_bytes(data[at : at + size], "little")
        for field, (at, size, _) in layout.fields.items()
        if field != "Header" and at + size <= len(data)
    }
