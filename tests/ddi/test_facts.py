import subprocess
import sys

import pytest

from pyndis.ddi import facts
from pyndis.ddi.facts import read, undecorated

PASSIVE, APC, DISPATCH, HIGH = 0, 1, 2, 15


def test_facts_are_shared_and_cached() -> None:
    assert facts() is facts()
    assert facts().function("IoAllocateMdl") is facts().function("IoAllocateMdl")


def test_importing_reads_no_data() -> None:
    program = "import sys, pyndis.ddi; f = pyndis.ddi.facts(); print(sorted(set(vars(f))))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "['_callbacks', '_functions']"


def test_unknown_names_give_none() -> None:
    known = facts()
    assert known.function("NdisNoSuchThing") is None
    assert known.callback("NO_SUCH_ROLE") is None
    assert known.struct("NO_SUCH_STRUCT") is None
    assert known.constant("NO_SUCH_CONSTANT") is None
    assert known.enum_members("NO_SUCH_ENUM") is None
    assert known.scalar("NO_SUCH_TYPE") is None
    assert known.guid("NO_SUCH_GUID") is None


def test_parameters_have_directions_and_options() -> None:
    function = facts().function("IoCsqInsertIrpEx")
    assert function is not None
    assert [(p.name, p.type, p.direction, p.optional) for p in function.params] == [
        ("Csq", "PIO_CSQ", "inout", False),
        ("Irp", "PIRP", "inout", False),
        ("Context", "PIO_CSQ_IRP_CONTEXT", "out", True),
        ("InsertContext", "PVOID", "in", True),
    ]
    assert function.ret == "NTSTATUS"


@pytest.mark.parametrize(
    ("name", "requires", "most"),
    [
        ("NdisMRegisterMiniportDriver", PASSIVE, None),
        ("NdisDeregisterDeviceEx", PASSIVE, None),
        ("ZwClose", None, PASSIVE),
        ("ZwQuerySystemInformation", PASSIVE, None),
        ("NdisMSleep", None, APC),
        ("KeStackAttachProcess", None, APC),
        ("ExWaitForRundownProtectionRelease", None, APC),
        ("IofCompleteRequest", None, DISPATCH),
        ("IoCsqRemoveNextIrp", None, DISPATCH),
        ("NdisMSendNetBufferListsComplete", None, DISPATCH),
        ("NdisReleaseSpinLock", DISPATCH, None),
        ("KeReleaseSpinLock", DISPATCH, None),
        ("NdisGetSystemUpTimeEx", None, HIGH),
        ("InterlockedIncrement", None, HIGH),
        ("InterlockedAdd64", None, HIGH),
        ("ObReferenceObjectWithTag", None, DISPATCH),
        ("ReadNoFence64", None, HIGH),
    ],
)
def test_irqls(name: str, requires: int | None, most: int | None) -> None:
    function = facts().function(name)
    assert function is not None
    assert (function.irql_requires, function.irql_max) == (requires, most)


def test_a_limit_that_depends_on_arguments_is_the_strictest_and_lists_all() -> None:
    function = facts().function("KeSetEvent")
    assert function is not None
    assert function.irql_max == APC
    assert {(rule.level, rule.when) for rule in function.irql_when} == {(DISPATCH, "Wait==0"), (APC, "Wait==1")}


def test_locks_raise_and_restore() -> None:
    acquire, release = facts().function("KeAcquireSpinLock"), facts().function("KeReleaseSpinLock")
    mutex = facts().function("ExAcquireFastMutex")
    assert acquire is not None and release is not None and mutex is not None
    assert (acquire.raises_irql, release.restores_irql, mutex.raises_irql) == (DISPATCH, True, APC)
    assert not acquire.restores_irql


@pytest.mark.parametrize(
    "name",
    [
        "IoCompleteRequest",
        "IoCsqInsertIrp",
        "IoCsqInsertIrpEx",
        "IofCompleteRequest",
        "NdisMIndicateReceiveNetBufferLists",
        "NdisMIndicateStatusEx",
        "NdisMOidRequestComplete",
        "NdisMPauseComplete",
        "NdisMRestartComplete",
        "NdisMSendNetBufferListsComplete",
    ],
)
def test_calls_that_run_other_code_say_so(name: str) -> None:
    function = facts().function(name)
    assert function is not None and function.calls_out


@pytest.mark.parametrize("name", ["KeAcquireSpinLock", "IoAllocateMdl", "NdisSetTimerObject", "KeSetEvent", "IoMarkIrpPending"])
def test_calls_that_run_nothing_else_do_not(name: str) -> None:
    function = facts().function(name)
    assert function is not None and not function.calls_out


def test_every_name_in_the_irql_table_is_a_known_call() -> None:
    groups = read("irql")
    names = [*groups["any"], *groups["restores"], *groups["calls_out"]]
    names += [name for kind in ("requires", "max", "raises") for listed in groups[kind].values() for name in listed]
    assert [name for name in names if facts().raw_function(name) is None] == []


