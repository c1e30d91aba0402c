"""One function, run by CPython and as native C, with arguments that its annotations allow."""

from __future__ import annotations

import importlib.util
import inspect
import itertools
import random
import typing
from collections.abc import Callable, Iterator
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

from pyndis import native
from pyndis.checks import ranges
from pyndis.ddi.facts import facts
from pyndis.diagnostics.render import render_all
from pyndis.frontend.declarations import FuncDecl
from pyndis.frontend.instances import instance_of
from pyndis.frontend.program import Context, Instance
from pyndis.ir.nodes import Program
from pyndis.kernel.marks import Within
from pyndis.kernel.status import NtError, Status

PROGRAMS = Path(__file__).parent / "programs"
_EDGES = (0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 40, 64, 100, 101, 127, 128, 200, 201, 255, 256, 999, 1000, 0x7FFF, 0xFFFF, 0x1_0000)
_MOST = 400
_PRIVATE = {"FlowStopped": 0xE050_0001, "BudgetSpent": 0xE050_0002}


def features() -> list[str]:
    """The modules of programs/."""
    return sorted(each.stem for each in PROGRAMS.glob("*.py"))


def python(feature: str) -> ModuleType:
    """A feature's module, as CPython imports it."""
    spec = importlib.util.spec_from_file_location(f"language_{feature}", PROGRAMS / f"{feature}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def functions(module: ModuleType) -> list[str]:
    """Those that can be called from here: no generators, no objects as parameters."""
    own = [each for each in vars(module).values() if callable(each) and getattr(each, "__module__", "") == module.__name__]
    plain = [each for each in own if not isinstance(each, type) and not inspect.isgeneratorfunction(each)]
    return [each.__name__ for each in plain if all(samples(hint) for hint in _hints(each).values())]


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    return {name: hint for name, hint in typing.get_type_hints(function, include_extras=True).items() if name != "return"}


def samples(hint: Any) -> list[Any]:
    """Values of a type; none for what is no number."""
    if hint is bool:
        return [False, True]
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return list(hint)
    if typing.get_origin(hint) is not Annotated:
        return []
    within = [each for each in hint.__metadata__ if isinstance(each, Within)]
    low, high = max(each.low for each in within), min(each.high for each in within)
    edges = {low, low + 1, high - 1, high, *_EDGES, *(-each for each in _EDGES), 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF}
    return sorted(each for each in edges if low <= each <= high)


def arguments(function: Callable[..., Any]) -> Iterator[tuple[Any, ...]]:
    """Combinations of samples: all of them, or as many by a fixed seed as are soon done."""
    every = [samples(hint) for hint in _hints(function).values()]
    combinations = list(itertools.product(*every))
    yield from combinations if len(combinations) <= _MOST else random.Random(7).sample(combinations, _MOST)


def compiled(feature: str, folder: Path) -> tuple[Context, dict[str, Instance], Program]:
    """All functions of a feature, lowered and proven."""
    driver = folder / feature
    driver.mkdir()
    (driver / f"{feature}.py").write_bytes((PROGRAMS / f"{feature}.py").read_bytes())
    context = Context(driver, facts(), {})
    table = context.scope.table(context.sources.driver())
    plain = {name: each for name, each in table.items() if isinstance(each, FuncDecl) and not each.is_generator}
    instances = {name: instance_of(context, each, None, node=each.node) for name, each in plain.items()}
    for instance in instances.values():
        assert instance.ir is not None
        instance.ir.entry_irql, instance.ir.inline = (0, 2), False
    program = Program(feature, list(context.used_constants.values()), list(context.structs.values()), context.functions)
    found = ranges.check(program, facts())
    assert not found, render_all(found)
    return context, instances, program


def in_python(function: Callable[..., Any], given: tuple[Any, ...]) -> tuple[int, Any]:
    """The status (0: none was raised) and the result."""
    try:
        result = function(**dict(zip(_hints(function), given, strict=True)))
    except NtError as error:
        return _PRIVATE.get(type(error).__name__, int(error.status)), None
    return 0, int(result) if result is not None else None


def in_c(loaded: native.Native, instance: Instance, given: tuple[Any, ...]) -> tuple[int, Any]:
    """The same of the native function."""
    assert instance.ir is not None
    call = getattr(loaded, instance.c_name)
    numbers = [int(each) for each in given]
    if not instance.fallible:
        return 0, _value(instance, call(*numbers))
    out = [loaded.new(str(each.symbol.type)) for each in instance.ir.params if each.sal == "_Out_"]
    status = call(*numbers, *out) & 0xFFFF_FFFF
    failed = status >= 0x8000_0000
    return (status, None) if failed else (0, _value(instance, out[0][0] if out else None))


def _value(instance: Instance, result: Any) -> Any:
    if "Status" in str(instance.result) and result is not None:
        return int(Status(result & 0xFFFF_FFFF))
    return result
