"""How a client of one driver makes traffic: what the suite cannot know by itself, told by a Python file of the driver's folder.

The file is named by `[test] traffic` in driver.toml, or by `--traffic`. It has these functions:

    def connect(process: Process, adapter: Adapter) -> Handle: …          # a client's open handle on the adapter
    def indicate(handle: Handle, packets: Sequence[bytes], wait: bool) -> Request: …   # makes the driver indicate these packets
    def take(handle: Handle, wait: bool) -> Request: …                    # takes what the stack has sent
    def taken(request: Request) -> list[bytes]: …                         # the packets that such a request got
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from pyndis.diagnostics import Diagnostic, UsageFailure
from pyndis.host import Adapter, Handle, Process, Request

FUNCTIONS = ("connect", "indicate", "take", "taken")


class Traffic(Protocol):
    """The functions of a traffic file. `wait=False`: return at once, also when the driver's dispatch has not returned."""

    def connect(self, process: Process, adapter: Adapter) -> Handle:
        """A client's open handle on the adapter's device."""

    def indicate(self, handle: Handle, packets: Sequence[bytes], wait: bool) -> Request:
        """A request that makes the driver indicate these packets."""

    def take(self, handle: Handle, wait: bool) -> Request:
        """A request that takes packets that the stack has sent."""

    def taken(self, request: Request) -> list[bytes]:
        """The packets that such a request got, in order."""


class TrafficFile:
    """The functions of a traffic file; another process that gets it loads the file itself."""

    def __init__(self, file: Path, module: ModuleType) -> None:
        self.file = file
        self._functions = cast("Traffic", module)

    def __reduce__(self) -> tuple[Callable[[Path], TrafficFile], tuple[Path]]:
        return load, (self.file,)

    def connect(self, process: Process, adapter: Adapter) -> Handle:
        """As Traffic says."""
        return self._functions.connect(process, adapter)

    def indicate(self, handle: Handle, packets: Sequence[bytes], wait: bool) -> Request:
        """As Traffic says."""
        return self._functions.indicate(handle, packets, wait)

    def take(self, handle: Handle, wait: bool) -> Request:
        """As Traffic says."""
        return self._functions.take(handle, wait)

    def taken(self, request: Request) -> list[bytes]:
        """As Traffic says."""
        return self._functions.taken(request)


def load(file: Path) -> TrafficFile:
    """The traffic file as an object. Raises UsageFailure (PYN-J02) if it cannot be read, fails, or lacks a function."""
    module = _module(file)
    missing = [name for name in FUNCTIONS if not callable(getattr(module, name, None))]
    if missing:
        raise _unfit(file, f"it has no function {', '.join(missing)}")
    return TrafficFile(file, module)


def _module(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("driver_traffic", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise _unfit(file, "it is no Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the author's code raises is the author's to see
        raise _unfit(file, f"it fails with {type(error).__name__}: {error}") from error
    return module


def _unfit(file: Path, why: str) -> UsageFailure:
    help = f"it is a Python file with the functions {', '.join(FUNCTIONS)}; docs/testing.md shows one"
    return UsageFailure(Diagnostic("PYN-J02", f"{file} cannot be used for traffic: {why}", help=help))
