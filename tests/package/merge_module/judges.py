"""msitools and wixl as judges: what they read in a Windows Installer database, and what they make of a WiX source."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

Rows = list[dict[str, str]]


def tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        assert not os.environ.get("CI"), f"{name} is missing: install the Debian package {package}"
        pytest.skip(f"{name} is missing: install the Debian package {package}")
    return found


def said(*argv: str | Path) -> str:
    return run(*argv).decode()


def run(*argv: str | Path, folder: Path | None = None) -> bytes:
    environment = os.environ | {"TZ": "UTC", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(argv, capture_output=True, timeout=60, check=False, cwd=folder, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tables(database: Path) -> set[str]:
    return set(said(tool("msiinfo", "msitools"), "tables", database).split())


def export(database: Path, table: str) -> tuple[list[str], list[str], Rows]:
    """The types of the columns, the keys, and the rows by the columns' names."""
    names, types, head, *rows = said(tool("msiinfo", "msitools"), "export", database, table).splitlines()
    read = [dict(zip(names.split("\t"), row.split("\t"), strict=True)) for row in rows]
    return types.split("\t"), head.split("\t")[1:], read


def rows(database: Path, table: str) -> Rows:
    return export(database, table)[2]


def stream(database: Path, name: str) -> bytes:
    return run(tool("msiinfo", "msitools"), "extract", database, name)


def summary(database: Path) -> dict[str, str]:
    lines = said(tool("msiinfo", "msitools"), "suminfo", database).splitlines()
    return dict(line.split(": ", 1) for line in lines)
