"""The host as glibc and clang's sanitizers see it: the same C, built by Debian's clang with AddressSanitizer and UBSan."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pyndis.host.native import SOURCES, digest
from pyndis.toolchains import cache
from tests.tracing import leaks

CLANG = "clang"
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
C_FLAGS = (
    *("-std=gnu11", "-O1", "-g", "-fno-omit-frame-pointer", "-fno-strict-aliasing", "-pthread"),
    "-w",  # warnings are for the compiler that builds the host
)
"""As the host is built (pyndis.host.native), but for the machine's own C library, which the sanitizers need."""


def clang() -> str:
    """Debian's clang; without it the test is skipped, which CI turns into a failure."""
    found = shutil.which(CLANG)
    if found is None:
        pytest.skip("clang is missing: install the Debian packages clang and libclang-rt-14-dev")
    return found


def host() -> Path:
    """The sanitized executable, built once for each state of the sources."""
    compiler = clang()
    target = cache.folder() / "tests" / "host" / "sanitized" / digest(SOURCES) / "ndis-host"
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            units = [str(file) for file in sorted(SOURCES.glob("*.c"))]
            whole = target.with_suffix(".new")
            compiled = subprocess.run(
                [compiler, *C_FLAGS, *SANITIZERS, *units, "-o", str(whole)], capture_output=True, text=True, check=False
            )
            assert compiled.returncode == 0, compiled.stderr
            whole.replace(target)
    return target


def environment(log: Path) -> dict[str, str]:
    """What makes a session use that host, and write what the sanitizers find into files that begin with `log`.

    The host answers bad accesses of the driver with signal handlers of its own. A leak is what nothing refers to at its end.
    """
    options = f"log_path={log}:detect_leaks={leaks()}:allow_user_segv_handler=1:use_sigaltstack=0"
    return os.environ | {
        "PYNDIS_HOST": str(host()),
        "ASAN_OPTIONS": options,
        "UBSAN_OPTIONS": f"log_path={log}:print_stacktrace=1",
    }


def findings(log: Path) -> str:
    """All that was written to the log."""
    return "\n".join(file.read_text(errors="replace") for file in sorted(log.parent.glob(f"{log.name}*")))
