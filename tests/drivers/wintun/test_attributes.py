from __future__ import annotations

import pytest

from pyndis.host import Adapter
from pyndis.toolchains.targets import Arch
from tests.drivers.wintun.oids import QUERIES, SETS
from tests.drivers.wintun.structs import constant, fields, flags
from tests.host.statuses import oid

MTU = 61_424
SPEED = 100_000_000_000  # bits per second
DIRECTIONS = ("RCV", "XMIT")
CASTS = ("DIRECTED", "MULTICAST", "BROADCAST")
STATISTICS = [
    *(f"{cast}_{what}_{way}" for cast in CASTS for what in ("FRAMES", "BYTES") for way in DIRECTIONS),
    *(f"BYTES_{way}" for way in DIRECTIONS),
    *("RCV_DISCARDS", "RCV_ERROR", "XMIT_DISCARDS", "XMIT_ERROR"),
]


@pytest.fixture
def general(adapter: Adapter, wintun_arch: Arch) -> dict[str, int]:
    return fields("NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES", adapter.declared["general"], wintun_arch)


GENERAL = {
    "Flags": 0,
    "MediaType": constant("NdisMediumIP"),
    "PhysicalMediumType": constant("NdisPhysicalMediumUnspecified"),
    "MtuSize": MTU,
    "MaxXmitLinkSpeed": SPEED,
    "XmitLinkSpeed": SPEED,
    "MaxRcvLinkSpeed": SPEED,
    "RcvLinkSpeed": SPEED,
    "MediaConnectState": constant("MediaConnectStateDisconnected"),
    "MediaDuplexState": constant("MediaDuplexStateFull"),
    "LookaheadSize": MTU,
    "PowerManagementCapabilities": 0,
    "MacOptions": flags("NDIS_MAC_OPTION_", "NO_LOOPBACK", "COPY_LOOKAHEAD_DATA", "TRANSFERS_NOT_PEND"),
    "SupportedPacketFilters": flags("NDIS_PACKET_TYPE_", "DIRECTED", "ALL_MULTICAST", "BROADCAST", "ALL_LOCAL", "ALL_FUNCTIONAL"),
    "MaxMulticastListSize": 0,
    "MacAddressLength": 0,
    "PermanentMacAddress": 0,
    "CurrentMacAddress": 0,
    "RecvScaleCapabilities": 0,
    "AccessType": constant("NET_IF_ACCESS_BROADCAST"),
    "DirectionType": constant("NET_IF_DIRECTION_SENDRECEIVE"),
    "ConnectionType": constant("NET_IF_CONNECTION_DEDICATED"),
    "IfType": 53,
    "IfConnectorPresent": 0,
    "SupportedStatistics": flags("NDIS_STATISTICS_FLAGS_VALID_", *STATISTICS),
    "SupportedPauseFunctions": constant("NdisPauseFunctionsUnsupported"),
    "DataBackFillSize": 0,
    "ContextBackFillSize": 0,
    "SupportedOidListLength": 4 * len(QUERIES | SETS),
    "AutoNegotiationFlags": flags(
        "NDIS_LINK_STATE_",
        *("XMIT_LINK_SPEED_AUTO_NEGOTIATED", "RCV_LINK_SPEED_AUTO_NEGOTIATED"),
        *("DUPLEX_AUTO_NEGOTIATED", "PAUSE_FUNCTIONS_AUTO_NEGOTIATED"),
    ),
}


@pytest.mark.spec("W-81")
@pytest.mark.parametrize("name", GENERAL)
def test_general_attribute(general: dict[str, int], name: str) -> None:
    assert general[name] == GENERAL[name]


@pytest.mark.spec("W-81")
def test_no_other_general_attribute_is_set(general: dict[str, int]) -> None:
    assert {name for name, value in general.items() if value and name not in GENERAL} == {
        "SupportedOidList",
        "PowerManagementCapabilitiesEx",
    }


@pytest.mark.spec("W-81")
def test_nothing_wakes_the_system(adapter: Adapter) -> None:
    capabilities = fields("NDIS_PM_CAPABILITIES", adapter.declared["power"])
    assert set(capabilities.values()) == {0}  # NdisDeviceStateUnspecified is 0


@pytest.mark.spec("W-82", "W-81")
def test_the_supported_oids_are_those_of_the_table(adapter: Adapter) -> None:
    data = adapter.declared["oids"]
    listed = [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4)]
    assert sorted(listed) == sorted(oid(name) for name in QUERIES | SETS)


@pytest.mark.spec("W-81")
def test_ndis_takes_the_adapter_for_what_the_inf_says(adapter: Adapter) -> None:
    declared = {name: adapter.attributes[name] for name in ("mtu", "media", "physical", "iftype")}
    assert declared == {"mtu": "61424", "media": "19", "physical": "0", "iftype": "53"}
