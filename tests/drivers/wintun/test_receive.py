from __future__ import annotations

import pytest

from pyndis.ddi import facts
from pyndis.host import Adapter, Handle, Host
from tests.drivers.wintun.counters import counted
from tests.drivers.wintun.traffic import received
from tests.host.packets import HEADER, MTU, bundle, ipv4, ipv6
from tests.host.statuses import Ndis, Nt

IPV4, IPV6 = 0x0800, 0x86DD
INDICATE = "NdisMIndicateReceiveNetBufferLists"
MIXED = [ipv4(20, 1), ipv6(40, 2), ipv4(1500, 3), ipv4(61, 4), ipv6(5000, 5), ipv4(33, 6)]

both = pytest.mark.parametrize("strategy", ["pend", "copy"])


def flag(name: str) -> int:
    value = facts().constant(name)
    assert value is not None
    return value


# -- NBLs


@pytest.mark.spec("W-43")
@both
def test_each_packet_is_an_nbl_of_its_own_with_protocol_and_flags(adapter: Adapter, handle: Handle) -> None:
    handle.write(bundle(*MIXED))
    packets = adapter.received
    assert len({each.nbl for each in packets}) == len(MIXED)
    both = flag("NDIS_NBL_FLAGS_IS_IPV4") | flag("NDIS_NBL_FLAGS_IS_IPV6")
    for each in packets:
        version = each.data[0] >> 4
        assert each.protocol == (IPV4 if version == 4 else IPV6)
        assert each.nbl_flags & both == flag(f"NDIS_NBL_FLAGS_IS_IPV{version}")


@pytest.mark.spec("W-43")
def test_the_stack_is_told_that_the_pages_are_the_writers(adapter: Adapter, handle: Handle) -> None:
    handle.write(bundle(*MIXED))
    read_only = flag("NDIS_NBL_FLAGS_RECV_READ_ONLY")
    assert all(each.nbl_flags & read_only for each in adapter.received)


@pytest.mark.spec("W-43", "W-23")
def test_packets_are_not_copied(host: Host, adapter: Adapter, handle: Handle) -> None:
    handle.write(bundle(*MIXED))
    host.calls(reset=True)
    handle.write(bundle(*MIXED))
    calls = host.calls()
    assert calls["IoBuildPartialMdl"].calls == len(MIXED)
    assert [name for name in calls if name.startswith(("ExAllocatePool", "NdisAllocateMemory", "NdisAllocateMdl"))] == []


@pytest.mark.spec("W-43")
def test_the_stack_sees_the_writers_own_bytes(host: Host, adapter: Adapter, handle: Handle) -> None:
    hold = host.hold_call(INDICATE, 1)
    write = handle.write(bundle(ipv4(60, 1)), wait=False)
    assert hold.reached
    write.poke(HEADER + 30, b"\xff")
    hold.release()
    assert received(adapter) == [ipv4(60, 1)[:30] + b"\xff" + ipv4(60, 1)[31:]]


@pytest.mark.spec("W-43")
@both
@pytest.mark.parametrize("alignment", [0, 1, 2047, 4064, 4080, 4095])
@pytest.mark.parametrize("size", [20, 4080, 4096, 4097, 8192, MTU])
def test_a_packet_may_cross_pages_anywhere(adapter: Adapter, handle: Handle, alignment: int, size: int) -> None:
    packets = [ipv4(size, 1), ipv4(21, 2), ipv4(size, 3)]
    handle.write(bundle(*packets), alignment=alignment)
    assert received(adapter) == packets


@pytest.mark.spec("W-43")
def test_nbls_and_their_mdls_are_used_again(host: Host, adapter: Adapter, handle: Handle) -> None:
    for n in range(50):
        packets = [ipv4(20 + 97 * n % 9000, n), ipv6(40 + 1031 * n % 9000, n)]
        assert handle.write(bundle(*packets), alignment=n * 131 % 4096).status == Nt.SUCCESS
        assert received(adapter)[-2:] == packets


# -- chains


@pytest.mark.spec("W-44")
@both
def test_there_is_one_chain_per_protocol_and_each_keeps_the_order(host: Host, adapter: Adapter, handle: Handle) -> None:
    host.calls(reset=True)
    handle.write(bundle(*MIXED))
    assert host.calls()[INDICATE].calls == 2
    for protocol, version in ((IPV4, 4), (IPV6, 6)):
        chain = [each for each in adapter.received if each.protocol == protocol]
        assert [each.data for each in chain] == [each for each in MIXED if each[0] >> 4 == version]
        assert len({each.call for each in chain}) == 1


@pytest.mark.spec("W-44")
@both
def test_the_stack_is_told_that_a_chain_has_one_protocol(adapter: Adapter, handle: Handle) -> None:
    handle.write(bundle(*MIXED))
    single = flag("NDIS_RECEIVE_FLAGS_SINGLE_ETHER_TYPE")
    assert all(each.flags & single for each in adapter.received)


@pytest.mark.spec("W-44")
@both
@pytest.mark.parametrize("packets", [[ipv4(20), ipv4(21)], [ipv6(40), ipv6(41)]])
def test_no_empty_chain_is_indicated(host: Host, adapter: Adapter, handle: Handle, packets: list[bytes]) -> None:
    host.calls(reset=True)
    handle.write(bundle(*packets))
    assert host.calls()[INDICATE].calls == 1
    assert received(adapter) == packets


@pytest.mark.spec("W-44")
@both
def test_order_is_kept_from_write_to_write(adapter: Adapter, handle: Handle) -> None:
    packets = [ipv4(20 + n % 77, n % 256) for n in range(300)]
    for n in range(0, 300, 7):
        handle.write(bundle(*packets[n : n + 7]))
    assert received(adapter) == packets


@pytest.mark.spec("W-33")
@both
def test_indications_come_at_the_callers_irql_so_no_lock_is_held(adapter: Adapter, handle: Handle) -> None:
    write = handle.write(bundle(*MIXED))
    assert {each.irql for each in adapter.received} == {0}
    assert write.irql == 0


# -- counters


@pytest.mark.spec("W-49")
@both
def test_packets_count_when_they_come_back(adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    handle.write(bundle(ipv4(100), ipv6(200), ipv4(300)))
    assert counted(adapter) == {}
    adapter.return_held(adapter.held[:1])
    assert counted(adapter)["ifHCInUcastPkts"] == 1
    adapter.return_held()
    assert counted(adapter) == {"ifHCInOctets": 600, "ifHCInUcastOctets": 600, "ifHCInUcastPkts": 3}


@pytest.mark.spec("W-49")
@both
def test_nbls_that_come_back_with_an_error_are_counted_as_errors(adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    write = handle.write(bundle(*[ipv4(100)] * 5))
    held = adapter.held
    adapter.return_held(held[:2], status=Ndis.RESOURCES)
    assert counted(adapter)["ifInErrors"] == 2
    adapter.return_held(held[2:])
    assert counted(adapter)["ifInErrors"] == 2
    assert write.status == Nt.SUCCESS


@pytest.mark.spec("W-49", "W-50")
def test_octets_are_those_of_the_nbl_whatever_its_memory_says_now(adapter: Adapter, handle: Handle) -> None:
    adapter.hold_returns()
    write = handle.write(bundle(ipv4(100), ipv4(200)))
    write.poke(0, b"\xff" * 100)
    adapter.return_held()
    assert (write.status, write.information) == (Nt.SUCCESS, len(bundle(ipv4(100), ipv4(200))))
    assert counted(adapter)["ifHCInOctets"] == 300
