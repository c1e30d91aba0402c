from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis import resources
from pyndis.diagnostics import ToolFailure
from pyndis.toolchains import Plan, Step, Zig
from pyndis.toolchains import plan_image as planned

from .conftest import ARCHITECTURES, DATA

OUT = Path("/nowhere")
RUNTIME = resources.toolchain() / "runtime"


def step(plan: Plan, output: str) -> Step:
    return next(each for each in plan.steps if output in each.outputs)


def words(plan: Plan, output: str) -> str:
    return " ".join(step(plan, output).argv[1:])


def test_the_driver_is_compiled_for_x64(plan: Callable[..., Plan], zig: Zig) -> None:
    made = plan(OUT, include=[Path("/headers")], defines={"NDIS_MINIPORT": "", "LEVEL": "3"})
    assert words(made, "driver.obj") == (
        f"clang -target x86_64-pc-windows-msvc -std=c11 -nostdinc -isystem /headers -isystem {zig.headers} "
        "-DNDIS_MINIPORT -DLEVEL=3 -march=x86-64 "
        "-fms-extensions -fno-strict-aliasing -fno-delete-null-pointer-checks -fasynchronous-unwind-tables "
        "-fno-builtin-strlen -fno-builtin-wcslen -ffunction-sections -fdata-sections -Xclang -fms-kernel -Xclang -cfguard "
        "-fstack-protector-strong -g -gcodeview -gno-codeview-command-line -fdebug-compilation-dir=. "
        "-Wall -Wextra -Werror -Wframe-larger-than=1024 -O2 "
        f"-ffile-prefix-map={DATA}=. -ffile-prefix-map=/headers=include -ffile-prefix-map={zig.library}=clang "
        f"-c {DATA}/driver.c -o driver.obj"
    )


def test_the_runtime_is_compiled_without_the_drivers_macros_and_cookies(plan: Callable[..., Plan], zig: Zig) -> None:
    made = plan(OUT, config="Debug", include=[Path("/headers")], defines={"LEVEL": "3"})
    assert words(made, "runtime-memory.obj") == (
        f"clang -target x86_64-pc-windows-msvc -std=c11 -nostdinc -isystem {zig.headers} -march=x86-64 "
        "-fms-extensions -fno-strict-aliasing -fno-delete-null-pointer-checks -fasynchronous-unwind-tables "
        "-fno-builtin-strlen -fno-builtin-wcslen -ffunction-sections -fdata-sections -Xclang -fms-kernel -Xclang -cfguard "
        "-ffreestanding -fno-builtin -fno-stack-protector -fno-unroll-loops "
        "-g -gcodeview -gno-codeview-command-line -fdebug-compilation-dir=. "
        "-Wall -Wextra -Werror -Wframe-larger-than=1024 -O2 "
        f"-ffile-prefix-map={RUNTIME}=. -ffile-prefix-map={zig.library}=clang "
        f"-c {RUNTIME}/memory.c -o runtime-memory.obj"
    )


def test_debug_defines_dbg(plan: Callable[..., Plan]) -> None:
    assert " -Og -DDBG=1 " in words(plan(OUT, config="Debug"), "driver.obj")
    assert "DBG" not in words(plan(OUT), "driver.obj")


def test_x86_keeps_off_the_floating_point_registers(plan: Callable[..., Plan]) -> None:
    made = words(plan(OUT, "x86"), "driver.obj")
    assert "-target i686-pc-windows-msvc" in made
    assert "-march=i686 -mno-80387 -mno-mmx -mno-sse -fno-omit-frame-pointer" in made


def test_arm64_calls_no_library_for_atomics(plan: Callable[..., Plan]) -> None:
    made = words(plan(OUT, "arm64"), "driver.obj")
    assert "-target aarch64-pc-windows-msvc" in made
    assert "-march=armv8-a -mno-outline-atomics" in made


