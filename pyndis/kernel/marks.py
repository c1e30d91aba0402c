"""The marks and integers of the language: no cost, read by the compiler only. CPython and type checkers see through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Generic, TypeAlias, TypeVar

from pyndis.kernel import raw

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Mark:
    """What an annotation says beyond the type."""

    def __init__(self, name: str) -> None:
        self.name = name


class Within:
    """The least and the greatest value of an integer: proven when stored, known when loaded."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high


Owned: TypeAlias = Annotated[T, Mark("owned")]  # consumed exactly once on every path
Ref: TypeAlias = Annotated[T, Mark("ref")]  # a field that refers to a part of something that outlives its owner
Shared: TypeAlias = Annotated[T, Mark("shared")]  # a counted share of a T; the last one to go finishes it

u8: TypeAlias = Annotated[int, Within(0, 0xFF)]
u16: TypeAlias = Annotated[int, Within(0, 0xFFFF)]
u32: TypeAlias = Annotated[int, Within(0, 0xFFFF_FFFF)]
u64: TypeAlias = Annotated[int, Within(0, 0xFFFF_FFFF_FFFF_FFFF)]
i32: TypeAlias = Annotated[int, Within(-0x8000_0000, 0x7FFF_FFFF)]
i64: TypeAlias = Annotated[int, Within(-0x8000_0000_0000_0000, 0x7FFF_FFFF_FFFF_FFFF)]
usize: TypeAlias = Annotated[int, Within(0, 0xFFFF_FFFF_FFFF_FFFF)]  # as wide as a pointer; 32 bits are proven
Handle: TypeAlias = Annotated[int, Mark("HANDLE")]
Address: TypeAlias = Annotated[int, Mark("PUCHAR")]  # of bytes; `address + n` only in unsafe

KiB: Final = 1024
MiB: Final = 1024 * KiB


class Array(Generic[T]):
    """`Annotated[Array[u8], 12]`: items in place, the length is in the type."""

    def __getitem__(self, index: int) -> T:
        raise raw.OnlyCompiled(f"item {index} of an array")


def struct(cls: type[T]) -> type[T]:
    """A C struct: a value with natural alignment."""
    return cls


class KernelField:
    """In CPython an object has the field once something has been stored in it."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __get__(self, instance: object, owner: type) -> KernelField:
        if instance is None:
            return self
        raise AttributeError(self.path)


def at(path: str) -> Any:
    """A field that the kernel's own struct has, by its path there."""
    return KernelField(path)


def shared(item: T) -> T:
    """The first share of a counted object. In a local it has weight, so that splitting off shares touches no memory."""
    played = raw.played("shared")
    return played(item) if played is not None else item


def owned(item: T) -> T:
    """What is ours from here on: in the library, or in `unsafe`."""
    return item


def given(item: Any) -> None:
    """What is somebody else's from here on: in the library, or in `unsafe`."""


def option(name: str, default: str, *others: str) -> str:
    """A constant from driver.toml; an `if` on it is decided before anything else. In CPython it is the default."""
    return default


def callback(role: str, context: str = "", within: str = "") -> Callable[[F], F]:
    """A method that the kernel calls, with this function type.

    `context`: the C parameter that is the object; `within`: the field whose address the first C parameter is.
    """
    return lambda method: method


def one_at_a_time(method: Callable[[T], bool]) -> Callable[..., None]:
    """A method `() -> bool` that does one step of some work; True: there may be more.

    Calling it runs steps until there is nothing to do. A call during a run makes the runner go round once more, and returns. With
    `bounded=True` the caller stops after one step and hands the rest to a work item.
    """
    return method  # type: ignore[return-value]


def completes(method: F) -> F:
    """A method that consumes a request and answers it."""
    return method


def pends(method: F) -> F:
    """A method that consumes a request, which is answered later: dispatch returns STATUS_PENDING."""
    return method


class unsafe:
    """`with unsafe("why"):` raw DDI calls and casts, which `pyndis check --unsafe` lists."""

    def __init__(self, why: str) -> None:
        self.why = why

    def __enter__(self) -> None: ...

    def __exit__(self, *exception: object) -> None: ...
