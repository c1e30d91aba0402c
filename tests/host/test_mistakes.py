from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest

from pyndis.diagnostics import DriverFailure
from pyndis.host import Adapter, Handle, Host, RuleBroken, Violation
from tests.host.conftest import Broken
from tests.host.packets import SMALLEST_READ, bundle, ipv4
from tests.host.statuses import oid
from tests.host.test_life import path_of

ARCHITECTURES = ("amd64", "x86", "arm64")

CONTROL = 0x80002000


@dataclass(frozen=True)
class Scene:
    host: Host
    adapter: Adapter
    handle: Handle


class Caught(Exception):
    """Enough was seen: nothing is to be ended in good order."""


def control(scene: Scene) -> None:
    scene.handle.ioctl(CONTROL)


def write(scene: Scene) -> None:
    scene.adapter.hold_returns()
    scene.handle.write(bundle(ipv4(20), ipv4(21)))
    scene.adapter.return_held()


def pause_with_nbls_out(scene: Scene) -> None:
    scene.adapter.hold_returns()
    scene.handle.write(bundle(ipv4()))
    scene.adapter.pause()


def pause(scene: Scene) -> None:
    scene.adapter.pause()


def halt(scene: Scene) -> None:
    scene.adapter.halt()


def read(scene: Scene) -> None:
    scene.handle.read(SMALLEST_READ)
    scene.adapter.send([ipv4()])


def send(scene: Scene) -> None:
    scene.adapter.send([ipv4()])
    scene.handle.read(SMALLEST_READ)


def send_and_wait(scene: Scene) -> None:
    scene.adapter.send([ipv4()])
    scene.host.advance(31)


def close_with_a_read(scene: Scene) -> None:
    scene.handle.read(SMALLEST_READ)
    scene.handle.close()


def query(scene: Scene) -> None:
    oids = scene.adapter.oid(query=oid("GEN_VENDOR_ID"), wait=False)
    scene.host.advance(13)
    oids.wait()


Act = Callable[[Scene], None]
MISTAKES: list[tuple[str, Act, str]] = [
    ("PAUSE_EARLY", pause_with_nbls_out, "NdisMPauseComplete"),
    ("PAUSE_FAILS", pause, "MiniportPause_Return"),
    ("TIMER_ARMED", halt, "CancelTimerObject"),
    ("WRITE_COMPLETED_EARLY", write, "CompletionWhileLent"),
    ("WRITE_COMPLETED_TWICE", write, "DoubleCompletion"),
    ("WRITE_NEVER_COMPLETED", write, "CompleteRequest"),
    ("WRITES_INTO_WRITE", write, "InvariantMdl"),
    ("NBL_FREED_TWICE", write, "NdisFreeNetBufferList"),
    ("MDL_LEAK", write, "PartialMdlOutlivesSource"),
    ("READ_RETURNS_SUCCESS", read, "IrpProcessingComplete"),
    ("SEND_COMPLETED_TWICE", send, "NdisMSendNetBufferListsComplete"),
    ("NO_AGEING", send_and_wait, "NdisTimedDataSend"),
    ("CLEANUP_KEEPS_READS", close_with_a_read, "CompleteRequest"),
    ("HANDLE_LEAK", halt, "PoolLeak"),
    ("OID_NEVER_COMPLETED", query, "NdisTimedOidComplete"),
    ("OID_COMPLETED_TWICE", query, "NdisOidDoubleComplete"),
    ("IRQL_NOT_RESTORED", control, "IrqlReturn"),
    ("LOCK_HELD", control, "SpinLock"),
    ("NOT_COMPLETED", control, "IrpProcessingComplete"),
    ("NOT_MARKED", control, "MarkIrpPending2"),
    ("COMPLETED_AND_PENDED", control, "PendedCompletedRequest"),
    ("PASSIVE_UNDER_LOCK", control, "Irql_Miniport_Driver_Function"),
    ("DOUBLE_ACQUIRE", control, "SpinLock"),
    ("STATUS_PENDING", control, "CompleteRequestStatusCheck"),
    ("WRONG_STATUS", control, "IrpProcessingComplete"),
    ("COMPLETE_UNDER_LOCK", control, "SpinLockSafe"),
    ("OVERRUN", control, "PoolOverrun"),
    ("USE_AFTER_FREE", control, "Fault"),
    ("POOL_TWICE", control, "PoolDoubleFree"),
    ("NULL", control, "Fault"),
    ("BUG_CHECK", control, "Fault"),
    ("STACK_OVERFLOW", control, "Fault"),
    ("LOCK_ORDER", control, "SpinLockOrder"),
]


