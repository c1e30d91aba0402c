"""Which methods of an adapter the kernel calls, and what else its source alone says: in CPython decorators leave nothing."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, get_args

from pyndis.kernel.adapter import Adapter
from pyndis.model.faults import ModelFault
from pyndis.model.zeros import evaluated


@dataclass
class Hooks:
    """Names of methods by what calls them; `one_at_a_time` lists the methods that are marked so."""

    plain: dict[str, str] = field(default_factory=dict)
    timers: dict[str, str] = field(default_factory=dict)
    one_at_a_time: list[str] = field(default_factory=list)


def hooks_of(adapter: type[Adapter]) -> Hooks:
    """Of an adapter's class."""
    hooks = Hooks()
    for method, decorator in _decorators(adapter):
        match decorator:
            case ast.Name(id="one_at_a_time"):
                hooks.one_at_a_time.append(method)
            case ast.Attribute(value=ast.Name(id=timer), attr="elapsed"):
                hooks.timers[timer] = method
            case ast.Attribute(value=ast.Name(id="on" | "device"), attr=hook):
                hooks.plain[hook] = method
    return hooks


def _decorators(adapter: type) -> Iterator[tuple[str, ast.expr]]:
    for cls in _module(adapter).body:
        if isinstance(cls, ast.ClassDef) and cls.name == adapter.__name__:
            for method in cls.body:
                if isinstance(method, ast.FunctionDef):
                    yield from ((method.name, each) for each in method.decorator_list)


def _module(adapter: type) -> ast.Module:
    module = inspect.getmodule(adapter)
    assert module is not None
    return ast.parse(inspect.getsource(module))


def options_of(adapter: type) -> dict[str, str]:
    """The constants of its module that driver.toml chooses: option -> constant."""
    found: dict[str, str] = {}
    for statement in _module(adapter).body:
        match statement:
            case ast.AnnAssign(
                target=ast.Name(id=constant), value=ast.Call(func=ast.Name(id="option"), args=[ast.Constant(value=str(name)), *_])
            ):
                found[name] = constant
            case ast.Assign(
                targets=[ast.Name(id=constant)],
                value=ast.Call(func=ast.Name(id="option"), args=[ast.Constant(value=str(name)), *_]),
            ):
                found[name] = constant
    return found


def argument_class(adapter: type, method: str, base: type) -> type:
    """The class of the object that a hook is handed, which extends `base`; `base` itself if its annotation names none."""
    function = getattr(adapter, method)
    annotations = inspect.get_annotations(function)
    annotations.pop("return", None)
    kinds: list[Any] = [evaluated(each, function.__module__) for each in annotations.values()]
    while kinds:
        kind = kinds.pop()
        if isinstance(kind, type) and issubclass(kind, base):
            return kind
        kinds += get_args(kind)
    return base


def declared_argument(adapter: type, field: str, keyword: str) -> Any:
    """What a declaration in the class body says: `device = ControlDevice(io_refused=…)`."""
    for statement in ast.walk(_module(adapter)):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(keywords=keywords)) if name == field:
                for each in keywords:
                    if each.arg == keyword:
                        return evaluated(ast.unparse(each.value), adapter.__module__)
    raise ModelFault(f"{adapter.__name__}.{field} has no {keyword}")