def test_no_call_is_in_two_irql_groups() -> None:
    groups = read("irql")
    names = [name for kind in ("requires", "max") for listed in groups[kind].values() for name in listed] + groups["any"]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_a_renaming_macro_has_the_facts_of_the_call() -> None:
    macro, call = facts().function("ObReferenceObjectWithTag"), facts().function("ObfReferenceObjectWithTag")
    assert macro is not None and call is not None
    assert macro.params == call.params
    assert (macro.macro, macro.module, call.module) == (True, None, "ntoskrnl.exe")


def test_modules_differ_by_architecture() -> None:
    def module(name: str, arch: str) -> str | None:
        function = facts().function(name, arch)
        return None if function is None else function.module

    assert module("KeGetCurrentIrql", "amd64") == "ntoskrnl.exe"
    assert module("KeGetCurrentIrql", "x86") == "hal.dll"
    assert module("KfAcquireSpinLock", "x86") == "hal.dll"
    assert module("KfAcquireSpinLock", "amd64") is None
    assert module("NdisAllocateNetBufferList", "arm64") == "ndis.sys"
    assert module("ExAllocatePool2", "amd64") == "ntoskrnl.exe"
    assert module("IoCompleteRequest", "amd64") is None


def test_arm64_imports_leave_out_what_it_lacks() -> None:
    kernel = facts().imports("arm64")["ntoskrnl.exe"] | facts().imports("arm64")["hal.dll"]
    assert {"KfRaiseIrql", "KfLowerIrql", "IofCompleteRequest"} <= kernel
    assert "KeLowerIrql" not in kernel


def test_linker_names_are_those_of_the_x86_import_lists() -> None:
    listed = [name for names in read("imports")["i386"].values() for name in names]
    known = [(name, facts().linker_name(undecorated(name))) for name in listed]
    assert [pair for pair in known if pair[1] is not None and pair[0] != pair[1]] == []
    assert facts().linker_name("IofCompleteRequest") == "@IofCompleteRequest@8"
    assert facts().linker_name("DbgPrint") == "DbgPrint"


def test_layouts_differ_by_architecture_and_version() -> None:
    sizes = {(arch, ndis): facts().struct("NET_BUFFER_LIST", arch, ndis) for arch in ("amd64", "x86") for ndis in ("620", "680")}
    found = {key: struct.size for key, struct in sizes.items() if struct is not None}
    assert found == {("amd64", "620"): 288, ("amd64", "680"): 368, ("x86", "620"): 152, ("x86", "680"): 176}


def test_struct_fields_have_dotted_names() -> None:
    irp = facts().struct("IRP")
    assert irp is not None
    assert irp.fields["Tail.Overlay.DriverContext"] == (120, 32, "PVOID[4]")
    assert (irp.tag, irp.kind, irp.align) == ("_IRP", "struct", 16)


def test_other_names_of_a_struct_find_it() -> None:
    luid = facts().struct("NET_LUID")
    assert luid is not None and luid.name == "NET_LUID_LH"
    assert luid.bits["Info.NetLuidIndex"] == (24, 24)


def test_supplemented_structs_are_laid_out() -> None:
    wide, narrow = (facts().struct("SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX", arch) for arch in ("amd64", "x86"))
    assert wide is not None and narrow is not None
    assert (wide.size, narrow.size) == (40, 28)
    assert wide.fields["HandleValue"][:2] == (16, 8)
    table = facts().struct("SYSTEM_HANDLE_INFORMATION_EX", "x86")
    assert table is not None and table.fields["Handles"][:2] == (8, 0)


def test_constants_follow_architecture_and_version() -> None:
    known = facts()
    assert known.constant("STATUS_INVALID_PARAMETER") == 0xC000000D - (1 << 32)
    assert known.constant("NDIS_STATUS_PAUSED") == 0xC023002A - (1 << 32)
    assert (known.constant("HIGH_LEVEL"), known.constant("HIGH_LEVEL", "x86")) == (15, 31)
    assert known.constant("NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2", "x86") == 204
    assert known.constant("SystemExtendedHandleInformation") == 64
    assert known.constant("NDIS_PM_CAPABILITIES_REVISION_2", ndis="620") is None
    assert known.constant("NDIS_PM_CAPABILITIES_REVISION_2", ndis="630") == 2


def test_enums_by_typedef_or_tag() -> None:
    pool = facts().enum_members("POOL_TYPE")
    assert pool is not None and pool["NonPagedPoolNx"] == 512
    assert facts().enum_members("_POOL_TYPE") == pool
    assert facts().enum_members("NDIS_REQUEST_TYPE", ndis="620") is not None


def test_callbacks_name_their_role() -> None:
    role = facts().callback("MINIPORT_INITIALIZE")
    assert role is not None
    assert (role.role, role.irql_requires, role.ret) == ("MINIPORT_INITIALIZE", PASSIVE, "NDIS_STATUS")
    cancel = facts().callback("PDRIVER_CANCEL")
    assert cancel is not None and cancel.name == "DRIVER_CANCEL"


def test_guids() -> None:
    assert facts().guid("GUID_TARGET_DEVICE_QUERY_REMOVE") == "cb3a4006-46f0-11d0-b08f-00609713053f"
