"""Functions grouped by what they belong to, each group under its struct's name, callees first as far as that goes.

The frontend gives functions in the order in which it met them, callees first. A reader looks for a class.
"""

from __future__ import annotations

from pyndis.backend.walk import called
from pyndis.ir.nodes import Function, Program
from pyndis.ir.types import Pointer, Struct


def group(program: Program) -> None:
    """Give functions the section of their class, and put them in the order of the sections, in place.

    A program that comes with sections keeps its own.
    """
    if any(each.section for each in program.functions):
        return
    structs = {_letters(each.name): each.name for each in program.structs}
    for function in program.functions:
        function.section = _section(function, structs)
    order = _order(program.functions)
    program.functions.sort(key=lambda each: order.index(each.section))


def _section(function: Function, structs: dict[str, str]) -> str:
    """The struct whose name the function's begins with; of a kernel object or a module the bare name."""
    method = _letters(function.source)
    if not method or not function.name.lower().endswith(method) or len(method) == len(function.name):
        method = ""
    beginning = function.name[: len(function.name) - len(method)] if method else _longest(function.name, structs)
    return structs.get(beginning.lower()) or _kernel_object(function, structs) or beginning


def _kernel_object(function: Function, structs: dict[str, str]) -> str:
    """The kernel's struct that a method of the library extends."""
    first = function.params[0].symbol.type if function.params else None
    target = first.target if isinstance(first, Pointer) else None
    return target.name if isinstance(target, Struct) and target.name not in structs.values() else ""


def _longest(name: str, structs: dict[str, str]) -> str:
    """Of a name that does not end in the method's: the longest struct that it begins with."""
    fitting = [each for each in structs if name.lower().startswith(each)]
    return max(fitting, key=len, default="")


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def _order(functions: list[Function]) -> list[str]:
    """Next is always the section that calls the fewest functions that are not there yet; of equals, the first to appear."""
    waiting = list(dict.fromkeys(each.section for each in functions))
    needed = {
        section: {
            callee for each in functions if each.section == section for callee in called(each.body) if callee.section != section
        }
        for section in waiting
    }
    order: list[str] = []
    while waiting:
        best = min(waiting, key=lambda section: sum(callee.section in waiting for callee in needed[section]))
        waiting.remove(best)
        order.append(best)
    return order
