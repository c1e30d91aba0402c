from __future__ import annotations

from pathlib import Path

import pytest

from pyndis.checks import irql
from pyndis.diagnostics import Diagnostic, Span
from pyndis.ir import nodes as ir
from pyndis.ir.types import BOOL, KIRQL, Named, Pointer, Struct
from tests.checks.build import (
    FakeDdi,
    FakeFacts,
    FakeParam,
    address,
    at,
    call,
    codes,
    declare,
    do,
    function,
    give,
    local,
    n,
    program,
    v,
    when,
)

TUN = ir.StructDecl("TUN", [ir.StructField("Waiting", Struct("WAITING")), ir.StructField("Handles", Named("FAST_MUTEX"))])
WAITING = ir.StructDecl("WAITING", [ir.StructField("Lock", Named("KSPIN_LOCK"))])


class Rule:
    def __init__(self, level: int, when_: str) -> None:
        self.kind, self.level, self.when = "max", level, when_


SET_EVENT = [FakeParam("Event", "PRKEVENT"), FakeParam("Increment", "LONG"), FakeParam("Wait", "BOOLEAN")]
FACTS = FakeFacts(
    FakeDdi("KeAcquireSpinLock", irql_max=2, raises_irql=2),
    FakeDdi("KeReleaseSpinLock", irql_requires=2, irql_max=None, restores_irql=True),
    FakeDdi("KeAcquireSpinLockAtDpcLevel", irql_min=2, irql_max=None),
    FakeDdi("KeReleaseSpinLockFromDpcLevel", irql_min=2, irql_max=None),
    FakeDdi("ExAcquireFastMutex", irql_max=1, raises_irql=1),
    FakeDdi("ExReleaseFastMutex", irql_max=1, restores_irql=True),
    FakeDdi("IoCompleteRequest", calls_out=True),
    FakeDdi("ZwClose", irql_requires=0, irql_max=None),
    FakeDdi("KeGetCurrentIrql", irql_max=15),
    FakeDdi("KeSetEvent", SET_EVENT, irql_max=1, irql_when=(Rule(2, "Wait==0"), Rule(1, "Wait==1"))),
)

tun = ir.Symbol("Tun", Pointer(Struct("TUN")), "self")
spin = address(at(at(tun, "Waiting", Struct("WAITING")), "Lock", Named("KSPIN_LOCK")))
mutex = address(at(tun, "Handles", Named("FAST_MUTEX")))
old = local("Irql", KIRQL)


def where(call_: ir.Do, line: int) -> ir.Do:
    call_.call.span = Span(Path("tun.py"), line)
    return call_


def lock(line: int = 1) -> ir.Do:
    return where(do("KeAcquireSpinLock", spin, address(old)), line)


def unlock() -> ir.Do:
    return do("KeReleaseSpinLock", spin, old)


def check(*functions: ir.Function) -> list[Diagnostic]:
    return irql.check(program(*functions, structs=[TUN, WAITING]), FACTS)


def test_a_lock_that_is_taken_and_given_back_is_fine():
    whole = function("Send", [tun], [declare(old), lock(), unlock(), do("IoCompleteRequest")], entry_irql=(0, 2))
    assert check(whole) == []
    assert whole.irql_max == 2


def test_a_call_out_under_a_spin_lock_names_both_places():
    whole = function("Send", [tun], [lock(3), where(do("IoCompleteRequest"), 4), unlock()])
    (error,) = check(whole)
    assert error.code == "PYN-M01"
    assert error.message == "`IoCompleteRequest` runs code outside of this driver while `self.Waiting.Lock` is held"
    assert [label.span.line for label in error.labels] == [4, 3]
    assert "rule SpinLockSafe" in error.notes


def test_a_call_out_deep_below_a_spin_lock_shows_the_way():
    inner = function("Finish", [], [where(do("IoCompleteRequest"), 9)])
    middle = function("Settle", [], [do(inner)])
    (error,) = check(inner, middle, function("Send", [tun], [lock(3), do(middle), unlock()]))
    assert error.code == "PYN-M01"
    assert error.notes[0] == "way: `send` → `settle` → `finish` → `IoCompleteRequest`"


def test_a_call_out_under_a_mutex_is_fine():
    assert (
        check(function("F", [tun], [do("ExAcquireFastMutex", mutex), do("IoCompleteRequest"), do("ExReleaseFastMutex", mutex)]))
        == []
    )


def test_a_function_whose_callers_hold_the_lock_may_not_call_out():
    assert codes(check(function("F", [tun], [do("IoCompleteRequest")], locked="Tun->Waiting.Lock"))) == ["PYN-M01"]


def test_a_passive_call_under_a_spin_lock_shows_where_it_was_taken():
    (error,) = check(function("F", [tun], [lock(3), where(do("ZwClose"), 4), unlock()]))
    assert (error.code, error.message) == (
        "PYN-I01",
        "`ZwClose` is called at DISPATCH_LEVEL, and is allowed only at PASSIVE_LEVEL",
    )
    assert error.labels[1].text == "`self.Waiting.Lock` is taken here: DISPATCH_LEVEL"


def test_a_passive_call_in_a_mutex_is_at_apc_level():
    (error,) = check(function("F", [tun], [do("ExAcquireFastMutex", mutex), do("ZwClose"), do("ExReleaseFastMutex", mutex)]))
    assert error.message == "`ZwClose` is called at APC_LEVEL, and is allowed only at PASSIVE_LEVEL"


