"""A client whose memory changes under the driver's eyes."""

from __future__ import annotations

from typing import Any

from pyndis.host import Handle, Request


class ChangingWrites:
    """Stands for an open handle: each byte of a write changes once the driver has fetched it; `writes` counts them."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self.writes = 0

    def write(self, data: bytes, **options: Any) -> Request:
        """As Handle.write."""
        self.writes += 1
        return self._handle.write(data, hostile=True, **options)

    def __getattr__(self, name: str) -> Any:
        """All else is the handle's own."""
        return getattr(self._handle, name)
