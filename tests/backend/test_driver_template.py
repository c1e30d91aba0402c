from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyndis import resources
from pyndis.backend import render_unit, verify_unit
from pyndis.backend.driver import TEMPLATE, driver_context, own_functions
from pyndis.backend.faults import InternalFault
from pyndis.host import Adapter, Host, InitializeFailed
from pyndis.ir.plan import OidAnswer, Plan
from pyndis.toolchains import find, plan_image, run_plan
from tests.backend.miniport import NEWEST, OLDEST, plan, program
from tests.host.statuses import Ndis, Nt, oid
from tests.kept import alone, kept

TRIPLES = ["x86_64-pc-windows-msvc", "i386-pc-windows-msvc", "aarch64-pc-windows-msvc"]
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused", "-Wframe-larger-than=1024"]
INVALID_PARAMETER = 0xC000000D
STATISTICS_SIZE = 152
DEVICE = "PYNDISTEST"


def rendered(of: Plan) -> str:
    context = driver_context(of, source="drivers/tun", device=DEVICE, pool_tag="Abcd", version=(3, 4, 5, 6))
    return render_unit(program(), template=TEMPLATE, context=context)


def defines(of: Plan) -> dict[str, str]:
    versions = {f"NDIS{major}{minor:02}_MINIPORT": "1" for major, minor in of.ndis.values()}
    return {"NDIS_MINIPORT_DRIVER": "1", **versions}


