"""Linux's own TUN and TAP devices, in any network namespace."""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, TypeVar

from pyndis.diagnostics import Diagnostic, ToolFailure, UsageFailure

# <linux/if_tun.h>, <linux/sched.h>
_TUNSETIFF = 0x400454CA
_IFF_TUN = 0x0001
_IFF_TAP = 0x0002
_IFF_NO_PI = 0x1000
_CLONE_NEWNET = 0x40000000
_LONGEST_NAME = 15
_CLONE_DEVICE = "/dev/net/tun"
_NAMESPACES = Path("/run/netns")

Kind = Literal["tun", "tap"]
T = TypeVar("T")


def open_device(kind: Kind, name: str, namespace: str = "") -> int:
    """Make the device, or attach to it if it is there and free, and return its descriptor; a packet per read and write.

    `namespace` is one that `ip netns` lists; empty: ours. Raises UsageFailure (PYN-H30 name, PYN-H31 namespace) and ToolFailure
    (PYN-H32: the system refuses).
    """
    if not 0 < len(name.encode()) <= _LONGEST_NAME or "/" in name or name in (".", ".."):
        raise UsageFailure(
            Diagnostic(
                "PYN-H30", f"{name!r} is no name for a network device", help=f"use 1 to {_LONGEST_NAME} letters and digits"
            )
        )
    return in_namespace(namespace, lambda: _open(kind, name))


def _open(kind: Kind, name: str) -> int:
    flags = (_IFF_TUN if kind == "tun" else _IFF_TAP) | _IFF_NO_PI
    try:
        descriptor = os.open(_CLONE_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
        except OSError:
            os.close(descriptor)
            raise
    except OSError as error:
        raise ToolFailure(
            Diagnostic(
                "PYN-H32",
                f"the {kind} device {name} cannot be opened: {error.strerror}",
                help="run as root (or with CAP_NET_ADMIN), with /dev/net/tun present and the name not in use",
            )
        ) from error
    return descriptor


def in_namespace(namespace: str, do: Callable[[], T]) -> T:
    """Run `do` in a network namespace, on a thread of its own, since the namespace belongs to the thread. Raises as `do` does."""
    if not namespace:
        return do()

    def inside() -> T:
        _enter(namespace)
        return do()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(inside).result()


def _enter(namespace: str) -> None:
    path = _NAMESPACES / namespace
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageFailure(
            Diagnostic(
                "PYN-H31",
                f"there is no network namespace {namespace}: {error.strerror}",
                help=f"make it with `ip netns add {namespace}`",
            )
        ) from error
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(descriptor, _CLONE_NEWNET):
            reason = os.strerror(ctypes.get_errno())
            raise ToolFailure(
                Diagnostic("PYN-H32", f"the network namespace {namespace} cannot be entered: {reason}", help="run as root")
            )
    finally:
        os.close(descriptor)
