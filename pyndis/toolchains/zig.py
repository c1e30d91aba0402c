"""The embedded toolchain: the `zig` executable of the `ziglang` wheel, which carries clang, lld, rc and dlltool inside.

The executable is started directly: `python -m ziglang` would start a second Python for each command.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from pyndis.diagnostics import Diagnostic, ToolFailure
from pyndis.toolchains import cache as user_cache

VARIABLE = "PYNDIS_ZIG"
OLDEST = (0, 15)
"""The oldest release that the tests have passed with (its clang is 20)."""
_INSTALL = f"pip install ziglang (into the Python that runs pyndis), or set {VARIABLE} to the zig executable"


@dataclass(frozen=True)
class Zig:
    """A zig that answered. `library` is its `lib` folder, which holds the compiler's own headers."""

    path: Path
    version: str
    library: Path

    @property
    def headers(self) -> Path:
        """clang's freestanding headers (stdint.h, stdarg.h, intrin.h)."""
        return self.library / "include"

    def tool(self, name: str) -> tuple[str, str]:
        """The start of an argument list: `clang`, `lld-link`, `ld.lld`, `rc`, `dlltool` or `cc`."""
        return str(self.path), name

    @property
    def caches(self) -> tuple[tuple[str, str], ...]:
        """Where zig keeps the tools that it compiles on first use, `rc` among them. ZIG_DEBUG_CMD has them compiled without
        optimization: 6 seconds instead of 34, and resource scripts are small."""
        place = str(user_cache.folder() / "zig")
        return (("ZIG_GLOBAL_CACHE_DIR", place), ("ZIG_LOCAL_CACHE_DIR", place), ("ZIG_DEBUG_CMD", "1"))


def find() -> Zig:
    """The zig to use: PYNDIS_ZIG, else the `ziglang` wheel's, else the one on PATH.

    Raises ToolFailure: PYN-T01 if there is none, PYN-T02 if it does not answer as a zig of a version we can use.
    """
    override = os.environ.get(VARIABLE)
    if override:
        return _checked(Path(override))
    candidates = list(_candidates())
    for path in candidates:
        if path.is_file():
            return _checked(path)
    tried = ", ".join(map(str, candidates)) or "the ziglang package and PATH"
    raise ToolFailure(Diagnostic("PYN-T01", f"the C toolchain zig was not found; tried {tried}", help=_INSTALL))


def _candidates() -> Iterator[Path]:
    spec = find_spec("ziglang")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(folder) / ("zig.exe" if os.name == "nt" else "zig")
    on_path = shutil.which("zig")
    if on_path:
        yield Path(on_path)


@cache
def _checked(path: Path) -> Zig:
    version = _version(path)
    numbers = re.match(r"(\d+)\.(\d+)\.", version)
    if not numbers:
        raise _foreign(path, f"it answered `version` with {version[:60]!r}")
    if (int(numbers[1]), int(numbers[2])) < OLDEST:
        raise _foreign(path, f"it is zig {version}, and {'.'.join(map(str, OLDEST))} or later is wanted")
    return Zig(path, version, _library(path))


def _version(path: Path) -> str:
    try:
        done = subprocess.run([path, "version"], capture_output=True, text=True, errors="replace", timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = error.strerror if isinstance(error, OSError) else "it did not answer"
        raise _foreign(path, f"starting it failed: {reason}") from error
    if done.returncode != 0:
        raise _foreign(path, f"`version` ended with status {done.returncode}")
    return done.stdout.strip()


def _library(path: Path) -> Path:
    """`lib` beside the executable (the wheel, zig's archives), or `../lib/zig` (packages of distributions)."""
    real = path.resolve()
    for folder in (real.parent / "lib", real.parent.parent / "lib" / "zig"):
        if (folder / "include" / "stdint.h").is_file():
            return folder
    raise _foreign(path, "the folder with its headers (lib/include) is not beside it")


def _foreign(path: Path, reason: str) -> ToolFailure:
    return ToolFailure(Diagnostic("PYN-T02", f"{path} is not a zig that can be used: {reason}", help=_INSTALL))
