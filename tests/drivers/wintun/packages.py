"""The driver package as `pyndis build` leaves it, built in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.drivers.wintun.images import DRIVER

ROOT = DRIVER.parents[1]
COMMAND = "from pyndis.cli import main; main()"


def pyndis(*arguments: str | Path, epoch: int | None = None) -> str:
    """Run a command that must succeed, with this SOURCE_DATE_EPOCH or none; what it printed."""
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    if epoch is not None:
        environment["SOURCE_DATE_EPOCH"] = str(epoch)
    command = [sys.executable, "-c", COMMAND, *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def results(out: Path) -> dict[str, bytes]:
    """The files below a build's folder, without what is pyndis' own."""
    found = {path.relative_to(out): path for path in sorted(out.rglob("*")) if path.is_file()}
    return {path.as_posix(): file.read_bytes() for path, file in found.items() if path.parts[0] != ".pyndis"}
