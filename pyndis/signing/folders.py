"""Where the user's own configuration lies on each system."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pyndis.diagnostics import Diagnostic, ToolFailure

FOLDER_VARIABLE = "PYNDIS_CONFIG_DIR"


def configuration_folder(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """PYNDIS_CONFIG_DIR, else `pyndis` where the system keeps a user's settings. It need not exist.

    Raises ToolFailure (PYN-G01) when the user has no home.
    """
    if environ.get(FOLDER_VARIABLE):
        return Path(environ[FOLDER_VARIABLE])
    if platform == "win32" and environ.get("APPDATA"):
        return Path(environ["APPDATA"], "pyndis")
    xdg = Path(environ.get("XDG_CONFIG_HOME", ""))
    if platform not in ("win32", "darwin") and xdg.is_absolute():  # the XDG rules: a relative path is ignored
        return xdg / "pyndis"
    below = {"win32": "AppData/Roaming", "darwin": "Library/Application Support"}.get(platform, ".config")
    return _home() / below / "pyndis"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        message = "this user has no home folder, so there is no place to keep the test certificate"
        help = f"set HOME, or set {FOLDER_VARIABLE} to a folder that only this user can write"
        raise ToolFailure(Diagnostic("PYN-G01", message, help=help)) from error
