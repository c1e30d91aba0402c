from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from pyndis.host import Host
from tests.host.rules.conftest import Choose
from tests.host.rules.scenes import CONTROL, DEVICE, Scene, breaking, keeping

INTERNAL_CONTROL, SHUTDOWN, FLUSH = 15, 16, 9


def control(host: Host) -> None:
    host.open(DEVICE).ioctl(CONTROL, bytes(16), 16)


def read(host: Host) -> None:
    host.open(DEVICE).read(16)


def write(host: Host) -> None:
    host.open(DEVICE).write(bytes(16))


def other(major: int) -> Callable[[Host], None]:
    def request(host: Host) -> None:
        host.open(DEVICE).request(major)

    return request


def cancel(host: Host) -> None:
    host.open(DEVICE).ioctl(CONTROL, bytes(16), 16).cancel()


def cancel_and_wait(host: Host) -> None:
    cancel(host)
    host.advance(6)


def read_and_exit(host: Host) -> None:
    process = host.process()
    memory = process.memory(16)
    process.open(DEVICE).read(16, memory=memory)
    process.kill()


scene = partial(Scene, act=control)
BOTH = [
    scene("DoubleCompletion"),
    scene("CompleteRequest"),
    scene("CompleteRequestStatusCheck"),
    scene("IrpProcessingComplete"),
    scene("MarkIrpPending"),
    scene("PendedCompletedRequestEx"),
    scene("CancelRoutineAtCompletion", feature="I/O verification"),
    scene("RemoveLock"),
    Scene("RemoveLockReleaseCreate", control),
    Scene("RemoveLockReleaseClose", control),
    Scene("RemoveLockReleaseCleanup", control),
    Scene("RemoveLockReleaseRead", read),
    Scene("RemoveLockReleaseWrite", write),
    Scene("RemoveLockReleaseDeviceControl", control),
    Scene("RemoveLockReleaseInternalDeviceControl", other(INTERNAL_CONTROL)),
    Scene("RemoveLockReleaseShutdown", other(SHUTDOWN)),
    Scene("RemoveLockRelease2", other(FLUSH)),
    scene("RemoveLockCheck"),
    scene("DanglingDeviceObjectReference"),
    Scene("SlowCancellation", cancel_and_wait, feature="I/O verification"),
    Scene("InvariantMdl", write, feature="Invariant MDL"),
    Scene("MdlChanged", write, feature="Invariant MDL"),
    Scene("MdlChanged", write, "MdlChanged_Rights", feature="Invariant MDL"),
    Scene("PagesLeftLocked", read_and_exit, feature="Pool tracking"),
    Scene("UserPointer", read, feature="Security checks"),
    Scene("UnicodeString", read, feature="Security checks"),
    scene("PagedCode", feature="Force IRQL checking"),
    scene("PagedMemory", feature="Force IRQL checking"),
    scene("IrqlDispatch", feature="DDI compliance"),
    *map(
        scene,
        [
            *("IrqlKeDispatchLte", "IrqlKeRaiseLower", "IrqlKeRaiseLower2", "IrqlKeSetEvent"),
            *("IrqlKeWaitForMutexObject", "IrqlKeWaitForMultipleObjects", "IrqlKeApcLte1", "IrqlKeApcLte2"),
            *("IrqlExAllocatePool", "IrqlExFree1", "IrqlExFree2", "IrqlExFree3", "IrqlExApcLte1", "IrqlExApcLte2"),
            *("IrqlExApcLte3", "IrqlExPassive", "IrqlIoApcLte", "IrqlIoPassive1", "IrqlIoPassive4", "IrqlIoPassive5"),
            *("IrqlObPassive", "IrqlPsPassive", "IrqlZwPassive", "IrqlRtlPassive", "SpinLockDpc", "SpinlockRelease"),
            *("SpinLockSafe", "QueuedSpinLockRelease", "CriticalRegions", "GuardedRegions", "ExclusiveResourceAccess"),
            *("WithinCriticalRegion", "SpinLockOrder", "LockOrder"),
        ],
    ),
]
BREAKING = [
    *BOTH,
    scene("IrpProcessingComplete", name="IrpProcessingComplete_Status"),
    scene("MarkIrpPending2"),
    scene("PendedCompletedRequest"),
    scene("PendedCompletedRequest3", fatal=True),
    scene("CancelSpinLock", also=("IrqlReturn",)),
    Scene("CancelSpinLock", cancel, "CancelRoutine", also=("CallbackIrql",)),
    scene("CancelSpinlockRelease"),
    scene("RemoveLock", name="RemoveLock_Again", feature="I/O verification"),
    scene("DeleteDevice", also=("Fault",), fatal=True),
    scene("CsqDoubleInsert"),
    scene("CsqCallbacks"),
    scene("CsqCallbacks", name="CsqCallbacks_Peek"),
    Scene("ExecutableMapping", write, feature="Code integrity"),
    scene("CsqLock"),
    scene("PagedMemory", name="PagedMemory_Passed"),
    scene("IrqlReturn", feature="I/O verification"),
    scene("IrqlKeReleaseSpinLock", also=("IrqlReturn",)),
    scene("SpinLock", also=("IrqlReturn",)),
    scene("QueuedSpinLock", also=("IrqlReturn",)),
    scene("GuardedRegions", name="GuardedRegions_Leave"),
    scene("LockOrder", name="LockOrder_Resource", feature="Deadlock detection"),
]
KEEPING = [
    *BOTH,
    scene("MarkIrpPending2", name="MarkIrpPending"),
    scene("PendedCompletedRequest", name="CompleteRequestStatusCheck"),
    scene("PendedCompletedRequest3"),
    scene("CancelSpinLock"),
    Scene("CancelSpinLock", cancel, "CancelRoutine"),
    scene("CancelSpinlockRelease", name="CancelSpinLock"),
    scene("DeleteDevice"),
    scene("CsqLock", name="PendedCompletedRequest3"),
    scene("CsqCallbacks", name="PendedCompletedRequest3"),
    Scene("ExecutableMapping", write, "InvariantMdl", feature="Code integrity"),
    scene("CsqDoubleInsert", name="PendedCompletedRequest3"),
    scene("IrqlReturn", feature="I/O verification"),
    scene("IrqlKeReleaseSpinLock"),
    scene("SpinLock"),
    scene("QueuedSpinLock"),
    scene("LockOrder", feature="Deadlock detection"),
]


@pytest.mark.parametrize("scene", breaking(BREAKING))
def test_a_driver_that_breaks_it_is_caught(choose: Choose, scene: Scene) -> None:
    scene.breaks(choose(f"breaks {scene.id}"))


@pytest.mark.parametrize("scene", keeping(KEEPING))
def test_a_driver_that_keeps_it_is_not(choose: Choose, scene: Scene) -> None:
    scene.keeps(choose(f"keeps {scene.id}"))
