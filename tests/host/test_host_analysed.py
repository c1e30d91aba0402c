"""The host's own C before clang's warnings and its analyser, those inside the toolchain that builds it.

The build itself takes no warning for an error: another version of the toolchain may have new ones, and users want a host there.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pyndis.host.native import SOURCES
from pyndis.toolchains import find
from pyndis.toolchains.targets import Arch

ANALYSE = ("--analyze", "--analyzer-output", "text", "-Xclang", "-analyzer-werror")
WARN = ("-Wall", "-Wextra", "-Werror", "-fsyntax-only")
MACHINES: dict[Arch, tuple[str, str, str]] = {
    "amd64": ("x86_64", "x86_64", "x86"),
    "x86": ("i386", "x86", "x86"),
    "arm64": ("aarch64", "aarch64", "aarch64"),
}
"""What an architecture is called by clang, by zig's C library, and by Linux' headers."""

pytestmark = pytest.mark.slow


def said(options: tuple[str, ...], files: list[Path], arch: Arch = "amd64") -> str:
    """What clang says of files, which it does not compile."""
    zig = find()
    library = zig.headers.parent / "libc" / "include"
    target, machine, kernel = MACHINES[arch]
    places = (f"{machine}-linux-musl", "generic-musl", f"{kernel}-linux-any", "any-linux-any")
    folders = [word for each in (zig.headers, *(library / name for name in places)) for word in ("-isystem", str(each))]
    language = ("-target", f"{target}-linux-musl", "-std=gnu11", "-nostdinc")
    command = [*zig.tool("clang"), *language, *folders, *options, *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def analysed(file: Path) -> str:
    return said(ANALYSE, [file])


@pytest.mark.parametrize("arch", MACHINES)
def test_the_host_compiles_without_a_warning(arch: Arch) -> None:
    assert said(WARN, sorted(SOURCES.glob("*.c")), arch) == ""


def test_a_warning_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "wrong.c"
    file.write_text("static int unused;\n")
    assert "[-Werror,-Wunused-variable]" in said(WARN, [file])


@pytest.mark.parametrize("file", sorted(SOURCES.glob("*.c")), ids=lambda file: file.stem)
def test_the_analyser_finds_nothing_in_the_host(file: Path) -> None:
    assert analysed(file) == ""


def test_the_analyser_runs(tmp_path: Path) -> None:
    file = tmp_path / "wrong.c"
    file.write_text("#include <stdlib.h>\nint f(void) { int *p = malloc(4); free(p); return p ? *p : 0; }\n")
    assert "Use of memory after it is released" in analysed(file)
