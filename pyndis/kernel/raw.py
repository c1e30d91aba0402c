"""The kernel's own functions, structs and constants by their C names. Only in `unsafe`; what they are, `pyndis.ddi` knows."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return type(name, (), {"__doc__": f"{name} of the kernel: it exists in the compiled driver only."})
