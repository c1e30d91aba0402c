"""Wintun's project as `pyndis build` writes it, and xbuild to evaluate it over stubs of the WDK's targets."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from pyndis.cli.building.images import miniport_macros
from pyndis.package.manifest import Manifest
from pyndis.package.project import project_files

DRIVER = Path(__file__).parents[3] / "drivers" / "wintun"
STUBS = Path(__file__).with_name("stubs")
STAMP = 1_700_000_000  # 2023-11-14


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    return Manifest.load(DRIVER)


@dataclass(frozen=True)
class Project:
    """A tree on disk, and what the stubs of compiler and tools say that they were asked for."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def build(self, target: str | None = None, **properties: str) -> list[str]:
        """What ran, in order. Raises AssertionError with xbuild's words if it fails."""
        result = self.run(target, **properties)
        assert result.returncode == 0, result.stdout + result.stderr
        return self.ran()

    def ran(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines

    def run(self, target: str | None = None, **properties: str) -> subprocess.CompletedProcess[str]:
        stubs = {"VCTargetsPath": str(STUBS), "WixTargetsPath": str(STUBS / "Wix.targets"), "BuildLog": str(self.log)}
        words = [f"/p:{name}={value}" for name, value in {**stubs, **self.tools(), **properties}.items()]
        command = [xbuild(), "wintun.proj", "/nologo", "/v:minimal", *words, *([f"/t:{target}"] if target else [])]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)

    def tools(self) -> dict[str, str]:
        return {name: str(self.folder / name) for name in ("CodeQL", "DvlTool", "PowerShell", "Pyndis")}


def xbuild() -> str:
    found = shutil.which("xbuild")
    if found is None:
        assert not os.environ.get("CI"), "xbuild is missing: install the Debian package mono-xbuild"
        pytest.skip("xbuild is missing: install the Debian package mono-xbuild")
    return found


@pytest.fixture
def project(tmp_path: Path, manifest: Manifest) -> Project:
    folder = tmp_path / "build" / "wintun"
    made = Project(folder)
    for path, content in project_files(manifest, miniport_macros(manifest), STAMP).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    for name in ("wintun.c", "wintun.rc"):
        (folder / name).touch()
    for name, file in made.tools().items():
        Path(file).write_text(f'#!/bin/sh\necho "{name} $*" >> "{made.log}"\n')
        Path(file).chmod(0o755)
    return made
