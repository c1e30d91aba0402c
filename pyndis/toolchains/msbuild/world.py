"""The one place where this toolchain touches the machine: files, environment, registry, processes.

Paths are texts in Windows' form, so that everything above runs, and is tested, on any system.
"""

from __future__ import annotations

import locale
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pyndis.diagnostics import Diagnostic, ToolFailure

Line = Callable[[str], None]
"""Called with each line that a process writes, when it does."""


@dataclass(frozen=True)
class Done:
    """A process that has ended: its exit code, and what it wrote to both of its streams."""

    code: int
    output: str


class World(Protocol):
    """What is asked of the machine."""

    @property
    def system(self) -> str:
        """As `sys.platform` has it: "win32" on Windows."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables, by their names in upper case: Windows does not tell the cases apart."""

    def is_file(self, path: str) -> bool:
        """Whether a file is there."""

    def folders(self, path: str) -> list[str]:
        """The names of the folders in a folder; none where there is no such folder."""

    def which(self, command: str) -> str | None:
        """The file that a command on PATH means."""

    def registry(self, key: str, value: str, bits: int) -> str | None:
        """A text below HKEY_LOCAL_MACHINE, in the registry that programs of this many bits see."""

    def run(self, argv: Sequence[str], cwd: str | None, environment: Mapping[str, str], line: Line) -> Done:
        """Run a program to its end; `environment` adds to its own. Raises ToolFailure (PYN-T29) when it does not start."""


@dataclass(frozen=True)
class Machine:
    """The machine that pyndis runs on."""

    system: str = sys.platform
    environment: Mapping[str, str] = field(default_factory=lambda: {name.upper(): text for name, text in os.environ.items()})

    def is_file(self, path: str) -> bool:
        """Whether a file is there."""
        return Path(path).is_file()

    def folders(self, path: str) -> list[str]:
        """The names of the folders in a folder."""
        try:
            return sorted(each.name for each in Path(path).iterdir() if each.is_dir())
        except OSError:
            return []

    def which(self, command: str) -> str | None:
        """The file that a command on PATH means."""
        return shutil.which(command)

    def registry(self, key: str, value: str, bits: int) -> str | None:
        """A text below HKEY_LOCAL_MACHINE; None on a system without a registry."""
        if sys.platform != "win32":
            return None
        import winreg

        view = winreg.KEY_WOW64_64KEY if bits == 64 else winreg.KEY_WOW64_32KEY
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key, access=winreg.KEY_READ | view) as opened:
                found, _ = winreg.QueryValueEx(opened, value)
        except OSError:
            return None
        return found if isinstance(found, str) else None

    def run(self, argv: Sequence[str], cwd: str | None, environment: Mapping[str, str], line: Line) -> Done:
        """Run a program to its end, with its two streams as one."""
        changed = {name.upper() for name in environment}
        own = {name: text for name, text in os.environ.items() if name.upper() not in changed}
        try:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env={**own, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        except OSError as error:
            help = "run `pyndis doctor` to see which tools are usable"
            raise ToolFailure(Diagnostic("PYN-T29", f"cannot start {argv[0]}: {error.strerror}", help=help)) from error
        lines = []
        with process:
            assert process.stdout
            for data in process.stdout:
                lines.append(_decoded(data).rstrip("\r\n"))
                line(lines[-1])
        return Done(process.returncode, "\n".join(lines))


def _decoded(data: bytes) -> str:
    """A line in UTF-8, or in the system's code page, in which compilers write to a pipe."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(locale.getpreferredencoding(False), errors="replace")
