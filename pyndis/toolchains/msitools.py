"""msitools' `msibuild`: makes a Windows Installer database from tables and streams, without Windows."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pyndis.diagnostics import Diagnostic, ToolFailure
from pyndis.toolchains.run import condense

VARIABLE = "PYNDIS_MSIBUILD"
_INSTALL = (
    f"apt install msitools (dnf, brew: msitools), or set {VARIABLE} to the msibuild executable; "
    "on Windows, msbuild NAME.proj /t:MSM makes the same ones with WiX 3"
)
_SECONDS = 120
_NAME = "module.msm"


def find() -> Path:
    """The msibuild to use: PYNDIS_MSIBUILD, else the one on PATH. Raises ToolFailure (PYN-W06)."""
    said = os.environ.get(VARIABLE)
    found = shutil.which(said or "msibuild")
    if found is None:
        tried = f"{VARIABLE} names {said}" if said else "it is not on PATH"
        raise ToolFailure(Diagnostic("PYN-W06", f"msibuild, which makes merge modules, was not found: {tried}", help=_INSTALL))
    return Path(found)


def database(tool: Path, tables: Mapping[str, bytes], streams: Mapping[str, bytes]) -> bytes:
    """A database of tables, by their names, each as an archive file, and of streams. Raises ToolFailure (PYN-W07).

    The same input gives the same bytes; what the tool would take from the machine, its time zone, is fixed.
    """
    with tempfile.TemporaryDirectory(prefix="pyndis-") as folder:
        work = Path(folder)
        names = [f"{table}.idt" for table in tables]
        for name, content in zip(names, tables.values(), strict=True):
            (work / name).write_bytes(content)
        _run(work, [str(tool), _NAME, "-i", *names])
        for number, (stream, content) in enumerate(streams.items()):
            (work / f"stream{number}").write_bytes(content)
            _run(work, [str(tool), _NAME, "-a", stream, f"stream{number}"])
        return (work / _NAME).read_bytes()


def _run(work: Path, argv: list[str]) -> None:
    environment = os.environ | {"TZ": "UTC", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            argv, cwd=work, env=environment, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = error.strerror if isinstance(error, OSError) else f"it did not end within {_SECONDS} seconds"
        raise _failed(f"{argv[0]} failed: {reason}", ()) from error
    if done.returncode or done.stderr or not (work / _NAME).is_file():
        raise _failed(f"{argv[0]} {argv[2]} ended with status {done.returncode}", condense(done.stderr or done.stdout))


def _failed(message: str, notes: tuple[str, ...]) -> ToolFailure:
    return ToolFailure(
        Diagnostic("PYN-W07", message, notes=notes, help="the tool's own words are above; another release may help")
    )
