"""Fuzzing programs: the driver's generated C and the host's C as one native program, with libFuzzer, ASan and UBSan.

The driver is compiled for Windows (its integers, its calling convention) into an ELF object: what runs is the C that ships.
What it calls becomes either an export of the host or, for the sanitizers' functions, a bridge to this system's convention.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
from pathlib import Path

from pyndis import resources
from pyndis.cli.building.images import miniport_macros
from pyndis.cli.compile import compile_driver
from pyndis.host.native import SOURCES
from pyndis.package.manifest import Manifest
from pyndis.toolchains import cache
from tests.host.sanitized import C_FLAGS, SANITIZERS, clang

NATIVE = Path(__file__).parent / "native"
DRIVER = Path(__file__).parents[2] / "drivers" / "wintun"
TARGETS = ("bundle", "requests", "oids")

REPLACED = ("pe.c", "unwind.c")
"""Of the host: the loader and the walk by unwind data, which linked_image.c plays."""
DRIVER_FLAGS = (
    *("--target=x86_64-pc-windows-elf", "-std=c11", "-nostdinc", "-include", str(NATIVE / "driver_sections.h")),
    *("-fms-extensions", "-fno-strict-aliasing", "-fno-delete-null-pointer-checks", "-D_KERNEL_MODE=1", "-D_WIN64"),
    *("-g", "-O1", "-fno-omit-frame-pointer", "-w"),
    # The driver of clang takes these for no target that it does not know to have them; the compiler itself does.
    *("-Xclang", "-fsanitize=address", "-fsanitize=undefined", "-fno-sanitize-recover=all"),
    *("-Xclang", "-fsanitize-coverage-type=3", "-Xclang", "-fsanitize-coverage-inline-8bit-counters"),
    *("-Xclang", "-fsanitize-coverage-pc-table", "-Xclang", "-fsanitize-coverage-trace-cmp"),
)
SYSTEM = ("__asan_", "__ubsan_", "__sanitizer_", "mem", "str")
"""Beginnings of names that are no export of the host."""
AS_THEY_ARE = ("__start_", "__stop_", "__asan_shadow_memory_dynamic_address", "__asan_option_detect_stack_use_after_return")


def generated(receive: str = "pend") -> str:
    """Wintun's C."""
    manifest = Manifest.load(DRIVER, (("receive", receive),))
    compiled = compile_driver(DRIVER, manifest, "Release")
    assert compiled.diagnostics == ()
    return compiled.c_source


def program(target: str, c_source: str) -> Path:
    """The fuzzing program of that target for a driver, built once for each state of what it is made of."""
    clang()
    folder = cache.folder() / "tests" / "fuzz" / _digest(c_source)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / target).exists():
            _link(folder, target, c_source)
    return folder / target


def _digest(c_source: str) -> str:
    hash = hashlib.sha256(c_source.encode())
    for file in [*_files(SOURCES), *_files(NATIVE), *_files(resources.toolchain() / "include"), Path(__file__)]:
        hash.update(file.name.encode() + b"\0" + file.read_bytes())
    return hash.hexdigest()[:24]


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix in {".c", ".h", ".inc", ".S"})


def _link(folder: Path, target: str, c_source: str) -> None:
    driver = _driver(folder, c_source)
    host = _host()
    ours = [NATIVE / name for name in ("client.c", "linked_image.c", "linked_calls.c")]
    quoted = [word for each in (SOURCES, folder, NATIVE) for word in ("-iquote", str(each))]
    flags = [*C_FLAGS, *SANITIZERS, *quoted]
    steps, output = folder / f"{target}.o", folder / f"{target}.new"
    _run(
        clang(), *flags, "-fsanitize=fuzzer-no-link", "-c", NATIVE / f"{target}.c", "-o", steps
    )  # what it decodes guides it, too
    _run(clang(), *flags, "-c", *ours, cwd=folder)
    objects = [folder / file.with_suffix(".o").name for file in ours]
    _run(clang(), *flags, "-fsanitize=fuzzer", steps, *objects, driver, *host, "-o", output)
    output.replace(folder / target)


def _driver(folder: Path, c_source: str) -> Path:
    """The driver's object, whose calls are named driver_…, and beside it calls.inc, the list of them."""
    source, compiled, renamed = folder / "driver.c", folder / "compiled.o", folder / "driver.o"
    if renamed.exists():
        return renamed
    source.write_text(c_source, "utf-8")
    builtin = Path(_run(clang(), "-print-resource-dir").strip()) / "include"
    include = [f"-isystem{resources.toolchain() / 'include'}", f"-isystem{builtin}"]
    macros = [f"-D{name}={value}" for name, value in miniport_macros(Manifest.load(DRIVER)).items()]
    _run(clang(), *DRIVER_FLAGS, *include, *macros, "-c", source, "-o", compiled)
    calls = undefined(compiled)
    (folder / "calls.inc").write_text("".join(f"{_row(name)}\n" for name in calls if name != "__chkstk"), "utf-8")
    (folder / "names").write_text("".join(f"{name} driver_{name}\n" for name in calls), "utf-8")
    _run("objcopy", f"--redefine-syms={folder / 'names'}", compiled, renamed)
    return renamed


def undefined(compiled: Path) -> list[str]:
    """What an object calls."""
    names = [line.split()[-1] for line in _run("nm", "--undefined-only", compiled).splitlines()]
    return [name for name in names if not name.startswith(AS_THEY_ARE)]


def _row(name: str) -> str:
    if name.startswith("__imp_"):
        return f"EXPORTED_DATA({name.removeprefix('__imp_')})"
    return f"SYSTEM({name})" if name.startswith(SYSTEM) else f"EXPORTED({name})"


def _host() -> list[Path]:
    """The host's objects, which all fuzzing programs share."""
    sources = [file for file in sorted(SOURCES.glob("*.c")) if file.name not in REPLACED]
    hash = hashlib.sha256(repr((C_FLAGS, SANITIZERS)).encode())
    for file in _files(SOURCES):
        hash.update(file.name.encode() + b"\0" + file.read_bytes())
    folder = cache.folder() / "tests" / "fuzz" / f"host-{hash.hexdigest()[:24]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            _run(clang(), *C_FLAGS, *SANITIZERS, "-Dmain=host_main", "-c", *sources, cwd=folder)
            (folder / "whole").touch()
    return sorted(folder.glob("*.o"))


def _run(*command: str | Path, cwd: Path | None = None) -> str:
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=cwd, check=False)
    assert result.returncode == 0, f"{command[0]} failed:\n{result.stderr}"
    return result.stdout
