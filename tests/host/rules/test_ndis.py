from __future__ import annotations

import pytest

from pyndis.host import Adapter, Host
from tests.host.packets import ipv4
from tests.host.rules.conftest import Choose
from tests.host.rules.scenes import CONTROL, DEVICE, Act, Scene, breaking, keeping
from tests.host.statuses import oid


def control(host: Host) -> None:
    host.open(DEVICE).ioctl(CONTROL)


def sleep_and_wake(host: Host) -> None:
    adapter = host.add_adapter()
    adapter.set_power(3)
    adapter.set_power(0)


def query_and_settle(host: Host) -> None:
    host.add_adapter().oid(query=oid("GEN_VENDOR_ID"))
    host.settle()  # the work item has returned


def query_that_is_lost(host: Host) -> None:
    adapter = host.add_adapter()
    adapter.oid(query=oid("GEN_VENDOR_ID"), wait=False)
    host.settle()
    adapter.halt()


def query_for(seconds: float) -> Act:
    def act(host: Host) -> None:
        adapter = host.add_adapter()
        query = adapter.oid(query=oid("GEN_VENDOR_ID"), wait=False)
        host.advance(seconds)
        control(host)
        query.wait()

    return act


def send_and_wait(adapter: Adapter, host: Host, seconds: float) -> None:
    adapter.send([ipv4()])
    host.advance(seconds)


def one_send_waits(host: Host) -> None:
    adapter = host.add_adapter()
    send_and_wait(adapter, host, 10)
    send_and_wait(adapter, host, 10)
    control(host)  # there is progress, so that this is no hang
    host.advance(11)
    adapter.pause()


def sends_wait_a_little(host: Host) -> None:
    adapter = host.add_adapter()
    send_and_wait(adapter, host, 10)
    send_and_wait(adapter, host, 10)
    control(host)


def sends_hang(host: Host) -> None:
    adapter = host.add_adapter()
    send_and_wait(adapter, host, 23)
    adapter.pause()


def sends_go_on(host: Host) -> None:
    adapter = host.add_adapter()
    for _ in range(3):
        send_and_wait(adapter, host, 20)
        control(host)


BREAKING = [
    Scene("CancelTimerObject"),
    Scene("PeriodicTimer"),
    Scene("Irql_Miniport_Driver_Function"),
    Scene("Irql_Miscellaneous_Function"),
    Scene("Irql_NetBuffer_Function"),
    Scene("Irql_OID_Function"),
    Scene("Irql_SendRcv_Function"),
    Scene("Irql_SendRcv_Function", name="Irql_SendRcv_Function_High"),
    Scene("Irql_StatusIndication_Function"),
    Scene("Irql_Synch_Function"),
    Scene("Irql_Timer_Function"),
    Scene("Irql_Protocol_Driver_Function"),
    Scene("SpinLock", name="SpinLock_Ndis", also=("CallbackIrql",)),
    Scene("SpinLock", name="SpinLock_Ndis_Twice", also=("Fault",), fatal=True),
    Scene("SpinLockBalanced"),
    Scene("SpinLockDpr"),
    Scene("SpinLockDprRelease"),
    Scene("SpinLockRelease", name="SpinLockRelease_Ndis"),
    Scene("NdisAllocateGenericObject"),
    Scene("NdisAllocateMdl"),
    Scene("NdisAllocateMdl", name="NdisAllocateMdl_Stack"),
    Scene("NdisAllocateNetBuffer", also=("NetBufferPoolLeak",)),
    Scene("NdisAllocateMemoryWithTagPriority"),
    Scene("Init_NdisAllocateIoWorkItem"),
    Scene("Init_NdisAllocateIoWorkItem", name="Init_NdisAllocateIoWorkItem_Failing"),
    Scene("NdisOpenConfigurationEx"),
    Scene("NdisMIndicateStatusEx"),
    Scene("NdisMIndicateStatusEx", name="NdisMIndicateStatusEx_Early"),
    Scene("DoubleComplete"),
    Scene("DoubleCompleteWorkItem", act=query_and_settle),
    Scene("NdisMNetPnPEventInOIDRequest"),
    Scene("NdisOidComplete"),
    Scene("NdisOidComplete", name="NdisOidComplete_Power", act=sleep_and_wake),
    Scene("NdisOidComplete", name="NdisOidComplete_QueryPower", act=sleep_and_wake),
    Scene("NdisOidDoubleComplete"),
    Scene("NdisOidDoubleRequest", act=query_that_is_lost),
    Scene("NdisTimedOidComplete", act=query_for(12)),
    Scene("NdisTimedDataSend", act=one_send_waits, feature="NDIS/WIFI"),
    Scene("NdisTimedDataHang", act=sends_hang),
    Scene("MiniportPause_Return"),
    Scene("NdisStallExecution_Delay"),
]
KEEPING = [
    Scene("CancelTimerObject"),
    Scene("PeriodicTimer"),
    Scene("Irql_Miniport_Driver_Function"),
    Scene("Irql_Miscellaneous_Function"),
    Scene("Irql_NetBuffer_Function"),
    Scene("Irql_OID_Function"),
    Scene("Irql_SendRcv_Function"),
    Scene("Irql_StatusIndication_Function"),
    Scene("Irql_Synch_Function"),
    Scene("Irql_Timer_Function"),
    Scene("Irql_Protocol_Driver_Function"),
    Scene("SpinLock", name="SpinLock_Ndis"),
    Scene("SpinLockBalanced"),
    Scene("SpinLockDpr"),
    Scene("SpinLockDprRelease"),
    Scene("SpinLockRelease", name="SpinLockRelease_Ndis"),
    Scene("NdisAllocateGenericObject"),
    Scene("NdisAllocateMdl"),
    Scene("NdisAllocateNetBuffer"),
    Scene("NdisAllocateMemoryWithTagPriority"),
    Scene("Init_NdisAllocateIoWorkItem"),
    Scene("NdisOpenConfigurationEx"),
    Scene("NdisMIndicateStatusEx"),
    Scene("DoubleComplete"),
    Scene("DoubleCompleteWorkItem", act=query_and_settle),
    Scene("NdisMNetPnPEventInOIDRequest"),
    Scene("NdisOidComplete", act=sleep_and_wake),
    Scene("NdisOidDoubleComplete"),
    Scene("NdisOidDoubleRequest", act=query_for(0)),
    Scene("NdisTimedOidComplete", act=query_for(11.9)),
    Scene("NdisTimedDataSend", act=sends_wait_a_little, feature="NDIS/WIFI"),
    Scene("NdisTimedDataHang", act=sends_go_on),
    Scene("MiniportPause_Return"),
    Scene("NdisStallExecution_Delay"),
]


@pytest.mark.parametrize("scene", breaking(BREAKING))
def test_a_driver_that_breaks_it_is_caught(choose: Choose, scene: Scene) -> None:
    scene.breaks(choose(f"breaks {scene.id}"))


@pytest.mark.parametrize("scene", keeping(KEEPING))
def test_a_driver_that_keeps_it_is_not(choose: Choose, scene: Scene) -> None:
    scene.keeps(choose(f"keeps {scene.id}"))
