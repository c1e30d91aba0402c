"""clang in two other roles: it preprocesses for the C checker, and makes shared objects for this machine for unit tests."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyndis import resources
from pyndis.diagnostics import Diagnostic, ToolFailure
from pyndis.files import write_whole
from pyndis.toolchains.run import condense
from pyndis.toolchains.targets import Arch, language_flags
from pyndis.toolchains.zig import Zig

PARSE = "PYNDIS_PARSE"
"""Defined while preprocessing for pycparser: our headers then leave out what only a compiler understands."""

_NATIVE = (
    "-std=c11",
    "-fms-extensions",
    "-fshort-wchar",
    "-fno-strict-aliasing",
    "-fPIC",
    "-shared",
    "-g",
    "-O1",
    "-Wall",
    "-Wextra",
)
_SANITIZE = ("-fsanitize=undefined", "-fsanitize-minimal-runtime", "-fsanitize-recover=undefined")


def preprocess(zig: Zig, source: Path, include: Sequence[Path], defines: Mapping[str, str], arch: Arch = "amd64") -> str:
    """The text of `source` after the preprocessor, without line markers, PYNDIS_PARSE defined.

    Raises ToolFailure (PYN-T04) with clang's words when a header is missing or an #error is met.
    """
    language = language_flags(arch, zig.headers, include, {PARSE: "", **defines})
    return _run(zig, (*zig.tool("clang"), *language, "-E", "-P", str(source)), f"preprocess {source.name}")


def compile_native(
    zig: Zig,
    sources: Sequence[Path],
    out: Path,
    sanitize: bool = False,
    *,
    include: Sequence[Path] = (),
    defines: Mapping[str, str] | None = None,
) -> Path:
    """A shared object for this machine, `out`, that cffi or ctypes can load; wide characters have 16 bits as on Windows.

    With `sanitize`, the first undefined behaviour that runs is named by its exported variable `pyndis_undefined_behaviour`
    (char *, NULL if there was none). What the sources call and do not define is looked up in the process that loads it.
    Raises ToolFailure (PYN-T04) with clang's words when the sources do not compile.
    """
    extra = [resources.toolchain() / "runtime" / "native_sanitizer.c"] if sanitize else []
    checks = _SANITIZE if sanitize else ("-fno-sanitize=all",)
    folders = [word for folder in include for word in ("-isystem", str(folder))]
    macros = [f"-D{name}={value}" if value else f"-D{name}" for name, value in (defines or {}).items()]
    # Without a C library, zig need not build its start-up files first. On macOS every image must have the system's.
    libraries = ["-nostdlib"] if sys.platform == "linux" else []
    with tempfile.TemporaryDirectory(prefix="pyndis-", ignore_cleanup_errors=True) as work:
        made = Path(work) / out.name
        files = [str(path) for path in (*sources, *extra)]
        argv = (*zig.tool("cc"), *_NATIVE, *checks, *libraries, *folders, *macros, *files, "-o", str(made))
        _run(zig, argv, f"compile {', '.join(path.name for path in sources)} for this machine")
        write_whole(out, made.read_bytes(), 0o755)
    return out


def _run(zig: Zig, argv: Sequence[str], note: str) -> str:
    environment = os.environ | dict(zig.caches)
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise ToolFailure(
            Diagnostic("PYN-T04", f"{note}: clang ended with status {done.returncode}", notes=condense(done.stderr))
        )
    return done.stdout
