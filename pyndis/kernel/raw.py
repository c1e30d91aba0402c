"""The kernel's own functions, structs and constants by their C names. Only in `unsafe`; what they are, `pyndis.ddi` knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class OnlyCompiled(RuntimeError):
    """What the compiler alone can do was called in CPython, where nobody plays the kernel."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is the compiler's to do; in CPython a driver runs in a Model, which plays the kernel")


_players: list[Callable[[str], Any]] = []


def play(player: Callable[[str], Any]) -> None:
    """In CPython: from here on this says what the names stand for (`pyndis.model`)."""
    _players.append(player)


def rest() -> None:
    """The last of those that play is done."""
    _players.pop()


def played(name: str) -> Any | None:
    """What stands for a name while somebody plays the kernel; None if nobody does."""
    return _players[-1](name) if _players else None


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if _players:
        return _players[-1](name)
    return type(name, (), {"__doc__": f"{name} of the kernel: it exists in the compiled driver only."})
