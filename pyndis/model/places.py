"""`addr(place)` in CPython: the expression that is written between the brackets says which field or local it is."""

from __future__ import annotations

import ast
import ctypes
import itertools
import linecache
import sys
from functools import cache
from types import CodeType, FrameType
from typing import Any, Protocol

from pyndis.model.faults import ModelFault


class Place(Protocol):
    """Where a number or a pointer is stored."""

    def load(self) -> Any: ...

    def store(self, value: Any) -> None: ...


class FieldPlace:
    """A field of an object."""

    def __init__(self, object: Any, name: str) -> None:
        self.object, self.name = object, name

    def load(self) -> Any:
        return getattr(self.object, self.name)

    def store(self, value: Any) -> None:
        setattr(self.object, self.name, value)


class LocalPlace:
    """A local of a function that runs."""

    def __init__(self, frame: FrameType, name: str) -> None:
        self.frame, self.name = frame, name

    def load(self) -> Any:
        return self.frame.f_locals[self.name]

    def store(self, value: Any) -> None:
        self.frame.f_locals[self.name] = value
        if sys.version_info < (3, 13):  # from there on f_locals writes through (PEP 667)
            ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(self.frame), ctypes.c_int(0))


def place_in(frame: FrameType, value: Any) -> Any:
    """The place that a call which `frame` is making has as its one argument. What is no field or local stands for itself."""
    owner, name = _argument(frame.f_code, frame.f_lasti)
    if not name:
        return value
    if owner is None:
        return LocalPlace(frame, name)
    return FieldPlace(eval(owner, frame.f_globals, frame.f_locals), name)


@cache
def _argument(code: CodeType, instruction: int) -> tuple[CodeType | None, str]:
    """The object (None: a local) and the name in it."""
    position = next(itertools.islice(code.co_positions(), instruction // 2, None))
    call = _calls(code.co_filename).get(position)
    if call is None:
        raise ModelFault(f"{code.co_filename}: what `addr` is called with is not known: its source or its columns are missing")
    match call.args[0]:
        case ast.Attribute(value=owner, attr=name):
            return compile(ast.Expression(owner), code.co_filename, "eval"), name
        case ast.Name(id=name):
            return None, name
    return None, ""


@cache
def _calls(path: str) -> dict[tuple[int | None, int | None, int | None, int | None], ast.Call]:
    tree = ast.parse("".join(linecache.getlines(path)))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {(node.lineno, node.end_lineno, node.col_offset, node.end_col_offset): node for node in calls}