def test_an_entry_shows_the_chain_to_the_call_that_it_may_not_reach():
    inner = function("CloseHandle", [], [where(do("ZwClose"), 9)])
    entry = function("Send", [tun], [do(inner)], role="MINIPORT_SEND_NET_BUFFER_LISTS")
    (error,) = check(inner, entry)
    assert error.code == "PYN-I01"
    assert error.notes == (
        "way: `send` → `closehandle` → `ZwClose`",
        "`send` is a MINIPORT_SEND_NET_BUFFER_LISTS, which the system calls at IRQL 0 … 2",
        "rule IrqlZwPassive, code analysis 28121",
    )
    assert inner.irql_max == 0


def test_a_passive_entry_may_reach_it():
    inner = function("CloseHandle", [], [do("ZwClose")])
    assert check(inner, function("Halt", [tun], [do(inner)], entry_irql=(0, 0))) == []


def test_a_call_only_for_dispatch_level_needs_it():
    take, give_back = do("KeAcquireSpinLockAtDpcLevel", spin), do("KeReleaseSpinLockFromDpcLevel", spin)
    assert codes(check(function("F", [tun], [take, give_back], entry_irql=(0, 2)))) == ["PYN-I02"]
    assert check(function("F", [tun], [take, give_back], entry_irql=(2, 2))) == []


@pytest.mark.parametrize(("wait", "expected"), [(0, []), (1, ["PYN-I01"])])
def test_a_limit_that_depends_on_an_argument_is_decided_by_it(wait, expected):
    signal = do("KeSetEvent", v(tun), n(0), n(wait, BOOL))
    assert codes(check(function("F", [tun], [signal], entry_irql=(2, 2)))) == expected


def test_asking_for_the_irql_where_a_flag_says_it_is_an_error():
    ask = function("F", [tun], [do("KeGetCurrentIrql")], role="MINIPORT_RETURN_NET_BUFFER_LISTS")
    (error,) = check(ask)
    assert (error.code, error.notes[-1]) == ("PYN-I03", "rule Flags_Irql")


def test_a_lock_taken_twice_is_an_error_through_calls_too():
    inner = function("Inner", [waiting := local("Waiting", Pointer(Struct("WAITING")))], [
        do("KeAcquireSpinLock", address(at(waiting, "Lock", Named("KSPIN_LOCK"))), address(old)),
        do("KeReleaseSpinLock", address(at(waiting, "Lock", Named("KSPIN_LOCK"))), old),
    ])  # fmt: skip
    outer = function("Outer", [tun], [lock(), do(inner, address(at(tun, "Waiting", Struct("WAITING")))), unlock()])
    assert codes(check(inner, outer)) == ["PYN-M02"]


def test_two_orders_of_two_locks_name_both_ways():
    other = address(at(tun, "Second", Named("KSPIN_LOCK")))
    one = [lock(1), where(do("KeAcquireSpinLock", other, address(old)), 2), do("KeReleaseSpinLock", other, old), unlock()]
    two = [where(do("KeAcquireSpinLock", other, address(old)), 5), lock(6), unlock(), do("KeReleaseSpinLock", other, old)]
    (error,) = check(function("One", [tun], one), function("Two", [tun], two))
    assert error.code == "PYN-M03"
    assert [label.span.line for label in error.labels] == [2, 1, 6, 5]
    assert error.notes[0] == "`WAITING.Lock`, then `TUN.Second`: `one` → `KeAcquireSpinLock`"


def test_one_order_of_two_locks_is_fine():
    other = address(at(tun, "Second", Named("KSPIN_LOCK")))
    body = [lock(), do("KeAcquireSpinLock", other, address(old)), do("KeReleaseSpinLock", other, old), unlock()]
    assert check(function("One", [tun], body), function("Two", [tun], body)) == []


def test_a_return_with_a_lock_held_is_an_error():
    flag = local("Flag", BOOL)
    assert codes(check(function("F", [tun, flag], [lock(), when(v(flag), give()), unlock()]))) == ["PYN-M04"]


def test_a_release_without_acquire_is_an_error():
    assert "PYN-M04" in codes(check(function("F", [tun], [unlock()], entry_irql=(2, 2))))


def test_a_release_on_one_way_only_is_an_error():
    flag = local("Flag", BOOL)
    assert "PYN-M04" in codes(check(function("F", [tun, flag], [lock(), when(v(flag), unlock()), unlock()])))


def test_a_lock_taken_and_given_back_in_each_turn_is_fine():
    flag = local("Flag", BOOL)
    loop = ir.Loop(v(flag), [lock(), when(v(flag), unlock(), ir.Break()), unlock()])
    assert check(function("F", [tun, flag], [loop, do("IoCompleteRequest")], entry_irql=(0, 2))) == []


def test_the_lock_callbacks_of_a_queue_leave_it_held_and_given_back():
    acquire = function("Acquire", [tun], [lock()], role="IO_CSQ_ACQUIRE_LOCK")
    release = function("Release", [tun], [unlock()], role="IO_CSQ_RELEASE_LOCK")
    assert check(acquire, release) == []


def test_locks_given_back_out_of_order_are_an_error():
    other = address(at(tun, "Second", Named("KSPIN_LOCK")))
    body = [lock(), do("KeAcquireSpinLock", other, address(old)), unlock(), do("KeReleaseSpinLock", other, old)]
    assert codes(check(function("F", [tun], body))) == ["PYN-M04"]


def test_calls_in_conditions_count():
    asked = when(call("KeGetCurrentIrql", type_=BOOL, pure=True), give())
    assert codes(check(function("F", [tun], [asked], role="MINIPORT_SEND_NET_BUFFER_LISTS"))) == ["PYN-I03"]
