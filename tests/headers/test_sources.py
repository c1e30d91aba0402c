import re
from pathlib import Path

import pytest
from pycparser import c_ast, c_parser

from pyndis.ddi.headers.__main__ import generate
from pyndis.ddi.headers.files import BANNER
from pyndis.resources import toolchain
from tests.headers.conftest import HERE, TARGETS, Clang

INCLUDE = toolchain() / "include"
HEADERS = sorted(path.relative_to(INCLUDE) for path in INCLUDE.rglob("*.h"))
STRICT = ("-Wall", "-Wextra", "-Werror")

# What pycparser does not know, and plain C has not.
COMPILER_WORDS = re.compile(
    r"__(?!C_ASSERT)\w+\s*\(|__attribute__|__declspec|__stdcall|__fastcall|__cdecl|__forceinline|#pragma|__asm"
)


def test_regenerating_gives_the_committed_bytes() -> None:
    folder = INCLUDE / "ddi"
    committed = {path.name: path.read_text("utf-8") for path in folder.glob("*.h")}
    assert generate() == committed


@pytest.mark.parametrize("header", HEADERS, ids=str)
def test_headers_are_short_and_say_where_they_come_from(header: Path) -> None:
    text = (INCLUDE / header).read_text("utf-8")
    assert len(text.splitlines()) < 500
    assert text.startswith(BANNER) == (header.parts[0] == "ddi")


@pytest.mark.parametrize("arch", TARGETS)
@pytest.mark.parametrize("ndis", ["620", "630", "650", "680"])
def test_a_tun_like_miniport_compiles_without_a_warning(clang: Clang, arch: str, ndis: str) -> None:
    result = clang(arch, "-fsyntax-only", *STRICT, str(HERE / "tun_like.c"), ndis=ndis)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("arch", TARGETS)
@pytest.mark.parametrize("checked", [0, 1])
def test_a_tun_like_miniport_becomes_code(clang: Clang, arch: str, checked: int, tmp_path: Path) -> None:
    output = tmp_path / "tun_like.obj"
    arguments = ["-c", "-O2", f"-DDBG={checked}", *STRICT, "-o", str(output), str(HERE / "tun_like.c")]
    result = clang(arch, *arguments, ndis="630")
    assert result.returncode == 0, result.stderr
    assert output.stat().st_size > 0


@pytest.mark.parametrize(
    "first",
    ["ntdef", "wdm", "ntddk", "ntifs", "ndis", "ntddndis", "ntstrsafe", "wdmsec", "ntstatus", "initguid", "wdmguid", "ndisguid"],
)
def test_each_header_compiles_alone(clang: Clang, first: str) -> None:
    result = clang("amd64", "-fsyntax-only", *STRICT, source=f"#include <{first}.h>\n#include <{first}.h>\nint used;\n")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("arch", TARGETS)
def test_a_preprocessed_miniport_is_plain_c(clang: Clang, arch: str) -> None:
    result = clang(arch, "-E", "-P", "-DPYNDIS_PARSE", str(HERE / "tun_like.c"), ndis="630")
    assert result.returncode == 0, result.stderr
    assert COMPILER_WORDS.findall(result.stdout) == []
    unit = c_parser.CParser().parse(result.stdout, "tun_like.c")
    assert "DriverEntry" in {node.decl.name for node in unit.ext if isinstance(node, c_ast.FuncDef)}


@pytest.mark.parametrize(
    "call", ["InterlockedAdd64(p, 3)", "InterlockedExchange64(p, 3)", "ReadNoFence64(p)", "InterlockedOr64(p, 1)"]
)
def test_64_bit_atomics_on_x86_leave_the_floating_point_registers_alone(clang: Clang, call: str) -> None:
    source = f"#include <wdm.h>\nLONG64 f(LONG64 volatile *p) {{ return {call}; }}\n"
    result = clang("x86", "-S", "-O2", "-o", "-", source=source)
    assert result.returncode == 0, result.stderr
    assert "cmpxchg8b" in result.stdout
    assert not re.search(r"xmm|fild|fist|movq|call", result.stdout)


@pytest.mark.parametrize("arch", TARGETS)
def test_the_irql_is_asked_of_the_kernel(clang: Clang, arch: str) -> None:
    result = clang(arch, "-S", "-O2", "-o", "-", source="#include <wdm.h>\nKIRQL f(void) { return KeGetCurrentIrql(); }\n")
    assert "KeGetCurrentIrql" in result.stdout
    assert "cr8" not in result.stdout


def test_exported_variables_are_read_through_the_import_table(clang: Clang) -> None:
    source = "#include <wdm.h>\nPOBJECT_TYPE f(void) { return *IoFileObjectType; }\n"
    wide = clang("amd64", "-S", "-O2", "-o", "-", source=source).stdout
    narrow = clang("x86", "-S", "-O2", "-o", "-", source=source).stdout
    assert "__imp_IoFileObjectType" in wide
    assert "__imp__IoFileObjectType" in narrow