def clang(text: str, of: Plan, *arguments: str) -> str:
    macros = [f"-D{name}={value}" for name, value in defines(of).items()]
    command = [
        *find().tool("clang"),
        "-std=c11",
        "-fms-extensions",
        "-nostdinc",
        "-isystem",
        str(resources.toolchain() / "include"),
    ]
    done = subprocess.run(
        [*command, *macros, *arguments, "-x", "c", "-"], input=text, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def body(text: str, function: str) -> str:
    found = re.search(rf"^{function}\(.*?^}}", text, re.MULTILINE | re.DOTALL)
    assert found, function
    return found.group()


@pytest.mark.parametrize("triple", TRIPLES)
@pytest.mark.parametrize("versions", [(OLDEST, NEWEST), ((6, 20), (6, 20)), ((6, 30), (6, 80))])
def test_a_compiler_takes_it_without_a_warning(
    triple: str, versions: tuple[tuple[int, int], tuple[int, int]], tmp_path: Path
) -> None:
    of = plan(*versions)
    clang(rendered(of), of, "-target", triple, *WARNINGS, "-O2", "-c", "-o", str(tmp_path / "tun.obj"))
    assert b"INIT" in (tmp_path / "tun.obj").read_bytes()


def test_it_defines_what_it_says_and_calls_only_what_is_declared() -> None:
    of = plan()
    verify_unit(
        program(),
        rendered(of),
        lambda text: clang(text, of, "-target", TRIPLES[0], "-E", "-P", "-DPYNDIS_PARSE"),
        own_functions(of),
    )


def test_a_driver_without_hooks_and_sets_compiles_too(tmp_path: Path) -> None:
    of = plan()
    of.hooks, of.sets, of.answers, of.removal = {}, [], [], ""
    clang(rendered(of), of, "-target", TRIPLES[0], *WARNINGS, "-fsyntax-only")


def test_no_line_is_longer_than_130_columns() -> None:
    assert max(map(len, rendered(plan()).splitlines())) <= 130


def test_fields_are_made_in_order_and_unmade_in_reverse() -> None:
    text = rendered(plan())
    start, undo = body(text, "MiniportInitializeEx").split("UnmakeRemoval:")
    made = re.findall(r"Tun->(\w+)\.(?:Lock\)|Limit = )|PartMake\(&Tun->(\w+)\)", start)
    assert ["".join(each) for each in made] == ["Removal", "Waiting", "Lent", "Handles", "Last"]
    assert re.findall(r"(\w+)\(", undo) == ["PartUnmake", "NdisDeregisterDeviceEx"]
    assert re.findall(r"PartUnmake\(&Tun->(\w+)\)", body(text, "MiniportHaltEx")) == ["Last", "Removal"]


def test_halting_takes_the_steps_in_their_order() -> None:
    calls = re.findall(r"^    (\w+)\(", body(rendered(plan()), "MiniportHaltEx"), re.MULTILINE)
    steps = [
        "ControlDeviceRefuse",
        "TunRemove",
        "TunHalt",
        "ControlDeviceDrain",
        "PartUnmake",
        "PartUnmake",
        "NdisDeregisterDeviceEx",
    ]
    assert calls == ["UNREFERENCED_PARAMETER", *steps]


def test_nobody_takes_over_what_the_framework_answers() -> None:
    of = plan()
    of.answers.append(OidAnswer("OID_GEN_RCV_OK", 0))
    with pytest.raises(InternalFault, match="OID_GEN_RCV_OK has two answers"):
        rendered(of)


def test_an_ndis_of_which_nothing_is_known_is_a_fault() -> None:
    with pytest.raises(InternalFault, match=r"the headers that NDIS 6\.1 wants are not known"):
        rendered(plan(oldest=(6, 1)))


# ---- in the host


@pytest.fixture(scope="module")
def image() -> Path:
    of = plan()
    with alone(kept("backend", "miniport")) as out:
        source = out / "miniport.c"
        source.write_text(rendered(of))
        made = plan_image(
            find(),
            name="miniport",
            sources=[source],
            resource=None,
            include=(resources.toolchain() / "include",),
            defines=defines(of),
            arch="amd64",
            config="Release",
            out=out,
        )
        run_plan(made)
    return out / "miniport.sys"


@pytest.fixture
def host(image: Path) -> Iterator[Host]:
    with Host(image) as host:
        yield host


@pytest.fixture
def adapter(host: Host) -> Adapter:
    return host.add_adapter(luid_index=16_777_215)


@pytest.mark.parametrize(("os", "ndis"), [("win7", (6, 20)), ("win8", (6, 30)), ("win81", (6, 40)), ("win10", (6, 83))])
def test_every_header_is_what_the_system_wants(image: Path, os: str, ndis: tuple[int, int]) -> None:
    with Host(image, os=os, ndis=ndis) as host:  # type: ignore[arg-type]
        adapter = host.add_adapter(luid_index=1)
        assert adapter.attributes["mtu"] == "1400"
        assert adapter.link.life == "running"


def test_an_older_ndis_is_refused(image: Path) -> None:
    with Host(image, os="win7", ndis=(6, 1)) as host:
        assert host.driver_status == Ndis.UNSUPPORTED_REVISION


@pytest.mark.parametrize("call", ["NdisRegisterDeviceEx", "NdisMSetMiniportAttributes", "NdisAllocateIoWorkItem"])
@pytest.mark.parametrize("number", [1, 2])
def test_what_a_failed_initialize_made_is_taken_down(host: Host, call: str, number: int) -> None:
    host.fail_call(call, number)
    if (call, number) == ("NdisRegisterDeviceEx", 2):
        host.add_adapter(luid_index=1)
    with pytest.raises(InitializeFailed):
        host.add_adapter(luid_index=2)
    host.add_adapter(luid_index=2)


def test_the_device_is_named_after_the_adapters_number(host: Host, adapter: Adapter) -> None:
    host.open(rf"\\.\{DEVICE}16777215").close()
    with pytest.raises(PermissionError):
        host.process(user="Administrator").open(rf"\\.\{DEVICE}16777215")


def test_a_name_below_the_device_is_invalid(host: Host, adapter: Adapter) -> None:
    with pytest.raises(OSError, match=f"{Nt.OBJECT_NAME_INVALID:08x}|name"):
        host.open(rf"\\.\{DEVICE}16777215\file")


def test_other_requests_have_an_invalid_parameter(host: Host, adapter: Adapter) -> None:
    assert host.open(rf"\\.\{DEVICE}16777215").ioctl(0x22_2000, b"", 0).status == Nt.INVALID_PARAMETER


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("GEN_MAXIMUM_TOTAL_SIZE", (1400).to_bytes(4, "little")),
        ("GEN_VENDOR_ID", b"\xff\xff\xff\0"),
        ("GEN_VENDOR_DESCRIPTION", b"Tunnel\0"),
        ("GEN_VENDOR_DRIVER_VERSION", (3 << 16 | 4).to_bytes(4, "little")),
    ],
)
def test_a_query_is_answered_whole_or_not_at_all(adapter: Adapter, name: str, data: bytes) -> None:
    for length in range(len(data) + 2):
        answer = adapter.oid(query=oid(name), length=length)
        if length < len(data):
            assert (answer.status, answer.written, answer.needed) == (Ndis.BUFFER_TOO_SHORT, 0, len(data))
        else:
            assert (answer.status, answer.data) == (Ndis.SUCCESS, data)


