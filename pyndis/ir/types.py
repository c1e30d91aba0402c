"""Types of the intermediate form: C's, with the values that an integer may have."""

from __future__ import annotations

from dataclasses import dataclass, replace


class CType:
    """Any type. Types are values: equal when they print alike."""


@dataclass(frozen=True)
class Void(CType):
    """No value."""

    def __str__(self) -> str:
        return "VOID"


@dataclass(frozen=True)
class Bool(CType):
    """BOOLEAN: FALSE or TRUE."""

    def __str__(self) -> str:
        return "BOOLEAN"


@dataclass(frozen=True)
class Int(CType):
    """An integer typedef. `low..high` are the values it may hold here, a part of what `bits` allow; bits 0 = a pointer's size."""

    name: str
    bits: int
    signed: bool
    low: int
    high: int

    def within(self, low: int, high: int) -> Int:
        """The same C type with fewer values."""
        return replace(self, low=low, high=high)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Number(CType):
    """A mathematical integer that no declaration gave a width. `checks.ranges` turns it into an Int."""

    def __str__(self) -> str:
        return "number"


@dataclass(frozen=True)
class Named(CType):
    """An opaque typedef that is only passed on: NDIS_HANDLE, HANDLE, PVOID, a function pointer type."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Struct(CType):
    """A struct typedef, the kernel's or the program's."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Pointer(CType):
    """A pointer. NULL is allowed only where the frontend has proven or checked it."""

    target: CType
    const: bool = False
    volatile: bool = False

    def __str__(self) -> str:
        marks = ("const " if self.const else "") + ("volatile " if self.volatile else "")
        return f"{marks}{self.target} *"


@dataclass(frozen=True)
class Array(CType):
    """An array in place."""

    element: CType
    count: int

    def __str__(self) -> str:
        return f"{self.element}[{self.count}]"


def _int(name: str, bits: int, signed: bool) -> Int:
    width = bits or 64
    low, high = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
    return Int(name, bits, signed, low, high)


VOID, BOOL, NUMBER = Void(), Bool(), Number()
UCHAR, USHORT, ULONG, ULONG64 = (_int(n, b, False) for n, b in (("UCHAR", 8), ("USHORT", 16), ("ULONG", 32), ("ULONG64", 64)))
CHAR, SHORT, LONG, LONG64 = (_int(n, b, True) for n, b in (("CHAR", 8), ("SHORT", 16), ("LONG", 32), ("LONG64", 64)))
ULONG_PTR, SIZE_T = _int("ULONG_PTR", 0, False), _int("SIZE_T", 0, False)
NTSTATUS, NDIS_STATUS, KIRQL = _int("NTSTATUS", 32, True), _int("NDIS_STATUS", 32, True), _int("KIRQL", 8, False)
