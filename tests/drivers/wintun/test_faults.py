from __future__ import annotations

import pytest

from pyndis.host import Adapter, Host, InitializeFailed
from tests.drivers.wintun.conftest import INDEX, Images, path_of
from tests.drivers.wintun.traffic import received
from tests.host.packets import bundle, ipv4
from tests.host.statuses import Ndis, Nt

UNDONE_BY = {
    "NdisMRegisterMiniportDriver": "NdisMDeregisterMiniportDriver",
    "NdisRegisterDeviceEx": "NdisDeregisterDeviceEx",
    "NdisAllocateNetBufferListPool": "NdisFreeNetBufferListPool",
    "NdisAllocateTimerObject": "NdisFreeTimerObject",
    "NdisAllocateIoWorkItem": "NdisFreeIoWorkItem",
    "IoRegisterPlugPlayNotification": "IoUnregisterPlugPlayNotificationEx",
    "ExAllocatePoolWithTag": "ExFreePoolWithTag",
}
INITIALIZE = [
    ("NdisRegisterDeviceEx", 1),
    ("NdisMSetMiniportAttributes", 1),
    ("NdisMSetMiniportAttributes", 2),
    ("NdisAllocateNetBufferListPool", 1),
    ("NdisAllocateTimerObject", 1),
    ("NdisAllocateIoWorkItem", 1),
    ("NdisAllocateIoWorkItem", 2),
]


def left(host: Host) -> dict[str, int]:
    """What was made and not undone, by the call that makes it."""
    calls = host.calls()
    made = {name: calls[name].calls - calls[name].failed for name in UNDONE_BY if name in calls}
    undone = {name: calls[undo].calls for name, undo in UNDONE_BY.items() if undo in calls}
    return {name: count - undone.get(name, 0) for name, count in made.items() if count != undone.get(name, 0)}


REGISTERED = {"NdisMRegisterMiniportDriver": 1}


@pytest.mark.spec("W-70")
@pytest.mark.parametrize("call", ["NdisMRegisterMiniportDriver", ""])
def test_a_failing_driver_entry_leaves_nothing(images: Images, call: str) -> None:
    with Host(images("pend"), faults={call: 1}) as host:
        assert host.driver_status == Ndis.RESOURCES
        assert left(host) == {}
    assert host.violations == []


@pytest.mark.spec("W-70")
@pytest.mark.parametrize(("call", "n"), INITIALIZE)
def test_a_failing_step_of_initialize_undoes_those_before_it(host: Host, call: str, n: int) -> None:
    host.fail_call(call, n)
    with pytest.raises(InitializeFailed) as failed:
        host.add_adapter(luid_index=INDEX)
    assert failed.value.status == Ndis.RESOURCES
    assert host.calls()[call].failed == 1
    assert left(host) == REGISTERED
    with pytest.raises(FileNotFoundError):
        host.open(path_of(INDEX))
    adapter = host.add_adapter(luid_index=INDEX)
    host.open(path_of(INDEX)).write(bundle(ipv4()))
    assert received(adapter) == [ipv4()]


@pytest.mark.spec("W-70")
def test_each_failing_allocation_of_initialize_is_undone(host: Host) -> None:
    failures = 0
    for n in range(1, 50):
        host.fail_allocation(n)
        adapter = host.add_adapter(luid_index=INDEX, check=False)
        host.settle()
        host.fail_allocation(0)
        if adapter.halted:
            failures += 1
            assert left(host) == REGISTERED
        else:
            adapter.halt()
            assert left(host) == REGISTERED
            if failures < n - 6:  # beyond what Initialize and its work item allocate
                break
    assert failures >= len(INITIALIZE) - 2


@pytest.mark.spec("W-70")
@pytest.mark.parametrize(("call", "n"), INITIALIZE)
def test_a_failing_adapter_does_not_touch_another(host: Host, call: str, n: int) -> None:
    first = host.add_adapter(luid_index=1)
    handle = host.open(path_of(1))
    host.fail_call(call, n)
    assert host.add_adapter(luid_index=2, check=False).halted
    handle.write(bundle(ipv4()))
    assert received(first) == [ipv4()]
    assert first.send([ipv4()]).statuses == [None]


@pytest.mark.spec("W-70", "W-65")
def test_halt_and_unload_undo_all(images: Images) -> None:
    with Host(images("pend")) as host:
        for index in (1, 2):
            host.add_adapter(luid_index=index)
            host.open(path_of(index)).write(bundle(ipv4()))
        for adapter in host.adapters:
            adapter.halt()
        assert left(host) == REGISTERED
        host.unload()
        assert left(host) == {}
        assert host.violations == []


@pytest.mark.spec("W-70")
def test_a_name_that_is_taken_fails_initialize_only(host: Host, adapter: Adapter) -> None:
    twin = host.add_adapter(luid_index=INDEX, check=False)
    assert twin.halted
    handle = host.open(path_of(INDEX))
    assert handle.write(bundle(ipv4())).status == Nt.SUCCESS
    assert received(adapter) == [ipv4()]
