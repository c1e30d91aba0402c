"""The image runtime at work: the memory functions in a process, all of it inside images in an emulator."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis import resources
from pyndis.toolchains import Plan, Zig, run_plan

from .conftest import ARCHITECTURES, DATA
from .emulation import MEMORY, Emulated

RUNTIME = resources.toolchain() / "runtime"
LINUX = {
    "amd64": ("x86_64-linux-musl", "elf_x86_64", ()),
    "x86": ("i686-linux-musl", "elf_i386", ("-mno-80387", "-mno-mmx", "-mno-sse", "-mstackrealign")),
    "arm64": ("aarch64-linux-musl", "aarch64linux", ()),
}
DEFAULT_COOKIE = {"amd64": 0x2B992DDFA232, "x86": 0xBB40E64E, "arm64": 0x2B992DDFA232}


@pytest.fixture(scope="module", params=ARCHITECTURES)
def image(request: pytest.FixtureRequest, plan: Callable[..., Plan], tmp_path_factory: pytest.TempPathFactory) -> Plan:
    made = plan(tmp_path_factory.mktemp(request.param), request.param)
    run_plan(made)
    return made


@pytest.fixture
def machine(image: Plan) -> Emulated:
    return Emulated(image.name.split()[1], image.out / "driver.sys")


def cookie(machine: Emulated) -> int:
    return machine.read(machine.symbols["__security_cookie"])


def test_the_entry_replaces_a_default_cookie_before_the_driver_runs(machine: Emulated) -> None:
    assert cookie(machine) == DEFAULT_COOKIE[machine.arch]
    machine.call("GsDriverEntry", MEMORY, MEMORY + 0x100)
    assert machine.ended == "KeGetCurrentIrql"  # the first that DriverEntry calls
    assert cookie(machine) not in (0, DEFAULT_COOKIE[machine.arch])
    assert cookie(machine) >> 48 == 0


def test_the_driver_gets_what_windows_passed(machine: Emulated) -> None:
    machine.call("GsDriverEntry", MEMORY, MEMORY + 0x100)
    assert machine.read(MEMORY + 2 * machine.width) == machine.symbols["unload"]


def test_a_cookie_that_the_loader_chose_is_kept(machine: Emulated) -> None:
    machine.write(machine.symbols["__security_cookie"], 0x1234)
    machine.call("GsDriverEntry", MEMORY, MEMORY + 0x100)
    assert cookie(machine) == 0x1234


def test_two_loads_differ_in_their_cookies(image: Plan) -> None:
    seen = set()
    for _ in range(2):
        machine = Emulated(image.name.split()[1], image.out / "driver.sys")
        machine.call("GsDriverEntry", MEMORY, MEMORY + 0x100)
        seen.add(cookie(machine))
    assert len(seen) == 2


def test_an_intact_cookie_passes(machine: Emulated) -> None:
    machine.call("__security_check_cookie", cookie(machine), convention="fastcall")
    assert machine.ended == "returned"


def test_an_overwritten_cookie_ends_the_system(machine: Emulated) -> None:
    found, wanted = 0x41414141, cookie(machine)
    machine.call("__security_check_cookie", found, convention="fastcall")
    if machine.arch == "arm64":
        assert machine.ended == "trapped"
    else:
        assert machine.ended == "KeBugCheckEx"
        complement = wanted ^ (2 ** (8 * machine.width) - 1)
        assert machine.import_arguments(5) == [0xF7, found, wanted, complement, 0]


def test_calls_through_pointers_ask_the_guard(machine: Emulated) -> None:
    pointer = "__guard_dispatch_icall_fptr" if machine.arch == "amd64" else "__guard_check_icall_fptr"
    machine.write(machine.symbols[pointer], machine.read(machine.imports[0].address))
    machine.call("paged", MEMORY)
    assert machine.ended == machine.imports[0].name.decode()


def test_without_a_guard_calls_through_pointers_arrive(machine: Emulated) -> None:
    machine.write(machine.symbols["callback"], machine.symbols["unload"])
    machine.call("paged", MEMORY)
    assert machine.ended == "IofCompleteRequest"  # which unload calls


@pytest.mark.parametrize(("count", "ended"), [(64, {"returned"}), (0x70, {"KeBugCheckEx", "trapped"})])
def test_an_overrun_in_a_driver_function_is_noticed(machine: Emulated, count: int, ended: set[str]) -> None:
    machine.passing = {"DbgPrint": 0, "_aulldiv": 16, "_aullrem": 16}
    machine.cpu.mem_write(MEMORY, b"A" * count)
    machine.call("guarded", MEMORY, count)
    assert machine.ended in ended


@pytest.mark.parametrize(
    "count", [0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 4099]
)
def test_copies_in_the_image_are_exact(machine: Emulated, count: int) -> None:
    block = bytes((at * 7 + at // 251) % 256 for at in range(5000))
    for to, source in ((3, 100), (100, 3), (17, 16), (16, 17)):
        machine.cpu.mem_write(MEMORY, block)
        assert machine.call("memmove", MEMORY + to, MEMORY + source, count) == MEMORY + to
        wanted = bytearray(block)
        wanted[to : to + count] = block[source : source + count]
        assert bytes(machine.cpu.mem_read(MEMORY, len(wanted))) == bytes(wanted)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_memory_functions_do_what_their_names_say(zig: Zig, tmp_path: Path, arch: str) -> None:
    triple, emulation, flags = LINUX[arch]
    options = ("-target", triple, "-std=c11", "-nostdinc", "-isystem", str(zig.headers), "-O2", "-ffreestanding", "-fno-builtin")
    objects = []
    for source in (RUNTIME / "memory.c", DATA / "memory_check.c"):
        objects.append(str(tmp_path / f"{source.stem}.o"))
        subprocess.run([*zig.tool("clang"), *options, *flags, "-c", source, "-o", objects[-1]], check=True)
    program = tmp_path / "check"
    subprocess.run([*zig.tool("ld.lld"), "-m", emulation, "-e", "start", "-o", program, *objects], check=True)
    assert subprocess.run([*emulator(arch), program], timeout=120, check=False).returncode == 0


def emulator(arch: str) -> list[str]:
    """What runs a Linux program of `arch` here."""
    if sys.platform != "linux":
        pytest.skip("the check is a Linux program")
    is_arm = platform.machine().lower() in ("aarch64", "arm64")
    if (arch == "arm64") == is_arm:
        return []
    name = {"amd64": "qemu-x86_64", "x86": "qemu-i386", "arm64": "qemu-aarch64"}[arch]
    path = shutil.which(name) or shutil.which(f"{name}-static")
    return [path] if path else pytest.skip(f"{name} is not here")
