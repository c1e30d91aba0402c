"""The base of all classes that stand for an object of the kernel's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pyndis.kernel import raw
from pyndis.kernel.marks import Ref, usize

if TYPE_CHECKING:
    from pyndis.kernel.adapter import Adapter

T = TypeVar("T")


class KernelObject:
    """A pointer to a struct of the kernel's.

    `kernel`: that struct. `overlay`: C for the address of the words that Windows leaves to the object's owner, with `{}` for the
    pointer; `room`: C for their size. The fields that a subclass adds are laid out there.
    """

    def __init_subclass__(cls, kernel: str = "", overlay: str = "", room: str = "", counted: bool = False) -> None: ...


class Allocated:
    """A block of nonpaged memory, reached by reference only. `cast` makes it from what the allocator returned."""

    def __init_subclass__(cls, counted: bool = False) -> None: ...


class Adapted:
    """A part of an adapter. `adapter` is the one it is a part of; `make` builds it, `unmake` takes it down."""

    adapter: Ref[Adapter]


def cast(target: type[T], value: Any) -> T:
    """A pointer taken for another. Only in `unsafe`."""
    played = raw.played("cast")
    return played(target, value) if played is not None else value  # type: ignore[no-any-return]


def addr(place: Any) -> Any:
    """The address of a field or local. Only in `unsafe`."""
    played = raw.played("addr")
    if played is None:
        raise raw.OnlyCompiled("addr")
    return played(place)


def sizeof(what: Any) -> usize:
    """The size of a struct in bytes."""
    played = raw.played("sizeof")
    if played is None:
        raise raw.OnlyCompiled("sizeof")
    return played(what)  # type: ignore[no-any-return]


def program_adapter(extension: Any) -> Any:
    """The adapter whose state lies in a device's extension."""
    return extension
