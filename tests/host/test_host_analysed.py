"""The host's own C before clang's analyser, the one inside the toolchain that builds it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pyndis.host.native import SOURCES
from pyndis.toolchains import find

ANALYSE = ("--analyze", "--analyzer-output", "text", "-Xclang", "-analyzer-werror")
C_LIBRARY = ("x86_64-linux-musl", "generic-musl", "x86-linux-any", "any-linux-any")

pytestmark = pytest.mark.slow


def analysed(file: Path) -> str:
    zig = find()
    library = zig.headers.parent / "libc" / "include"
    folders = [word for each in (zig.headers, *(library / name for name in C_LIBRARY)) for word in ("-isystem", str(each))]
    command = [*zig.tool("clang"), "-target", "x86_64-linux-musl", "-std=gnu11", "-nostdinc", *folders, *ANALYSE, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("file", sorted(SOURCES.glob("*.c")), ids=lambda file: file.stem)
def test_the_analyser_finds_nothing_in_the_host(file: Path) -> None:
    assert analysed(file) == ""


def test_the_analyser_runs(tmp_path: Path) -> None:
    file = tmp_path / "wrong.c"
    file.write_text("#include <stdlib.h>\nint f(void) { int *p = malloc(4); free(p); return p ? *p : 0; }\n")
    assert "Use of memory after it is released" in analysed(file)