@pytest.mark.parametrize(
    ("arch", "special"),
    [
        ("amd64", "/machine:x64 /driver /nodefaultlib /entry:GsDriverEntry /subsystem:native,6.01"),
        ("x86", "/machine:x86 /driver /nodefaultlib /entry:GsDriverEntry@8 /subsystem:native,6.01"),
        ("arm64", "/machine:arm64 /driver /nodefaultlib /entry:GsDriverEntry /subsystem:native,10.00"),
    ],
)
def test_the_image_is_linked(plan: Callable[..., Plan], arch: str, special: str) -> None:
    libraries = "ndis.lib hal.lib ntoskrnl.lib" if arch == "x86" else "ndis.lib ntoskrnl.lib hal.lib"
    assert words(plan(OUT, arch), "driver.sys") == (
        f"lld-link /nologo {special} /version:10.0 /osversion:10.0 /release "
        "/dynamicbase /nxcompat /tsaware:no /guard:cf /opt:ref /opt:noicf /Brepro "
        "/debug /pdb:driver.pdb /pdbaltpath:driver.pdb /pdbsourcepath:C:\\build /map:driver.map "
        + ("/safeseh " if arch == "x86" else "")
        + "/section:.text,ERP /section:.rdata,RP /section:.data,RWP /section:.pdata,RP /section:INIT,ERD /section:.rsrc,RD "
        "/out:driver.sys driver.obj "
        "runtime-entry.obj runtime-security_cookie.obj runtime-memory.obj runtime-guard_stubs.obj runtime-load_config.obj "
        f"driver.res {libraries}"
    )


@pytest.mark.parametrize(("arch", "machine"), [("amd64", "i386:x86-64"), ("x86", "i386"), ("arm64", "arm64")])
def test_import_libraries_are_made_from_the_lists(plan: Callable[..., Plan], arch: str, machine: str) -> None:
    made = plan(OUT, arch)
    assert words(made, "ntoskrnl.lib") == f"dlltool -k -m {machine} -d ntoskrnl.exe.def -l ntoskrnl.lib"
    assert dict(made.files)["ntoskrnl.exe.def"].startswith(b'LIBRARY "ntoskrnl.exe"\nEXPORTS\n')


def test_the_resource_is_compiled(plan: Callable[..., Plan]) -> None:
    made = words(plan(OUT, include=[Path("/headers")]), "driver.res")
    assert made == f"rc /:auto-includes gnu /i /headers -- {DATA}/driver.rc driver.res"


def test_an_image_can_do_without_a_resource(plan: Callable[..., Plan]) -> None:
    made = plan(OUT, resource=None)
    assert "driver.res" not in words(made, "driver.sys")


def test_sources_of_the_same_name_get_objects_of_their_own(plan: Callable[..., Plan], tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.c").write_text("")
    made = plan(OUT, sources=[tmp_path / "a" / "x.c", tmp_path / "b" / "x.c"])
    assert {"0-x.obj", "1-x.obj"} <= set(step(made, "driver.sys").inputs)


def test_macros_for_the_date_follow_the_source_date(plan: Callable[..., Plan]) -> None:
    made = plan(OUT, source_date_epoch=1_700_000_000)
    assert step(made, "driver.obj").environment == (("SOURCE_DATE_EPOCH", "1700000000"),)


def test_the_digest_follows_whatever_decides_the_output(plan: Callable[..., Plan], zig: Zig, tmp_path: Path) -> None:
    header = tmp_path / "include" / "some.h"
    header.parent.mkdir()
    header.write_text("1")
    source = tmp_path / "driver.c"
    source.write_text("1")

    def digest(**changes: object) -> str:
        return plan(OUT, **{"source": source, "include": [header.parent], **changes}).digest

    first = digest()
    seen = {first, digest(arch="arm64"), digest(config="Debug"), digest(defines={"A": "1"}), digest(source_date_epoch=1)}
    source.write_text("2")
    seen.add(digest())
    header.write_text("2")
    seen.add(digest())
    source.write_text("1")
    header.write_text("1")
    assert len(seen) == 7
    assert digest() == first
    assert planned(
        dataclasses.replace(zig, version="0.0.1"),
        name="driver",
        sources=[source],
        resource=DATA / "driver.rc",
        include=[header.parent],
        defines={},
        arch="amd64",
        config="Release",
        out=OUT,
        source_date_epoch=0,
    ).digest not in seen  # fmt: skip


def test_the_digest_does_not_follow_the_output_folder(plan: Callable[..., Plan]) -> None:
    assert plan(OUT).digest == plan(Path("/elsewhere")).digest


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_a_plan_prints_as_commands(plan: Callable[..., Plan], arch: str) -> None:
    text = str(plan(OUT, arch))
    assert text.startswith(f"# driver {arch} Release: driver.sys, driver.pdb, driver.map\n# digest ")
    assert f"\n# link driver.sys for {arch}\n" in text
    assert f"\n# compile driver.c for {arch}\n" in text


def test_a_source_that_is_not_there_is_named(plan: Callable[..., Plan]) -> None:
    with pytest.raises(ToolFailure) as caught:
        plan(OUT, source=Path("/nowhere/gone.c"))
    assert caught.value.diagnostics[0].code == "PYN-T03"
    assert "/nowhere/gone.c" in caught.value.diagnostics[0].message
