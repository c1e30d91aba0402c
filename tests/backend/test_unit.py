import subprocess

import pytest

from pyndis.backend import render, render_unit
from pyndis.backend.faults import InternalFault
from pyndis.ir.nodes import StructDecl, StructField
from pyndis.ir.types import NUMBER, Struct
from pyndis.toolchains import find
from tests.backend.conftest import _KERNEL
from tests.backend.ir import function, program, var
from tests.backend.sample import sample

CONTEXT = {"source": "drivers/sample"}


def test_a_whole_program_reads_like_c_written_by_hand(golden):
    golden("sample.c", render_unit(sample(), context=CONTEXT).encode())


def test_the_same_program_gives_the_same_bytes():
    assert render(sample(), context=CONTEXT) == render(sample(), context=CONTEXT)


def test_no_line_is_longer_than_130_columns():
    assert max(map(len, render_unit(sample(), context=CONTEXT).splitlines())) <= 130


@pytest.mark.parametrize("target", ["x86_64-windows-gnu", "i686-windows-gnu", "aarch64-windows-gnu"])
def test_a_compiler_takes_the_unit_without_a_warning(target, tmp_path):
    (tmp_path / "sample.c").write_text(render_unit(sample(), context=CONTEXT))
    flags = [
        "-std=c11",
        "-fsyntax-only",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-Wno-unused-function",
        "-nostdinc",
        "-isystem",
        str(_KERNEL),
    ]
    command = [*find().tool("clang"), "-target", target, *flags, str(tmp_path / "sample.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_lines_of_c_know_their_source():
    unit = render(sample(), context=CONTEXT)
    places = {line: unit.source_map.python_place(number) for number, line in enumerate(unit.text.split("\n"), start=1)}
    assert places["    READ_OF(Irp)->Used += Total << 1;"].line == 47
    assert places["        return STATUS_INVALID_USER_BUFFER;"].line == 46
    assert places["#include <ntifs.h>"] is None
    assert "drivers/sample/sample.py:47\n" in unit.source_map.text()


def test_a_struct_that_contains_itself_is_a_fault():
    first = StructDecl("A", [StructField("B", Struct("B"))])
    second = StructDecl("B", [StructField("A", Struct("A"))])
    with pytest.raises(InternalFault, match="the struct A contain itself by way of A and B"):
        render_unit(program(structs=[first, second]), context=CONTEXT)


def test_a_number_without_width_is_a_fault_of_ranges():
    with pytest.raises(InternalFault, match=r"checks\.ranges left an integer without a width in F\(N\)"):
        render_unit(program(function("F", var("N", NUMBER), body=[])), context=CONTEXT)
