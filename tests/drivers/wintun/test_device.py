from __future__ import annotations

import re
from pathlib import Path

import pytest

from pyndis.host import Adapter, Handle, Host, OpenRefused
from tests.drivers.wintun.conftest import INDEX, path_of
from tests.host.packets import SMALLEST_READ, bundle, ipv4, unbundle
from tests.host.statuses import Nt

LARGEST_LUID_INDEX = 2**24 - 1  # 24 bits of a NET_LUID
OTHERS = {  # what a program, or a driver for it, can send to a device
    "QUERY_INFORMATION": 5,
    "SET_INFORMATION": 6,
    "QUERY_EA": 7,
    "SET_EA": 8,
    "FLUSH_BUFFERS": 9,
    "QUERY_VOLUME_INFORMATION": 10,
    "SET_VOLUME_INFORMATION": 11,
    "DIRECTORY_CONTROL": 12,
    "FILE_SYSTEM_CONTROL": 13,
    "LOCK_CONTROL": 17,
    "QUERY_SECURITY": 20,
    "SET_SECURITY": 21,
    "QUERY_QUOTA": 25,
    "SET_QUOTA": 26,
}


@pytest.mark.spec("W-01")
@pytest.mark.parametrize("index", [0, 1, 10, LARGEST_LUID_INDEX])
def test_device_and_link_end_in_the_luid_index_as_a_decimal_number(host: Host, index: int) -> None:
    host.add_adapter(luid_index=index)
    for name in (rf"\Device\WINTUN{index}", rf"\\.\WINTUN{index}"):
        host.open(name).close()


@pytest.mark.spec("W-01")
@pytest.mark.parametrize("name", ["WINTUN", "WINTUN8", "WINTUN07", "WINTUN70"])
def test_no_other_name_leads_to_the_device(host: Host, adapter: Adapter, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        host.open(rf"\\.\{name}")


@pytest.mark.spec("W-02")
@pytest.mark.parametrize("user", ["User", "Administrator"])
def test_nobody_but_the_system_may_open_it(host: Host, adapter: Adapter, user: str) -> None:
    with pytest.raises(PermissionError) as refused:
        host.process(user=user).open(path_of(INDEX))
    assert isinstance(refused.value, OpenRefused)
    assert refused.value.status == Nt.ACCESS_DENIED
    assert adapter.indications == []


@pytest.mark.spec("W-02")
def test_the_local_system_and_the_kernel_may(host: Host, adapter: Adapter) -> None:
    host.process(user="SYSTEM").open(path_of(INDEX))
    host.process(user="User").open(path_of(INDEX), kernel=True)


@pytest.mark.spec("W-03")
def test_requests_come_with_the_users_own_pages(host: Host, adapter: Adapter, handle: Handle) -> None:
    memory = handle.process.memory(SMALLEST_READ)
    read = handle.read(SMALLEST_READ, memory=memory)
    host.calls(reset=True)
    adapter.send([ipv4(50)])
    assert unbundle(read.data) == [ipv4(50)]
    assert unbundle(memory.read(0, read.information)) == [ipv4(50)]
    assert host.calls()["MmMapLockedPagesSpecifyCache"].calls == 1


@pytest.mark.spec("W-04")
def test_each_adapter_has_one_device_from_initialize_to_halt(host: Host) -> None:
    first, second = host.add_adapter(luid_index=1), host.add_adapter(luid_index=2)
    assert host.calls()["NdisRegisterDeviceEx"].calls == 2
    first.halt()
    assert host.calls()["NdisDeregisterDeviceEx"].calls == 1
    with pytest.raises(FileNotFoundError):
        host.open(path_of(1))
    host.open(path_of(2)).close()
    second.halt()
    assert host.calls()["NdisDeregisterDeviceEx"].calls == 2


@pytest.mark.spec("W-04")
def test_the_state_of_an_adapter_is_its_own(host: Host) -> None:
    first, second = host.add_adapter(luid_index=1), host.add_adapter(luid_index=2)
    one, two = host.open(path_of(1)), host.open(path_of(2))
    one.write(bundle(ipv4(21)))
    two.write(bundle(ipv4(22)))
    assert [[each.data for each in adapter.received] for adapter in (first, second)] == [[ipv4(21)], [ipv4(22)]]
    first.send([ipv4(31)])
    second.send([ipv4(32)])
    assert unbundle(two.read(SMALLEST_READ).data) == [ipv4(32)]
    assert unbundle(one.read(SMALLEST_READ).data) == [ipv4(31)]


@pytest.mark.spec("W-05")
def test_any_other_request_is_an_invalid_parameter(handle: Handle) -> None:
    requests = {name: handle.request(major) for name, major in OTHERS.items()}
    requests["DEVICE_CONTROL"] = handle.ioctl(0x80002000, b"abcd", 16)
    assert {name: each.status for name, each in requests.items()} == dict.fromkeys(requests, Nt.INVALID_PARAMETER)
    assert {each.information for each in requests.values()} == {0}


@pytest.mark.spec("W-05")
def test_every_dispatch_routine_answers_invalid_handle_where_there_is_no_extension(wintun_sys: Path) -> None:
    source = wintun_sys.parents[3] / "wintun.c"
    if not source.is_file():
        pytest.skip("the C of this image is not at hand")
    routines = re.findall(
        r"^(Dispatch\w+)\(PDEVICE_OBJECT DeviceObject, PIRP Irp\)\n{(.*?)^}", source.read_text("utf-8"), re.M | re.S
    )
    assert {name.removeprefix("Dispatch") for name, _ in routines} == {"Create", "Close", "Cleanup", "Read", "Write", "Other"}
    for name, body in routines:  # no test can bring it about: W-66 leaves no request behind
        assert re.search(r"== NULL\)\s+return DispatchAnswer\(Irp, STATUS_INVALID_HANDLE\);", body), name


@pytest.mark.spec("W-06")
@pytest.mark.parametrize("rest", ["\\", "\\file", "\\a\\b"])
def test_a_file_name_behind_the_device_is_refused(host: Host, adapter: Adapter, rest: str) -> None:
    with pytest.raises(OpenRefused) as refused:
        host.open(path_of(INDEX) + rest)
    assert refused.value.status == Nt.OBJECT_NAME_INVALID
    assert adapter.indications == []


@pytest.mark.spec("W-06")
def test_many_handles_in_many_processes(host: Host, adapter: Adapter) -> None:
    one, two = host.process(), host.process(bits=32)
    handles = [process.open(path_of(INDEX)) for process in (one, one, two, two)]
    reads = [handle.read(SMALLEST_READ) for handle in handles]
    for n in range(4):
        adapter.send([ipv4(40 + n)])
    assert [unbundle(each.data) for each in reads] == [[ipv4(40 + n)] for n in range(4)]
    assert [handle.write(bundle(ipv4())).status for handle in handles] == [Nt.SUCCESS] * 4
