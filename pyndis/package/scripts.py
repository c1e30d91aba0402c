"""Scripts for the machine on which a driver is tried: install it, verify it as it runs, attach a debugger to it.

They stand in the tree beside the project, and take everything about the driver from `driver.toml`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

from pyndis.package.escape import Escaped
from pyndis.package.manifest import Manifest
from pyndis.package.templates import render

FOLDER = "scripts"

_NAMES = ("install", "verifier", "debugger")
_MACHINES = {"amd64": "AMD64", "x86": "x86", "arm64": "ARM64"}  # PROCESSOR_ARCHITECTURE of Windows for each


def script_files(manifest: Manifest) -> dict[PurePosixPath, bytes]:
    """The scripts by their path below `--out`: UTF-8 with a mark, by which old PowerShells know it, and CRLF."""
    values = {
        "name": manifest.name,
        "image": f"{manifest.name}.sys",
        "hardware_id": manifest.driver.hardware_id,
        "class_name": manifest.setup.class_name,
        "class_guid": manifest.setup.class_guid,
        "folder": manifest.folder.resolve().name,
        "folders": [{"machine": _MACHINES[arch], "name": arch} for arch in manifest.driver.architectures],
        "options": _verifier_options(),
    }
    return {
        PurePosixPath(FOLDER, f"{name}.ps1"): _encoded(render("ps1", f"package/{FOLDER}/{name}.ps1.j2", **values))
        for name in _NAMES
    }


def _verifier_options() -> list[dict[str, Any]]:
    """Driver Verifier's options as `verifier.ps1` prints them."""
    data = tomllib.loads((Path(__file__).parent / "data" / "verifier.toml").read_text("utf-8"))
    return [
        {**option, "flag": Escaped(f"{option['flag']:x}"), "chosen": Escaped(str(option["chosen"]).lower())}
        for option in data["option"]
    ]


def _encoded(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("utf-8-sig")
