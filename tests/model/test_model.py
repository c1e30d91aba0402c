from __future__ import annotations

from typing import Any

import pytest

from drivers.wintun.wintun import Tun, Waiting
from pyndis.kernel import Locked, raw, unsafe
from pyndis.kernel.atomics import Atomic
from pyndis.kernel.containers import Chain
from pyndis.kernel.marks import i32, u16
from pyndis.kernel.objects import addr, cast, sizeof
from pyndis.model import Handle, Model, ModelAdapter, ModelFault
from tests.host.packets import SMALLEST_READ, bundle, ipv4


def test_a_call_that_is_not_played_is_named(model: Model) -> None:
    with unsafe("a test"), pytest.raises(ModelFault, match="ZwQuerySystemInformation is not played"):
        raw.ZwQuerySystemInformation(0, None, 0, None)


def test_nothing_is_played_after_the_model() -> None:
    with Model():
        assert Atomic().read() == 0
    with pytest.raises(AttributeError, match="_value"):
        Atomic().read()
    assert not hasattr(Chain, "__del__")


def test_atomics_wrap_as_32_bits_do(model: Model) -> None:
    number = Atomic()
    number.exchange(0x7FFF_FFFF)
    assert number.add(1) == 0x7FFF_FFFF
    assert number.read() == -0x8000_0000
    assert number.subtract(1) == -0x8000_0000


def test_casts_keep_the_low_bits(model: Model) -> None:
    assert cast(i32, 0xFFFF_FFFF) == -1
    assert cast(u16, 0x1_0008) == 8


def test_a_local_has_an_address(model: Model) -> None:
    amount: Any = 5
    with unsafe("a test"):
        assert raw.InterlockedExchange(addr(amount), 7) == 5
    assert amount == 7


def test_a_lock_taken_twice_is_a_fault(model: Model) -> None:
    model.add_adapter(Tun)
    lock = Locked[Waiting]()
    with lock as waiting, pytest.raises(ModelFault, match="the thread that has it"), lock:
        assert len(waiting.nbls) == 0


def test_leaving_the_driver_under_a_spin_lock_is_a_fault(adapter: ModelAdapter, handle: Handle) -> None:
    read = handle.read(SMALLEST_READ)
    irp = adapter.object.reads.pop()
    with adapter.object.waiting, pytest.raises(ModelFault, match="IoCompleteRequest leaves the driver, and a spin lock is held"):
        irp.complete(0, 0)
    assert not read.done


def test_a_request_completed_twice_is_a_fault(adapter: ModelAdapter, handle: Handle) -> None:
    handle.read(SMALLEST_READ)
    irp = adapter.object.reads.pop()
    irp.complete(0, 0)
    with pytest.raises(ModelFault, match="completed twice"):
        irp.complete(0, 0)


def test_a_fault_in_the_drop_of_a_share_is_not_lost(adapter: ModelAdapter, handle: Handle) -> None:
    adapter.object.receive = lambda *arguments: adapter.object.waiting.__enter__()  # and nobody leaves
    with pytest.raises(ModelFault, match="IoCompleteRequest leaves the driver"):
        handle.write(bundle(ipv4(60)))


def test_an_adapter_with_packets_out_cannot_be_halted(adapter: ModelAdapter, handle: Handle) -> None:
    adapter.hold_returns()
    handle.write(bundle(ipv4(60)))
    with pytest.raises(ModelFault, match="still pausing"):
        adapter.halt()


def test_an_option_that_the_driver_lacks_is_refused() -> None:
    with Model(recieve="copy") as model, pytest.raises(ModelFault, match=r"no option recieve, only \['receive'\]"):
        model.add_adapter(Tun)


def test_without_a_model_the_message_says_where_a_driver_runs() -> None:
    with pytest.raises(raw.OnlyCompiled, match="sizeof is the compiler's to do; in CPython a driver runs in a Model"):
        sizeof(object)
