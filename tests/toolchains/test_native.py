from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from pyndis.diagnostics import ToolFailure
from pyndis.toolchains import Zig, compile_native, preprocess


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "sum.c"
    path.write_text(
        '#include "step.h"\n'
        "int sum(int a, int b);\n"
        "int sum(int a, int b) { return a + b + STEP; }\n"
        "unsigned width(void);\n"
        "unsigned width(void) { return sizeof(L'x'); }\n"
    )
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "step.h").write_text("#ifndef PYNDIS_PARSE\n#define STEP 1\n#else\n#define STEP parsed\n#endif\n")
    return path


def test_a_function_runs_here(zig: Zig, source: Path, tmp_path: Path) -> None:
    library = ctypes.CDLL(str(compile_native(zig, [source], tmp_path / "sum.so", include=[tmp_path / "include"])))
    assert library.sum(2, 3) == 6


def test_wide_characters_are_those_of_windows(zig: Zig, source: Path, tmp_path: Path) -> None:
    library = ctypes.CDLL(str(compile_native(zig, [source], tmp_path / "sum.so", include=[tmp_path / "include"])))
    assert library.width() == 2


def test_undefined_behaviour_is_named(zig: Zig, source: Path, tmp_path: Path) -> None:
    made = compile_native(zig, [source], tmp_path / "sum.so", sanitize=True, include=[tmp_path / "include"])
    library = ctypes.CDLL(str(made))
    broken = ctypes.c_char_p.in_dll(library, "pyndis_undefined_behaviour")
    library.sum(2, 3)
    assert broken.value is None
    library.sum(2**31 - 1, 1)
    assert broken.value == b"add_overflow"


def test_a_source_that_does_not_compile_is_quoted(zig: Zig, source: Path, tmp_path: Path) -> None:
    with pytest.raises(ToolFailure) as caught:
        compile_native(zig, [source], tmp_path / "sum.so")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == "compile sum.c for this machine: clang ended with status 1"
    assert "'step.h' file not found" in " ".join(diagnostic.notes)
    assert not (tmp_path / "sum.so").exists()


def test_preprocessed_text_is_what_the_checker_reads(zig: Zig, source: Path, tmp_path: Path) -> None:
    text = preprocess(zig, source, [tmp_path / "include"], {})
    assert "return a + b + parsed;" in text
    assert "#" not in text


def test_macros_reach_the_preprocessor(zig: Zig, tmp_path: Path) -> None:
    path = tmp_path / "x.c"
    path.write_text("int a = LEVEL; int b = sizeof(void *) == 8 ? 0 : 1;\n#ifdef _M_IX86\nint x86;\n#endif\n")
    assert preprocess(zig, path, [], {"LEVEL": "3"}, "x86").split(";")[0] == "int a = 3"
    assert "int x86;" in preprocess(zig, path, [], {"LEVEL": "3"}, "x86")
