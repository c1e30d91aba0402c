from __future__ import annotations

from typing import Literal

import pytest

from pyndis.host import Adapter, Host
from pyndis.toolchains.targets import Arch
from tests.drivers.wintun.conftest import INDEX, Images, path_of
from tests.drivers.wintun.structs import Header, constant, fields, flags, header
from tests.drivers.wintun.traffic import received
from tests.host.packets import SMALLEST_READ, bundle, ipv4, unbundle
from tests.host.statuses import Ndis, Nt

Windows = Literal["win7", "win8", "win81", "win10"]
SYSTEMS: list[tuple[Windows, tuple[int, int], tuple[int, int]]] = [  # what NDIS offers, and what the driver registers with
    ("win7", (6, 20), (6, 20)),
    ("win8", (6, 30), (6, 30)),
    ("win81", (6, 40), (6, 30)),
    ("win10", (6, 50), (6, 30)),
    ("win10", (6, 83), (6, 30)),
]
ON_EVERY_SYSTEM = pytest.mark.parametrize(("os", "ndis", "registered"), SYSTEMS)
SIZE = "NDIS_SIZEOF_"
HANDLERS = {
    *("InitializeHandlerEx", "HaltHandlerEx", "UnloadHandler", "PauseHandler", "RestartHandler", "OidRequestHandler"),
    *("SendNetBufferListsHandler", "ReturnNetBufferListsHandler", "CancelSendHandler", "DevicePnPEventNotifyHandler"),
    *("ShutdownHandlerEx", "CancelOidRequestHandler"),
}


@pytest.mark.spec("W-69")
@pytest.mark.parametrize("ndis", [(6, 0), (6, 1), (6, 19), (5, 1)])
def test_an_older_ndis_is_refused(images: Images, ndis: tuple[int, int]) -> None:
    with Host(images("pend"), os="win7", ndis=ndis) as host:
        assert host.driver_status == Ndis.UNSUPPORTED_REVISION
        assert "NdisMRegisterMiniportDriver" not in host.calls()


@pytest.mark.spec("W-69")
@ON_EVERY_SYSTEM
def test_the_driver_registers_with_the_newest_version_that_both_know(
    images: Images, os: Windows, ndis: tuple[int, int], registered: tuple[int, int], wintun_arch: Arch
) -> None:
    with Host(images("pend"), os=os, ndis=ndis) as host:
        adapter = host.add_adapter(luid_index=INDEX)
        characteristics = fields("NDIS_MINIPORT_DRIVER_CHARACTERISTICS", adapter.declared["characteristics"], wintun_arch)
        assert (characteristics["MajorNdisVersion"], characteristics["MinorNdisVersion"]) == registered
        assert characteristics["Flags"] == 0
        assert {name for name, value in characteristics.items() if name.endswith(("Handler", "HandlerEx")) and value} == HANDLERS


@pytest.mark.spec("W-69", "W-80", "W-81")
@ON_EVERY_SYSTEM
def test_each_header_follows_the_version(
    images: Images, os: Windows, ndis: tuple[int, int], registered: tuple[int, int], wintun_arch: Arch
) -> None:
    revision = 1 if registered < (6, 30) else 2
    with Host(images("pend"), os=os, ndis=ndis) as host:
        declared = host.add_adapter(luid_index=INDEX).declared
        assert {name: header(data) for name, data in declared.items() if name != "oids"} == {
            "characteristics": Header(
                constant("NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS"),
                2,
                constant(f"{SIZE}MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2", wintun_arch),
            ),
            "registration": Header(
                constant("NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES"),
                revision,
                constant(f"{SIZE}MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_{revision}", wintun_arch),
            ),
            "general": Header(
                constant("NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES"),
                2,
                constant(f"{SIZE}MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2", wintun_arch),
            ),
            "power": Header(
                constant("NDIS_OBJECT_TYPE_DEFAULT"),
                revision,
                constant(f"{SIZE}NDIS_PM_CAPABILITIES_REVISION_{revision}", wintun_arch),
            ),
        }
        assert host.notes == []


@pytest.mark.spec("W-69")
@ON_EVERY_SYSTEM
def test_packets_flow_on_every_system(images: Images, os: Windows, ndis: tuple[int, int], registered: tuple[int, int]) -> None:
    with Host(images("pend"), os=os, ndis=ndis) as host:
        adapter = host.add_adapter(luid_index=INDEX)
        handle = host.open(path_of(INDEX))
        handle.write(bundle(ipv4(41)))
        adapter.send([ipv4(42)])
        assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(42)]
        assert received(adapter) == [ipv4(41)]
        adapter.pause()
        adapter.restart()
        adapter.set_power(3)
        adapter.set_power(0)
        adapter.surprise_remove()
        assert handle.closed_by_force


@pytest.mark.spec("W-80")
@ON_EVERY_SYSTEM
def test_registration_attributes(
    images: Images, os: Windows, ndis: tuple[int, int], registered: tuple[int, int], wintun_arch: Arch
) -> None:
    wanted = ["NO_HALT_ON_SUSPEND", "SURPRISE_REMOVE_OK"] + (["NO_PAUSE_ON_SUSPEND"] if registered >= (6, 30) else [])
    with Host(images("pend"), os=os, ndis=ndis) as host:
        attributes = fields(
            "NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES",
            host.add_adapter(luid_index=INDEX).declared["registration"],
            wintun_arch,
        )
        assert attributes.pop("MiniportAdapterContext") != 0
        assert attributes == {
            "AttributeFlags": flags("NDIS_MINIPORT_ATTRIBUTES_", *wanted),
            "CheckForHangTimeInSeconds": 0,
            "InterfaceType": constant("NdisInterfaceInternal"),
        }


@pytest.mark.spec("W-80")
def test_each_adapter_has_a_context_of_its_own(host: Host, wintun_arch: Arch) -> None:
    both = [host.add_adapter(luid_index=index) for index in (1, 2)]
    contexts = {
        fields("NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES", each.declared["registration"], wintun_arch)[
            "MiniportAdapterContext"
        ]
        for each in both
    }
    assert len(contexts) == 2


@pytest.mark.spec("W-69", "W-70")
def test_unload_undoes_driver_entry(images: Images) -> None:
    with Host(images("pend")) as host:
        assert host.driver_status == Nt.SUCCESS
        host.unload()
        assert host.calls()["NdisMDeregisterMiniportDriver"].calls == 1
        assert host.violations == []


@pytest.mark.spec("W-80", "W-81")
def test_attributes_are_set_once_each_in_order(host: Host, adapter: Adapter) -> None:
    assert host.calls()["NdisMSetMiniportAttributes"].calls == 2
    assert host.violations == []  # the host checks order, time and headers
