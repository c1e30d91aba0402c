from __future__ import annotations

from functools import partial

import pytest

from pyndis.host import Host
from tests.host.packets import ipv4
from tests.host.rules.conftest import Choose
from tests.host.rules.scenes import CONTROL, DEVICE, Scene, breaking, keeping, tour
from tests.host.statuses import oid


def contract(feature: str, rule: str, name: str, **how: object) -> Scene:
    return Scene(rule, name=name, feature=feature, **how)  # type: ignore[arg-type]


def control(host: Host) -> None:
    host.open(DEVICE).ioctl(CONTROL)


def query_statistics(host: Host) -> None:
    adapter = host.add_adapter()
    for _ in range(2):
        adapter.oid(query=oid("GEN_STATISTICS"), length=256)


def start(host: Host) -> None:
    host.add_adapter(check=False)


def two_adapters(host: Host) -> None:
    for luid_index in (1, 2):
        host.add_adapter(luid_index, check=False)


def control_while_paused(host: Host) -> None:
    host.add_adapter().pause()
    control(host)


def control_while_the_stack_keeps_it(host: Host, times: int = 1) -> None:
    adapter = host.add_adapter()
    adapter.hold_returns()
    for _ in range(times):
        control(host)
    adapter.return_held()


def send_while_paused(host: Host) -> None:
    adapter = host.add_adapter()
    adapter.pause()
    adapter.send([ipv4()])


def send_then_pause(host: Host) -> None:
    adapter = host.add_adapter()
    adapter.send([ipv4()])
    adapter.pause()
    adapter.restart()
    adapter.halt()


def remove_then_send(host: Host) -> None:
    adapter = host.add_adapter()
    adapter.pnp("surprise_removed")
    adapter.send([ipv4()])


def remove(host: Host) -> None:
    remove_then_send(host)
    host.adapters[0].oid(query=oid("GEN_VENDOR_ID"))


def shut_down(host: Host) -> None:
    host.add_adapter().shutdown()


again = partial(control_while_the_stack_keeps_it, times=2)

