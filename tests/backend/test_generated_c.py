"""The whole of Wintun's C before compilers with more warnings than a build has, and before clang's analyser."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import get_args

import pytest

from pyndis import resources
from pyndis.cli.building.images import miniport_macros
from pyndis.cli.compile import compile_driver
from pyndis.package.manifest import Manifest
from pyndis.toolchains import find
from pyndis.toolchains.targets import Arch, Config, driver_flags, language_flags

DRIVER = Path(__file__).parents[2] / "drivers" / "wintun"
WARNINGS = (
    *("-Wconversion", "-Wsign-compare", "-Wshadow", "-Wunreachable-code", "-Wconditional-uninitialized", "-Wcomma"),
    *("-Wmissing-prototypes", "-Wextra-semi-stmt", "-Wimplicit-fallthrough", "-Wpointer-arith", "-Wundef"),
    "-Wno-system-headers",
)
CHECKERS = ("core", "deadcode", "nullability", "unix", "security.ArrayBound", "alpha.core.Conversion", "optin.portability")
ANALYSE = ("--analyze", "--analyzer-output", "text", "-Xclang", "-analyzer-werror")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["pend", "copy"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    manifest = Manifest.load(DRIVER, (("receive", request.param),))
    compiled = compile_driver(DRIVER, manifest, "Release")
    assert compiled.diagnostics == ()
    file = tmp_path_factory.mktemp(request.param) / "wintun.c"
    file.write_text(compiled.c_source, "utf-8")
    return file


def clang(source: Path, arch: Arch, *flags: str) -> str:
    zig = find()
    macros = miniport_macros(Manifest.load(DRIVER))
    language = language_flags(arch, zig.headers, [resources.toolchain() / "include"], macros)
    command = [*zig.tool("clang"), *language, *flags, str(source)]
    return subprocess.run(command, capture_output=True, text=True, cwd=source.parent, check=False).stderr


@pytest.mark.parametrize(("arch", "config"), [*((each, "Release") for each in get_args(Arch)), ("amd64", "Debug")])
def test_no_compiler_has_anything_to_say(source: Path, arch: Arch, config: Config) -> None:
    assert clang(source, arch, *driver_flags(arch, config), *WARNINGS, "-fsyntax-only") == ""


@pytest.mark.parametrize(("arch", "config"), [("amd64", "Release"), ("x86", "Debug")])
def test_the_analyser_finds_nothing(source: Path, arch: Arch, config: Config) -> None:
    flags = (*driver_flags(arch, config), *ANALYSE, "-Xclang", f"-analyzer-checker={','.join(CHECKERS)}")
    assert clang(source, arch, *flags) == ""


def test_the_analyser_runs(tmp_path: Path) -> None:
    file = tmp_path / "wrong.c"
    file.write_text("int wrong(int *p)\n{\n    return p ? 0 : *p;\n}\n", "utf-8")
    assert "core.NullDereference" in clang(file, "amd64", *driver_flags("amd64", "Release"), *ANALYSE)
