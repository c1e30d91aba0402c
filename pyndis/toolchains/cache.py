"""Where what is slow to make and the same for every build is kept: zig's own compiled tools and libraries."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "PYNDIS_CACHE"


def folder() -> Path:
    """The user's cache folder of pyndis: PYNDIS_CACHE, else where the system keeps caches. It need not exist."""
    override = os.environ.get(VARIABLE)
    return Path(override) if override else _system_folder() / "pyndis"


def _system_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
