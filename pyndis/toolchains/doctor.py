"""What `pyndis doctor` tells: the tools this machine has, what each is for, and how to get the missing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from pyndis.diagnostics import ToolFailure
from pyndis.toolchains import zig
from pyndis.toolchains.msbuild import doctor as msbuild
from pyndis.toolchains.msbuild.world import Machine


@dataclass(frozen=True)
class Tool:
    """A tool as found: `where` is its path and version, or why it cannot be used; `needed` tools fail a build when missing."""

    name: str
    found: bool
    where: str
    purpose: str
    install: str
    needed: bool = False


@dataclass(frozen=True)
class _Optional:
    """The first of `commands` that is on PATH makes the tool; `version` asks it for its version."""

    name: str
    commands: tuple[str, ...]
    version: str
    purpose: str
    install: str


_OPTIONAL = (
    _Optional("osslsigncode", ("osslsigncode",), "--version", "judges signatures in tests", "apt install osslsigncode"),
    _Optional("wine", ("wine64", "wine"), "--version", "loads drivers in tests, with its own I/O manager", "apt install wine64"),
    _Optional(
        "qemu-aarch64",
        ("qemu-aarch64", "qemu-aarch64-static"),
        "--version",
        "runs ARM64 drivers in the host on other machines",
        "apt install qemu-user",
    ),
    _Optional(
        "qemu-i386",
        ("qemu-i386", "qemu-i386-static"),
        "--version",
        "runs x86 drivers in the host where the system runs no 32-bit programs",
        "apt install qemu-user",
    ),
    _Optional("msitools", ("msiinfo",), "--version", "makes merge modules (pyndis build --target MSM)", "apt install msitools"),
    _Optional("iperf3", ("iperf3",), "--version", "measures throughput through `pyndis run`", "apt install iperf3"),
    _Optional("ip", ("ip",), "-V", "sets up the TUN and TAP devices of `pyndis run`", "apt install iproute2"),
)


def report() -> list[Tool]:
    """Every tool, the needed ones first. Never raises: a tool that fails is a finding."""
    return [_zig(), *map(_optional, _OPTIONAL), *(Tool(*found) for found in msbuild.report(Machine()))]


def _zig() -> Tool:
    purpose, install = "compiles and links drivers (clang, lld, rc)", "pip install ziglang"
    try:
        found = zig.find()
    except ToolFailure as failure:
        return Tool("zig", False, failure.diagnostics[0].message, purpose, install, needed=True)
    return Tool("zig", True, f"{found.path} ({found.version})", purpose, install, needed=True)


def _optional(tool: _Optional) -> Tool:
    path = next(filter(None, map(shutil.which, tool.commands)), None)
    if path is None:
        return Tool(tool.name, False, f"not found; tried {', '.join(tool.commands)}", tool.purpose, tool.install)
    version = _first_line((path, tool.version))
    return Tool(tool.name, version is not None, f"{path} ({version or 'it does not start'})", tool.purpose, tool.install)


def _first_line(argv: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = [line.strip() for line in (done.stdout or done.stderr).splitlines() if line.strip()]
    return lines[0] if lines else None
