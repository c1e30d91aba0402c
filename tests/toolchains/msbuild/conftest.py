"""A Windows machine as a value: what is installed where, and what programs answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

import pytest

from pyndis.toolchains.msbuild.world import Done, Line

PROGRAMS = r"C:\Program Files (x86)"
VSWHERE = rf"{PROGRAMS}\Microsoft Visual Studio\Installer\vswhere.exe"
KITS = rf"{PROGRAMS}\Windows Kits\10"
VS2022 = r"C:\Program Files\Microsoft Visual Studio\2022\BuildTools\MSBuild\Current\Bin\MSBuild.exe"
VS2019 = rf"{PROGRAMS}\Microsoft Visual Studio\2019\BuildTools\MSBuild\Current\Bin\MSBuild.exe"
DATA = Path(__file__).parent / "data"


@dataclass
class FakeWindows:
    """`answers`: what programs write and end with, by a word of their command; `asked`: every command that was run."""

    system: str = "win32"
    environment: Mapping[str, str] = field(default_factory=lambda: {"PROGRAMFILES(X86)": PROGRAMS, "PATH": r"C:\Windows"})
    files: set[str] = field(default_factory=set)
    directories: set[str] = field(default_factory=set)
    commands: dict[str, str] = field(default_factory=dict)
    values: dict[tuple[str, int], str] = field(default_factory=dict)
    answers: dict[str, Done] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def is_file(self, path: str) -> bool:
        return path in self.files

    def folders(self, path: str) -> list[str]:
        return sorted(
            {PureWindowsPath(each).name for each in self.directories if PureWindowsPath(each).parent == PureWindowsPath(path)}
        )

    def which(self, command: str) -> str | None:
        return self.commands.get(command)

    def registry(self, key: str, value: str, bits: int) -> str | None:
        assert key == r"SOFTWARE\Microsoft\Windows Kits\Installed Roots"
        return self.values.get((value, bits))

    def run(self, argv: Sequence[str], cwd: str | None, environment: Mapping[str, str], line: Line) -> Done:
        self.asked.append(tuple(argv))
        done = next((done for word, done in self.answers.items() if word in argv), Done(1, ""))
        for each in done.output.splitlines():
            line(each)
        return done

    def with_kit(self, *builds: int, root: str = KITS) -> FakeWindows:
        for build in builds:
            version = rf"{root}\Include\10.0.{build}.0"
            self.directories |= {version, rf"{version}\km", rf"{version}\um"}
        return self

    def with_visual_studio(self, major: int, path: str) -> FakeWindows:
        self.files.add(VSWHERE)
        escaped = path.replace("\\", "\\\\")
        self.answers[f"[{major}.0,{major + 1}.0)"] = Done(0, f'["{escaped}"]')
        return self


@pytest.fixture
def windows() -> FakeWindows:
    """Windows with Visual Studio's installer and nothing else."""
    world = FakeWindows()
    world.files.add(VSWHERE)
    world.values[("KitsRoot10", 32)] = KITS
    return world
