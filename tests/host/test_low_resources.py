from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from pyndis.host import CommandRefused, Host, InitializeFailed, OpenRefused
from tests.host.packets import SMALLEST_READ, bundle, ipv4, ipv6
from tests.host.test_life import path_of

ARCHITECTURES = ("amd64", "x86", "arm64")


def scenario(host: Host) -> None:
    """Every way through the driver once; what fails for want of memory is left out."""
    with suppress(InitializeFailed, OpenRefused):
        adapter = host.add_adapter(luid_index=1)
        handle = host.open(path_of(1))
        adapter.hold_returns()
        handle.write(bundle(ipv4(), ipv6(), ipv4(5000)))
        adapter.return_held(order="reverse")
        adapter.send([ipv4(100), ipv6(200)])
        handle.read(SMALLEST_READ)
        adapter.pause()
        adapter.restart()
        adapter.halt()


def failed_calls(host: Host) -> int:
    return sum(each.failed for each in host.calls().values())


@pytest.mark.slow
def test_no_failing_allocation_breaks_a_rule(tun_image: Path) -> None:
    for n in range(1, 200):
        with Host(tun_image) as host:
            host.fail_allocation(n)
            scenario(host)
            if not failed_calls(host):
                break
    assert 10 < n < 199


def test_a_call_fails_as_often_as_it_was_told(host: Host) -> None:
    adapter = host.add_adapter(luid_index=1)
    handle = host.open(path_of(1))
    host.fail_call("IoAllocateMdl", 2, count=2)
    statuses = [handle.write(bundle(ipv4())).status == 0 for _ in range(5)]
    assert statuses == [True, False, False, True, True]
    assert host.calls()["IoAllocateMdl"].failed == 2
    assert len(adapter.received) == 3


def test_a_call_that_cannot_fail_is_refused(host: Host) -> None:
    with pytest.raises(CommandRefused):
        host.fail_call("KeReleaseSpinLock", 1)


def test_calls_are_counted(host: Host) -> None:
    host.add_adapter(luid_index=1)
    handle = host.open(path_of(1))
    host.calls(reset=True)
    handle.write(bundle(ipv4(), ipv4(), ipv6()))
    calls = host.calls()
    assert calls["IoAllocateMdl"].calls == 3
    assert calls["NdisMIndicateReceiveNetBufferLists"].calls == 2
    assert calls["IofCompleteRequest"].calls == 1


def test_exports_say_their_irql_and_whether_they_can_fail(host: Host) -> None:
    exports = {each.name: each for each in host.exports()}
    assert len(exports) > 100
    assert (exports["IoAllocateMdl"].highest_irql, exports["IoAllocateMdl"].can_fail) == (2, True)
    assert (exports["NdisMSleep"].highest_irql < 2, exports["NdisMSleep"].can_fail) == (True, False)
