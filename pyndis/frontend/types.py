"""What things are, as authors see it. `ctypes` says what becomes of each in C."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyndis.ir import types as c

if TYPE_CHECKING:
    from pyndis.frontend.declarations import ClassDecl, EnumDecl


SIZES = {
    "u8": c.UCHAR, "u16": c.USHORT, "u32": c.ULONG, "u64": c.ULONG64, "i8": c.CHAR, "i16": c.SHORT, "i32": c.LONG,
    "i64": c.LONG64, "usize": c.ULONG_PTR,
}  # fmt: skip
"""The integers of the language."""


class Type:
    """Any type. Types are values."""


@dataclass(frozen=True)
class NoneType(Type):
    """No value, and the value None."""

    def __str__(self) -> str:
        return "None"


@dataclass(frozen=True)
class BoolType(Type):
    """True or False."""

    def __str__(self) -> str:
        return "bool"


@dataclass(frozen=True)
class IntType(Type):
    """An integer with a width and perhaps a narrower range."""

    c: c.Int

    def __str__(self) -> str:
        for name, kind in SIZES.items():
            if self.c.name == kind.name:
                return name if self.c == kind else f"{name} within {self.c.low}..{self.c.high}"
        return f"an integer of {self.c.low}..{self.c.high}"


@dataclass(frozen=True)
class NumberType(Type):
    """An integer without a width: a local's, or that of an arithmetic result."""

    def __str__(self) -> str:
        return "int"


@dataclass(frozen=True)
class EnumType(Type):
    """An IntEnum."""

    decl: EnumDecl

    def __str__(self) -> str:
        return self.decl.name


@dataclass(frozen=True)
class StrType(Type):
    """A string, known when the driver is compiled."""

    def __str__(self) -> str:
        return "str"


@dataclass(frozen=True)
class RawType(Type):
    """Something of the kernel's own that only `unsafe` code handles. `struct`: in place, not a pointer or number."""

    c: c.CType
    struct: bool = False

    def __str__(self) -> str:
        return f"raw.{self.c}"


@dataclass(frozen=True)
class ClassType(Type):
    """An instance of a class; in C a pointer, or a struct in place where it is stored."""

    decl: ClassDecl
    args: tuple[Type, ...] = ()

    def __str__(self) -> str:
        inside = ", ".join(map(str, self.args))
        return self.decl.name + (f"[{inside}]" if inside else "")


@dataclass(frozen=True)
class OptionalType(Type):
    """A reference, or None."""

    inner: Type

    def __str__(self) -> str:
        return f"{self.inner} | None"


@dataclass(frozen=True)
class OwnedType(Type):
    """Consumed exactly once on every path."""

    inner: Type

    def __str__(self) -> str:
        return f"Owned[{self.inner}]"


@dataclass(frozen=True)
class SharedType(Type):
    """A counted share. `unit`: of weight 1, in C a plain pointer; else a local's, which shares can be split from."""

    inner: Type
    unit: bool = False

    def __str__(self) -> str:
        return f"Shared[{self.inner}]"


@dataclass(frozen=True)
class RefType(Type):
    """A field that refers to something in place elsewhere."""

    inner: Type

    def __str__(self) -> str:
        return str(self.inner)


@dataclass(frozen=True)
class TupleType(Type):
    """What a generator yields when it yields several values."""

    items: tuple[Type, ...]

    def __str__(self) -> str:
        return f"tuple[{', '.join(map(str, self.items))}]"


@dataclass(frozen=True)
class IteratorType(Type):
    """What a generator returns."""

    item: Type

    def __str__(self) -> str:
        return f"Iterator[{self.item}]"


@dataclass(frozen=True)
class ArrayType(Type):
    """Items in place."""

    item: Type
    count: int

    def __str__(self) -> str:
        return f"Array[{self.item}] of {self.count}"


@dataclass(frozen=True)
class LockedType(Type):
    """`Locked[T]` or `Mutexed[T]`: a lock and what it guards."""

    inner: Type
    kind: str

    def __str__(self) -> str:
        return f"{self.kind}[{self.inner}]"


@dataclass(frozen=True)
class VarType(Type):
    """A type variable, until it is replaced."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class TypeOf(Type):
    """A class itself, as an argument: `reader.load(Head)`."""

    inner: Type

    def __str__(self) -> str:
        return f"type[{self.inner}]"


NONE, BOOL, NUMBER, STR = NoneType(), BoolType(), NumberType(), StrType()


def strip(type: Type) -> Type:
    """Without marks: what is owned, shared or referred to, or the thing behind `| None`."""
    while isinstance(type, (OwnedType, SharedType, RefType, OptionalType)):
        type = type.inner
    return type


def strip_optional(type: Type) -> Type:
    """Without `| None`."""
    return type.inner if isinstance(type, OptionalType) else type


def unmarked(type: Type) -> Type:
    """Without Owned, Shared and Ref, but `| None` stays."""
    while isinstance(type, (OwnedType, SharedType, RefType)):
        type = type.inner
    return type


def is_integer(type: Type) -> bool:
    """Whether arithmetic may be done with it."""
    return isinstance(type, (IntType, NumberType)) or (isinstance(type, RawType) and isinstance(type.c, c.Int))


@dataclass
class Bindings:
    """What type variables and protocols stand for. Protocols are bound once for the whole program."""

    variables: dict[str, Type] = field(default_factory=dict)

    def substitute(self, type: Type) -> Type:
        """The type with its variables replaced."""
        match type:
            case VarType(name):
                return self.variables.get(name, type)
            case ClassType(decl, args):
                return ClassType(decl, tuple(self.substitute(each) for each in args))
            case OptionalType(inner):
                return optional(self.substitute(inner))
            case OwnedType(inner):
                new = self.substitute(inner)
                return OptionalType(OwnedType(new.inner)) if isinstance(new, OptionalType) else OwnedType(new)
            case SharedType(inner, unit):
                return SharedType(self.substitute(inner), unit)
            case RefType(inner):
                return RefType(self.substitute(inner))
            case TypeOf(inner):
                return TypeOf(self.substitute(inner))
            case IteratorType(item):
                return IteratorType(self.substitute(item))
            case TupleType(items):
                return TupleType(tuple(self.substitute(each) for each in items))
            case ArrayType(item, count):
                return ArrayType(self.substitute(item), count)
            case LockedType(inner, kind):
                return LockedType(self.substitute(inner), kind)
        return type


def optional(type: Type) -> Type:
    """`type | None`, once."""
    return type if isinstance(type, OptionalType) else OptionalType(type)
