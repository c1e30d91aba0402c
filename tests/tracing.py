"""Whether a process may trace another here, which the leak sanitizer does to look at every thread. Some containers forbid it."""

from __future__ import annotations

import ctypes
import os
import warnings
from functools import cache

_ATTACH, _DETACH = 16, 17  # PTRACE_ATTACH, PTRACE_DETACH of Linux


@cache
def leaks() -> int:
    """What `detect_leaks` is to be: 1, or 0 with a warning where it cannot work."""
    if _may_trace():
        return 1
    warnings.warn("leaks of the host are not looked for: no process may trace another here (ptrace)", stacklevel=2)
    return 0


def _may_trace() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write)
        os.read(read, 1)  # until the parent is done
        os._exit(0)
    try:
        if libc.ptrace(_ATTACH, child, None, None) != 0:
            return False
        os.waitpid(child, 0)
        return bool(libc.ptrace(_DETACH, child, None, None) == 0)
    finally:
        os.close(write)
        os.close(read)
        os.waitpid(child, 0)
