"""What is in a cabinet: files and signature."""

from __future__ import annotations

from typing import Any

from pyndis.package.cabinet import read_cabinet
from pyndis.signing import inspect_cabinet


def report(data: bytes) -> dict[str, Any]:
    """A cabinet as nested values. Raises DriverFailure (PYN-G50, PYN-G55, PYN-G31)."""
    signature = inspect_cabinet(data)
    files = [{"name": name, "size": len(content)} for name, content in read_cabinet(data).items()]
    return {"format": "cabinet", "files": files, **signature}
