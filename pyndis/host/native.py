"""The native half as an executable for each architecture of drivers: compiled once by zig, kept in the user's cache by the
hash of what it is made of."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pyndis.diagnostics import Diagnostic, ToolFailure
from pyndis.toolchains import cache, find
from pyndis.toolchains.targets import Arch

SOURCES = Path(__file__).resolve().parent / "native"
FLAGS: Mapping[Arch, tuple[str, ...]] = {
    "amd64": ("-target", "x86_64-linux-musl"),
    # Windows keeps the stack aligned to 4 bytes where Linux code relies on 16.
    "x86": ("-target", "x86-linux-musl", "-mstackrealign"),
    "arm64": ("-target", "aarch64-linux-musl"),
}
COMMON_FLAGS = (
    *("-static", "-std=gnu11", "-O2", "-g", "-fno-omit-frame-pointer"),
    *("-fno-sanitize=all", "-fno-strict-aliasing", "-Wall", "-Wextra", "-pthread"),
)
OVERRIDE = "PYNDIS_HOST"
_known: dict[tuple[Path, Arch], Path] = {}


def executable(sources: Path = SOURCES, arch: Arch = "amd64") -> Path:
    """The host for drivers of that architecture, built if need be. PYNDIS_HOST names a ready one for x64 instead,
    PYNDIS_HOST_X86 and PYNDIS_HOST_ARM64 for the others.

    Raises ToolFailure: PYN-T01, PYN-T02 no usable compiler, PYN-H11 it failed, PYN-H12 no cache folder.
    """
    ready = os.environ.get(OVERRIDE if arch == "amd64" else f"{OVERRIDE}_{arch.upper()}")
    if ready:
        return Path(ready)
    folder = cache.folder()
    known = _known.get((folder, arch)) if sources == SOURCES else None
    if known is not None and known.exists():
        return known  # our own sources do not change while we run
    target = folder / "host" / digest(sources, arch) / "ndis-host"
    if not target.exists():
        with _alone(target):
            if not target.exists():
                _build(sources, target, arch)
    if sources == SOURCES:
        _known[folder, arch] = target
    return target


def digest(sources: Path, arch: Arch = "amd64") -> str:
    """Of every source file, its name included, and of the flags."""
    hash = hashlib.sha256("\0".join((*FLAGS[arch], *COMMON_FLAGS)).encode())
    for file in _files(sources, ".c", ".h", ".inc", ".S"):
        data = file.read_bytes()
        hash.update(f"\0{file.relative_to(sources)}\0{len(data)}\0".encode() + data)
    return hash.hexdigest()[:24]


def _files(folder: Path, *suffixes: str) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix in suffixes)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Processes that want the same executable build it once."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = (target.parent / "lock").open("w")
    except OSError as error:
        raise ToolFailure(
            Diagnostic(
                "PYN-H12",
                f"the cache folder {target.parent} cannot be used: {error.strerror}",
                help=f"set {cache.VARIABLE} to a folder that can be written",
            )
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(sources: Path, target: Path, arch: Arch) -> None:
    print(f"pyndis: compiling the host for {arch} (once; half a minute or more)", file=sys.stderr, flush=True)
    units = [str(file) for file in sorted(sources.glob("*.c"))]
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        output = Path(folder) / target.name
        command = [*find().tool("cc"), *FLAGS[arch], *COMMON_FLAGS, *units, "-o", str(output)]
        try:
            result = subprocess.run(command, capture_output=True, text=True, cwd=sources, check=False)
        except OSError as error:
            raise _failed(command, error.strerror or str(error)) from error
        if result.returncode != 0:
            raise _failed(command, result.stderr)
        output.replace(target)


def _failed(command: list[str], said: str) -> ToolFailure:
    notes = tuple(said.strip().splitlines()[:20])
    return ToolFailure(Diagnostic("PYN-H11", f"{command[0]} could not compile the host", notes=notes, help="please report it"))
