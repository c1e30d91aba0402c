"""Locks own what they guard: there is no way in but `with`."""

from __future__ import annotations

from typing import Generic, TypeVar

from pyndis.kernel import raw

T = TypeVar("T")


class Locked(Generic[T]):
    """A spin lock and what it guards. The `with` raises to DISPATCH_LEVEL: nothing in it may call out or wait."""

    def __enter__(self) -> T:
        raise raw.OnlyCompiled("taking a spin lock")

    def __exit__(self, *exception: object) -> None: ...


class Mutexed(Generic[T]):
    """A fast mutex and what it guards. PASSIVE or APC_LEVEL; the `with` raises to APC_LEVEL."""

    def __enter__(self) -> T:
        raise raw.OnlyCompiled("taking a mutex")

    def __exit__(self, *exception: object) -> None: ...