BREAKING = [
    contract("NM-01", "NdisMDeregisterMiniportDriver", "RegistrationLeft"),
    contract("NM-03", "NdisMRegisterMiniportDriver", "HandlerMissing"),
    contract("NM-04", "NdisMRegisterMiniportDriver", "CharacteristicsSize"),
    contract("NM-06", "NdisObjectHeader", "HeaderRevision"),
    contract("NM-08", "NdisObjectHeader", "HeaderSize"),
    contract("NM-15", "InvalidHandle", "UsedAfterHalt"),
    contract("NM-16", "MiniportInitialize_Return", "InitializePends"),
    contract("NM-17", "MiniportAttributes", "AttributesMissing"),
    contract("NM-18", "MiniportAttributes", "ContextMissing", act=start),
    contract("NM-18", "MiniportAttributes", "ContextShared", act=two_adapters),
    contract("NM-19", "MiniportAttributes", "PowerMissing"),
    contract("NM-19", "MiniportAttributes", "OidListLength"),
    contract("NM-23", "NetBufferPoolLeak", "PoolLeftOver"),
    contract("NM-24", "MiniportRestart_Return", "RestartReturn", act=start),
    contract("NM-27", "IndicateInWrongState", "ReceivePaused", act=control_while_paused),
    contract("NM-28", "NdisMPauseComplete", "PauseCompletedTwice"),
    contract("NM-28", "NdisMPauseComplete", "PauseCompletedByItself"),
    contract("NM-28", "NdisMPauseComplete", "PauseWithSends", act=send_then_pause),
    contract("NM-28", "NdisMRestartComplete", "RestartCompletedTwice"),
    contract("NM-29", "SendWhilePaused", "SendPaused", act=send_while_paused),
    contract("NM-31", "MiniportShutdown", "ShutdownAllocates", act=shut_down),
    contract("NM-31", "BlocksInCallback", "ShutdownSleeps", act=shut_down),
    contract("NM-32", "NdisMDeregisterMiniportDriver", "RegisteredAtUnload"),
    contract("NM-33", "NetBufferData", "ReceiveLong", also=("NblChain",)),
    contract("NM-34", "NblPrivateField", "SendPrivate"),
    contract("NM-36", "SendPayload", "SendChanged"),
    contract("NM-36", "SendPayload", "SendShifted"),
    contract("NM-37", "NetBufferListPool", "PoolContext"),
    contract("NM-37", "NetBufferListPool", "PoolWithoutNetBuffers"),
    contract("NM-37", "PoolTag", "PoolTagMissing"),
    contract("NM-38", "PoolInUse", "PoolFreedFirst"),
    contract("NM-38", "NdisFreeNetBufferList", "ReceiveFreedTwice"),
    contract("NM-42", "SendCompleteStatus", "SendStatus"),
    contract("NM-42", "SendCompleteNetBuffers", "SendNetBuffers"),
    contract("NM-43", "NdisMSendNetBufferListsComplete", "SendTwice"),
    contract("NM-46", "SpinLockSafe", "ReceiveUnderLock"),
    contract("NM-50", "NblSourceHandle", "ReceiveSource"),
    contract("NM-50", "NblChain", "ReceiveCount"),
    contract("NM-50", "NblStatus", "ReceiveStatus"),
    contract("NM-50", "NblNetBuffers", "ReceiveNothing"),
    contract("NM-50", "PortNumber", "ReceivePort"),
    contract("NM-51", "Irql_SendRcv_Function", "ReceiveFlag"),
    contract("NM-52", "IndicateWhileLent", "ReceiveAgain", act=again, also=("NblChain",)),
    contract("NM-52", "FreedWhileLent", "ReceiveFreed", act=control_while_the_stack_keeps_it),
    contract("NM-54", "BlocksInCallback", "ReturnSleeps"),
    contract("NM-54", "BlocksInCallback", "SendSleeps"),
    contract("NM-55", "NblProtocol", "ReceiveProtocol"),
    contract("NM-60", "UseAfterFree", "OidUsedAfterwards", also=("Fault",), fatal=True),
    contract("NM-61", "OidBytes", "OidWritesMore"),
    contract("NM-61", "OidBytes", "OidWritesAndFails"),
    contract("NM-61", "OidBytes", "OidNeedsNothing"),
    contract("NM-66", "SurpriseRemoval", "RemovedAccepts", act=remove_then_send),
    contract("NM-73", "StatusSourceHandle", "StatusOfOther"),
    contract("NM-73", "StatusIndication", "StatusOnPort"),
    contract("NM-73", "StatusIndication", "StatusOfRequest"),
    contract("NM-76", "Statistics", "StatisticsFall", act=query_statistics),
    contract("NM-76", "Statistics", "StatisticsOther", act=query_statistics),
    contract("NM-85", "FreedWhileActive", "TimerFreedArmed"),
    contract("NM-85", "TimerCharacteristics", "TimerWithoutTag"),
    contract("NM-86", "WorkItemQueuedTwice", "WorkItemQueuedTwice", options={"schedule": "sync@"}),
    contract("NM-87", "DeviceAttributes", "DeviceWithoutName"),
]
RECEIVE = ["NM-27", "NM-33", "NM-38", "NM-46", "NM-50", "NM-51", "NM-52", "NM-54", "NM-55"]
KEEPING = [
    contract("NM-01", "NdisMDeregisterMiniportDriver", "RegistrationLeft"),
    contract("NM-15", "InvalidHandle", "UsedAfterHalt"),
    contract("NM-16", "MiniportInitialize_Return", "InitializePends"),
    contract("NM-24", "MiniportRestart_Return", "RestartReturn"),
    contract("NM-27", "IndicateInWrongState", "ReceiveInRestart"),
    contract("NM-28", "NdisMPauseComplete", "PauseCompletedByItself"),
    contract("NM-28", "NdisMPauseComplete", "PauseWithSends", act=send_then_pause),
    contract("NM-29", "SendWhilePaused", "SendPaused", act=send_while_paused),
    contract("NM-31", "MiniportShutdown", "Shutdown", act=shut_down),
    contract("NM-34", "NblPrivateField", "Send"),
    contract("NM-36", "SendPayload", "Send"),
    contract("NM-42", "SendCompleteStatus", "Send"),
    contract("NM-43", "NdisMSendNetBufferListsComplete", "Send"),
    contract("NM-37", "NetBufferListPool", "PoolContext"),
    *(contract(each, "NblStatus", "Receive") for each in RECEIVE),
    contract("NM-52", "IndicateWhileLent", "Receive", act=control_while_the_stack_keeps_it),
    contract("NM-66", "SurpriseRemoval", "RemovedAccepts", act=remove),
    contract("NM-73", "StatusIndication", "Status"),
    contract("NM-76", "Statistics", "Statistics", act=query_statistics),
    contract("NM-85", "FreedWhileActive", "TimerFreedArmed"),
    contract("NM-86", "WorkItemQueuedTwice", "WorkItemQueuedTwice"),
]


@pytest.mark.parametrize("scene", breaking(BREAKING))
def test_a_driver_that_breaks_the_contract_is_caught(choose: Choose, scene: Scene) -> None:
    scene.breaks(choose(f"breaks {scene.id}"))


@pytest.mark.parametrize("scene", keeping(KEEPING))
def test_a_driver_that_keeps_the_contract_is_not(choose: Choose, scene: Scene) -> None:
    scene.keeps(choose(f"keeps {scene.id}"))


def test_an_oid_that_succeeds_after_removal_is_worth_a_note(choose: Choose) -> None:
    with Host(choose("")) as host:
        adapter = host.add_adapter()
        adapter.pnp("surprise_removed")
        adapter.oid(query=oid("GEN_VENDOR_ID"))
        assert "SurpriseRemoval" in {each.rule for each in host.notes}


def test_a_receive_before_the_packet_filter_is_set_is_worth_a_note(choose: Choose) -> None:
    with Host(choose("keeps Receive")) as host:
        host.add_adapter(bind=False)
        control(host)
        assert "PacketFilter" in {each.rule for each in host.notes}


SOUND = ["NM-03", "NM-04", "NM-06", "NM-08", "NM-17", "NM-18", "NM-19", "NM-23", "NM-32", "NM-60", "NM-61", "NM-87"]
VERSIONS = [(6, 20), (6, 30), (6, 40), (6, 50), (6, 83)]


@pytest.mark.parametrize(
    ("feature", "ndis"),
    [
        pytest.param(feature, ndis, id=f"{feature}-{ndis[0]}.{ndis[1]}", marks=pytest.mark.keeps(feature))
        for feature, ndis in zip(SOUND, VERSIONS * len(SOUND), strict=False)
    ],
)
def test_a_sound_driver_breaks_nothing_under_any_version(choose: Choose, feature: str, ndis: tuple[int, int]) -> None:
    with Host(choose(""), ndis=ndis) as host:
        host.add_adapter(2)
        tour(host)
