"""Information requests (W-82, W-83)."""

from __future__ import annotations

from tests.host.packets import MTU
from tests.host.statuses import Ndis
from tests.host.statuses import oid as number_of
from tests.wine.operations import OidAnswer, oid
from tests.wine.scenarios.registry import Scenario, scenario


@scenario
def oids_are_answered() -> Scenario:
    def u32(value: int) -> OidAnswer:
        return OidAnswer(Ndis.SUCCESS, 4, 0, 0, value.to_bytes(4, "little"))

    return [
        oid("frame", number_of("GEN_MAXIMUM_TOTAL_SIZE"), u32(MTU)),
        oid("space", number_of("GEN_TRANSMIT_BUFFER_SPACE"), u32(MTU * 1000)),
        oid("vendor", number_of("GEN_VENDOR_ID"), u32(0x00FFFFFF)),
        oid("short", number_of("GEN_MAXIMUM_TOTAL_SIZE"), OidAnswer(Ndis.BUFFER_TOO_SHORT, 0, 0, 4), length=3),
        oid("sent", number_of("GEN_XMIT_OK"), OidAnswer(Ndis.SUCCESS, 8, 0, 8, bytes(8)), length=8),
        oid("unknown", number_of("GEN_PHYSICAL_MEDIUM"), OidAnswer(Ndis.NOT_SUPPORTED)),
        oid("filter", number_of("GEN_CURRENT_PACKET_FILTER"), OidAnswer(Ndis.SUCCESS, read=4), set=True, data=bytes(4)),
        oid("cut", number_of("GEN_CURRENT_PACKET_FILTER"), OidAnswer(Ndis.INVALID_LENGTH, needed=4), set=True, data=bytes(3)),
    ]
