"""Drivers of others, taken from where they are published; nothing of them is kept in the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pefile
import pytest

from pyndis.files import write_whole
from pyndis.toolchains import cache
from tests.kept import alone

WHEEL = "pywintunx-pmd3==1.0.2"
RESOURCE = "WINTUN.SYS"


def official_wintun() -> Path:
    """The image of Wintun 0.14 for x64, fetched once. Skips the test where the package index cannot be reached (not in CI)."""
    target = cache.folder() / "tests" / "foreign" / "wintun.sys"
    with alone(target.parent) as folder:
        if not target.exists():
            write_whole(target, _resource(_wheel(folder)))
    return target


def _wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--platform", "win_amd64", "--only-binary=:all:", "--dest", str(folder), WHEEL]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    found = sorted(folder.glob("*.whl"))
    if result.returncode and not os.environ.get("CI"):
        pytest.skip(f"{WHEEL} cannot be fetched here: {result.stderr.strip()[-200:]}")
    assert found, result.stderr
    return found[0]


def _resource(wheel: Path) -> bytes:
    """The driver among the resources of the wheel's one DLL."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith(".pyd")]
        image = pefile.PE(data=archive.read(name))
    entries = [entry for kind in image.DIRECTORY_ENTRY_RESOURCE.entries for entry in kind.directory.entries]
    (entry,) = [entry for entry in entries if str(entry.name) == RESOURCE]
    data = entry.directory.entries[0].data.struct
    return bytes(image.get_data(data.OffsetToData, data.Size))
