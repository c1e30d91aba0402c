"""Which native half carries an image, and what this machine starts it with: by itself, or through an emulator."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pyndis.diagnostics import Diagnostic, ToolFailure
from pyndis.host import native
from pyndis.toolchains.targets import Arch

_MACHINES: Mapping[int, Arch] = {0x8664: "amd64", 0x14C: "x86", 0xAA64: "arm64"}
"""By the machine field of the COFF header."""
_OWN: Mapping[str, tuple[Arch, ...]] = {"x86_64": ("amd64", "x86"), "aarch64": ("arm64",), "i686": ("x86",)}
"""What a machine of that name runs by itself. 32-bit programs may be switched off in its kernel."""
_EMULATORS: Mapping[Arch, str] = {"amd64": "qemu-x86_64", "x86": "qemu-i386", "arm64": "qemu-aarch64"}


def command(image: Path) -> tuple[str, ...]:
    """What starts the native half for this image; its own arguments follow.

    Raises ToolFailure: PYN-H15 this machine cannot run it, and as native.executable does.
    """
    arch = architecture(image)
    runner = _runner(arch)
    executable = native.executable(arch=arch)
    if runner is None and arch != "amd64" and not _starts(executable):
        runner = _emulator(arch)
    return (*(runner or ()), str(executable))


def architecture(image: Path) -> Arch:
    """By the image's header. What is no image, or for no machine we know, is left to the native half to refuse."""
    with image.open("rb") as file:
        start = file.read(0x40)
        file.seek(int.from_bytes(start[0x3C:0x40], "little"))
        header = file.read(6)
    known = start.startswith(b"MZ") and header.startswith(b"PE\0\0")
    return _MACHINES.get(int.from_bytes(header[4:6], "little"), "amd64") if known else "amd64"


def variable(arch: Arch) -> str:
    """The environment variable that names the emulator for an architecture."""
    return f"PYNDIS_EMULATOR_{arch.upper()}"


def _runner(arch: Arch) -> tuple[str, ...] | None:
    """The emulator asked for, or needed; None when this machine should run it by itself."""
    asked = os.environ.get(variable(arch))
    if asked:
        return tuple(shlex.split(asked))
    return None if arch in _OWN.get(platform.machine(), ()) else _emulator(arch)


def _emulator(arch: Arch) -> tuple[str, ...]:
    name = _EMULATORS[arch]
    for each in (name, f"{name}-static"):
        if path := shutil.which(each):
            return (path,)
    raise ToolFailure(
        Diagnostic(
            "PYN-H15",
            f"the image is for {arch}; this machine ({platform.machine()}) cannot run that by itself, and {name} is not on PATH",
            help=f"install qemu-user, or set {variable(arch)} to an emulator of user programs for {arch}",
        )
    )


@cache
def _starts(executable: Path) -> bool:
    """Whether the kernel takes the file: without arguments it explains itself and ends."""
    try:
        subprocess.run([executable], capture_output=True, check=False)
    except OSError:
        return False
    return True