def what_is_caught(broken: Broken, mistake: str, act: Act) -> tuple[Violation, ...]:
    """The violations of a scene with one adapter and one handle. What comes after the first mistake may go wrong anyhow."""
    with suppress(DriverFailure, Caught), Host(broken(mistake)) as host:
        adapter = host.add_adapter(luid_index=1)
        act(Scene(host, adapter, host.open(path_of(1))))
        if host.violations:
            raise Caught
    return tuple(host.violations)


@pytest.mark.parametrize(("mistake", "act", "rule"), MISTAKES, ids=[each[0].lower() for each in MISTAKES])
def test_the_mistake_is_caught_by_its_rule(broken: Broken, mistake: str, act: Act, rule: str) -> None:
    violations = what_is_caught(broken, mistake, act)
    assert rule in {each.rule for each in violations}


# -- while loading


@pytest.mark.parametrize("mistake", ["CHARACTERISTICS_SIZE", "NO_RETURN_HANDLER"])
def test_a_wrong_registration_is_caught(broken: Broken, mistake: str) -> None:
    with Host(broken(mistake)) as host:
        host.expect("NdisMRegisterMiniportDriver")
        assert host.driver_status != 0


def test_pool_left_at_unload_is_named_by_its_allocation(broken: Broken) -> None:
    with Host(broken("POOL_LEAK")) as host:
        host.expect("PoolLeak")
    assert any("DriverEntry" in str(each) for each in host.violations[0].allocated)


def test_a_driver_that_stays_registered_is_caught(broken: Broken) -> None:
    with Host(broken("NO_DEREGISTER")) as host:
        host.expect("NdisMDeregisterMiniportDriver")


def test_a_wrong_header_size_is_caught(broken: Broken) -> None:
    with Host(broken("HEADER_SIZE")) as host:
        host.expect("NdisObjectHeader")
        host.add_adapter(luid_index=1, check=False)


# -- what a report says


def test_a_fault_is_reported_with_its_call_stack_and_the_host_lives(broken: Broken) -> None:
    with pytest.raises(RuleBroken) as caught, Host(broken("NULL")) as host:
        host.add_adapter(luid_index=1)
        handle = host.open(path_of(1))
        with pytest.raises(DriverFailure) as fault:
            handle.ioctl(CONTROL)
        assert "BrokenControl" in "\n".join(fault.value.diagnostics[0].notes)
        assert not host.alive
        host.settle()
    (violation,) = caught.value.violations
    functions = [each.text.partition("!")[2].partition("+")[0] for each in violation.stack if each.kind == "frame"]
    assert functions[:2] == ["TouchNull", "BrokenControl"]
    assert functions[2:] in ([], ["TunDispatch"])  # which goes there by a jump where the calling convention lets it
    assert violation.stack[0].place.startswith("broken_control.c:")


def test_a_bug_check_says_its_code(broken: Broken) -> None:
    (violation,) = what_is_caught(broken, "BUG_CHECK", control)
    assert violation.kind == "bugcheck"
    assert "0xe2" in violation.report().lower()


def test_a_double_completion_tells_the_history_of_the_request(broken: Broken) -> None:
    violations = what_is_caught(broken, "WRITE_COMPLETED_TWICE", write)
    violation = next(each for each in violations if each.rule == "DoubleCompletion")
    assert any("IoMarkIrpPending" in line for line in violation.history)
    assert any("IoCompleteRequest" in line for line in violation.history)


def test_an_unexpected_violation_fails_the_block(broken: Broken) -> None:
    with pytest.raises(RuleBroken, match="SpinLockSafe"), Host(broken("COMPLETE_UNDER_LOCK")) as host:
        host.add_adapter(luid_index=1)
        host.open(path_of(1)).ioctl(CONTROL)


def test_an_expected_violation_does_not(broken: Broken) -> None:
    with Host(broken("COMPLETE_UNDER_LOCK")) as host:
        host.expect("SpinLockSafe")
        host.add_adapter(luid_index=1)
        host.open(path_of(1)).ioctl(CONTROL)
