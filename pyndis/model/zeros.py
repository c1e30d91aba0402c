"""Fields without a value: an adapter's memory begins as zeros, so a field holds the zero of its annotation at first."""

from __future__ import annotations

import inspect
import sys
from enum import EnumMeta, IntEnum
from types import ModuleType, UnionType
from typing import Annotated, Any, Protocol, TypeVar, Union, get_args, get_origin

from pyndis.kernel.marks import Array, Mark
from pyndis.kernel.objects import Allocated, KernelObject
from pyndis.model.faults import ModelFault
from pyndis.model.rawtypes import RawType


def with_fields(module: ModuleType) -> list[type]:
    """The classes of a module that annotate fields."""
    classes = (each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__)
    return [each for each in classes if inspect.get_annotations(each) and not isinstance(each, EnumMeta)]


def first_value(self: Any, name: str) -> Any:
    """`__getattr__` of those classes: a field that nothing has been stored in."""
    found = annotation_of(type(self), name)
    if found is None:
        raise AttributeError(f"{type(self).__name__} has no field {name}")
    value = zero(found, self)
    if isinstance(self, KernelObject) and isinstance(value, int | None) and not hasattr(type(self), name):
        raise ModelFault(f"{type(self).__name__}.{name} is read before it is written: the words of a driver in it hold anything")
    setattr(self, name, value)
    return value


def annotation_of(cls: type, name: str) -> Any | None:
    """What a field is annotated with, evaluated."""
    for each in cls.__mro__:
        found = inspect.get_annotations(each).get(name)
        if found is not None:
            return evaluated(found, each.__module__)
    return None


def evaluated(annotation: Any, module: str) -> Any:
    """An annotation that may be text. What only type checkers import is looked for in the library."""
    if not isinstance(annotation, str):
        return annotation
    return eval(annotation, {**vars(sys.modules["pyndis.kernel"]), **vars(sys.modules[module])})


def zero(kind: Any, owner: Any) -> Any:
    """The zero of a type. References are None; what is a part of its owner is made."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _marked(kind, owner)
    if origin in (Union, UnionType) or isinstance(kind, TypeVar):
        return None
    if isinstance(kind, RawType):
        return kind.zero(owner)
    cls = origin or kind
    if cls in (int, bool):
        return cls()
    if issubclass(cls, IntEnum):
        return cls(0) if 0 in {each.value for each in cls} else 0
    if issubclass(cls, KernelObject | Allocated) or Protocol in cls.__bases__:
        return None
    return cls.__new__(cls)


def _marked(kind: Any, owner: Any) -> Any:
    inner, *marks = get_args(kind)
    if any(isinstance(each, Mark) for each in marks):
        return None
    if get_origin(inner) is Array:
        return [0] * marks[0]
    return zero(inner, owner)
