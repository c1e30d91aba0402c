from __future__ import annotations

from pathlib import Path

import pytest

from pyndis.host import CommandRefused, Host
from tests.host.packets import SMALLEST_READ, bundle, ipv4
from tests.host.statuses import Ndis, Nt
from tests.host.test_life import path_of

ARCHITECTURES = ("amd64", "x86", "arm64")


def test_a_held_call_goes_on_when_it_is_released(host: Host) -> None:
    adapter = host.add_adapter(luid_index=1)
    hold = host.hold_call("IoAllocateMdl", 2)
    assert not hold.reached
    write = host.open(path_of(1)).write(bundle(ipv4(21), ipv4(22), ipv4(23)), wait=False)
    assert hold.reached
    assert (write.done, adapter.received) == (False, [])
    hold.release()
    assert write.status == Nt.SUCCESS
    assert len(adapter.received) == 3


def test_only_functions_of_the_kernel_can_be_held(host: Host) -> None:
    for name in ("NoSuchFunction", "IoFileObjectType"):
        with pytest.raises(CommandRefused):
            host.hold_call(name)


def test_a_misnamed_handle_is_found_by_its_own_value_the_next_time(host: Host) -> None:
    adapter = host.add_adapter(luid_index=1)
    handle = host.open(path_of(1))
    handle.misname(0x7FFF0)
    adapter.halt()
    assert handle.closed_by_force
    assert host.calls()["ZwQuerySystemInformation"].calls == 2


def test_what_an_adapter_declares_can_be_read(host: Host) -> None:
    declared = host.add_adapter(luid_index=1).declared
    assert set(declared) == {"characteristics", "registration", "general", "power", "oids"}
    assert declared["general"][16:20] == (61_424).to_bytes(4, "little")  # MtuSize
    assert len(declared["oids"]) % 4 == 0


def test_a_call_can_fail_in_driver_entry(tun_image: Path) -> None:
    with Host(tun_image, faults={"NdisMRegisterMiniportDriver": 1}) as host:
        assert host.driver_status == Ndis.RESOURCES


def test_a_sleep_can_wait_for_advance(tun_image: Path) -> None:
    with Host(tun_image, auto_advance=False) as host:
        adapter = host.add_adapter(luid_index=1)
        handle = host.open(path_of(1))
        handle.read(SMALLEST_READ)
        handle.misname(0x7FFF0)
        halt = adapter.halt(wait=False)
        assert not halt.done
        host.advance(0.1)
        halt.wait()
        assert handle.closed_by_force