@pytest.mark.parametrize("name", ["GEN_XMIT_OK", "GEN_RCV_OK"])
def test_a_counter_fits_into_four_bytes_and_says_that_it_has_eight(adapter: Adapter, name: str) -> None:
    answers = [adapter.oid(query=oid(name), length=length) for length in (0, 3, 4, 7, 8, 9)]
    assert [each.written for each in answers] == [0, 0, 4, 4, 8, 8]
    assert {each.needed for each in answers} == {8}
    assert [each.status for each in answers] == [Ndis.BUFFER_TOO_SHORT] * 2 + [Ndis.SUCCESS] * 4


def test_statistics_name_all_that_is_counted(adapter: Adapter) -> None:
    answer = adapter.oid(query=oid("GEN_STATISTICS"), length=STATISTICS_SIZE)
    assert answer.data[:8] == b"\x80\x01\x98\x00\xff\x87\x3f\x00"
    assert adapter.oid(statistics=oid("GEN_STATISTICS"), length=STATISTICS_SIZE - 1).status == Ndis.BUFFER_TOO_SHORT


def test_interrupt_moderation_is_not_supported(adapter: Adapter) -> None:
    assert adapter.oid(query=oid("GEN_INTERRUPT_MODERATION"), length=12).data == bytes.fromhex("80010c00 00000000 01000000")
    assert adapter.oid(set=oid("GEN_INTERRUPT_MODERATION"), data=bytes(12)).status == Ndis.INVALID_DATA


def test_a_number_is_set_by_exactly_four_bytes(adapter: Adapter) -> None:
    for length in (0, 3, 5):
        answer = adapter.oid(set=oid("GEN_CURRENT_PACKET_FILTER"), data=bytes(length))
        assert (answer.status, answer.needed, answer.read) == (Ndis.INVALID_LENGTH, 4, 0)
    answer = adapter.oid(set=oid("GEN_CURRENT_PACKET_FILTER"), data=bytes(4))
    assert (answer.status, answer.read) == (Ndis.SUCCESS, 4)


@pytest.mark.parametrize("revision", [1, 2])
def test_power_management_may_enable_nothing(adapter: Adapter, revision: int) -> None:
    size = {1: 16, 2: 20}[revision]
    header = bytes((0x80, revision, size, 0))
    answer = adapter.oid(set=oid("PM_PARAMETERS"), data=header + bytes(size - 4))
    assert (answer.status, answer.read) == (Ndis.SUCCESS, size)
    for place in range(4, size, 4):
        enabled = bytearray(header + bytes(size - 4))
        enabled[place] = 1
        assert adapter.oid(set=oid("PM_PARAMETERS"), data=bytes(enabled)).status == INVALID_PARAMETER
    assert adapter.oid(set=oid("PM_PARAMETERS"), data=header).status == Ndis.INVALID_LENGTH


def test_power_has_one_of_four_states(adapter: Adapter) -> None:
    assert adapter.oid(query=oid("PNP_QUERY_POWER"), data=(4).to_bytes(4, "little")).status == Ndis.SUCCESS
    for state in (1, 2, 3, 4, 1):
        assert adapter.oid(set=oid("PNP_SET_POWER"), data=state.to_bytes(4, "little")).status == Ndis.SUCCESS
    for data in (b"", bytes(4), (5).to_bytes(4, "little"), bytes(8)):
        assert adapter.oid(set=oid("PNP_SET_POWER"), data=data).status == Ndis.NOT_ACCEPTED


def test_a_known_oid_of_the_wrong_kind_is_not_supported(adapter: Adapter) -> None:
    assert adapter.oid(set=oid("GEN_STATISTICS"), data=bytes(STATISTICS_SIZE)).status == Ndis.NOT_SUPPORTED
    assert adapter.oid(query=oid("GEN_LINK_PARAMETERS"), length=32).status == Ndis.NOT_SUPPORTED
    assert adapter.oid(method=oid("GEN_XMIT_OK"), out=8).status == Ndis.INVALID_OID
