"""Where tests keep what is slow to make, for the next run.

Each checkout has a folder of its own in the cache: two that are tested at the same time must not exchange each other's images.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyndis.toolchains import cache

_CHECKOUT = Path(__file__).resolve().parents[1]


def kept(*names: str) -> Path:
    """This checkout's folder of that name. It need not exist."""
    return cache.folder() / "tests" / hashlib.sha256(str(_CHECKOUT).encode()).hexdigest()[:12] / Path(*names)


@contextmanager
def alone(folder: Path) -> Iterator[Path]:
    """The folder, made, while no other process is in here with it: what workers of one run want, one of them makes."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
