import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis.resources import toolchain

HERE = Path(__file__).parent
TARGETS = {"amd64": "x86_64", "x86": "i386", "arm64": "aarch64"}
NTDDI = {"620": "6010000", "630": "6010000", "640": "6030000", "650": "A000000", "660": "A000002", "670": "A000003"}

Clang = Callable[..., "subprocess.CompletedProcess[str]"]


def version_macros(ndis: str) -> list[str]:
    macros = ["-DNDIS_MINIPORT_DRIVER=1", "-DNDIS_WDM=1", f"-DNDIS{ndis}_MINIPORT=1"]
    macros += ["-DNDIS620_MINIPORT=1"] if ndis == "630" else []
    return [*macros, f"-DNTDDI_VERSION=0x0{NTDDI.get(ndis, 'A000004')}"]


@pytest.fixture(scope="session")
def clang() -> Clang:
    def run(arch: str, *arguments: str, source: str | None = None, ndis: str = "680") -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "ziglang", "clang", f"--target={TARGETS[arch]}-pc-windows-msvc"]
        command += ["-ffreestanding", "-nostdinc", "-I", str(toolchain() / "include"), *version_macros(ndis)]
        command += ["-ferror-limit=20", "-fno-caret-diagnostics", *arguments]
        if source is not None:
            command += ["-x", "c", "-"]
        return subprocess.run(command, input=source, capture_output=True, text=True, timeout=120, check=False)

    return run
