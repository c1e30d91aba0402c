"""`@struct` classes in memory, little endian with natural alignment; casts between numbers, pointers and objects."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import IntEnum
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pyndis.kernel.marks import Array, Within
from pyndis.kernel.objects import Allocated, KernelObject
from pyndis.model.memory import Pointer
from pyndis.model.rawtypes import RawType
from pyndis.model.zeros import evaluated


def size_of(what: Any) -> int:
    """`sizeof`: of a class, the fields that it adds, each taken for a word."""
    if isinstance(what, RawType):
        return what.size
    return 8 * len(inspect.get_annotations(what))


def bounds(kind: Any) -> Within | None:
    """The range of an integer type."""
    marks = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    return next((each for each in marks if isinstance(each, Within)), None)


def fields(struct: type) -> Iterator[tuple[str, int, int, bool]]:
    """Name, offset, size and whether it is one number, of each field."""
    at = 0
    for name, text in inspect.get_annotations(struct).items():
        kind = evaluated(text, struct.__module__)
        item, *rest = get_args(kind)
        array = get_origin(item) is Array
        width = _width(get_args(item)[0] if array else kind)
        at = -(-at // width) * width
        size = width * rest[0] if array else width
        yield name, at, size, not array
        at += size


def struct_size(struct: type) -> int:
    """Bytes, as an array of them would have it."""
    found = list(fields(struct))
    widest = max(_width(evaluated(text, struct.__module__)) for text in inspect.get_annotations(struct).values())
    end = max(at + size for _, at, size, _ in found)
    return -(-end // widest) * widest


def _width(kind: Any) -> int:
    item = get_args(kind)[0] if get_args(kind) else kind
    if get_origin(item) is Array:
        return _width(get_args(item)[0])
    limits = bounds(kind)
    return 1 if limits is None else max(1, (limits.high - limits.low).bit_length() // 8)


def load(struct: type, source: Pointer) -> Any:
    """Each number of it, from memory."""
    found = struct()
    for name, at, size, number in fields(struct):
        if number:
            setattr(found, name, int.from_bytes((source + at).load(size), "little"))
    return found


def cast(target: Any, value: Any) -> Any:
    """A pointer taken for another, a number brought into a range, an object's address as a number."""
    limits = bounds(target)
    if limits is not None:
        return wrapped(value if isinstance(value, int) else _address(value), limits)
    if isinstance(target, RawType):
        return value.__dict__.get("memory", value) if isinstance(value, Allocated) else value
    cls = get_origin(target) or target
    if value is None or isinstance(cls, TypeVar) or not isinstance(cls, type):
        return value
    if issubclass(cls, IntEnum):
        return cls(value)
    if issubclass(cls, Allocated) and isinstance(value, Pointer):
        found = cls.__new__(cls)
        found.__dict__["memory"] = value
        return found
    if issubclass(cls, KernelObject) and isinstance(value, KernelObject) and not isinstance(value, cls):
        value.__class__ = cls
    return value


def _address(value: Any) -> int:
    return 0 if value is None else id(value)


def wrapped(value: int, limits: Within) -> int:
    """The number with the same low bits in this range."""
    return (value - limits.low) % (limits.high - limits.low + 1) + limits.low
