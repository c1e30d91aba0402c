"""Which functions go together into a shared object, and whether they can run outside a kernel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from pyndis.backend.walk import of_body
from pyndis.diagnostics import Diagnostic, Label, Span, UsageFailure
from pyndis.ir.nodes import Call, Case, Expr, Field, Function, Global, Program, Stmt
from pyndis.ir.types import CType, Pointer, Struct

PRELUDE = Path(__file__).with_name("prelude.h")
_HELP = "take a function that computes from its arguments alone, or test the driver in the host"


def closure(program: Program, names: Sequence[str]) -> list[Function]:
    """The named functions and all that they call, in the program's order.

    Raises UsageFailure: PYN-Q01 for a name that the program lacks, PYN-Q02 where one needs the kernel.
    """
    wanted: dict[Function, None] = {}
    waiting = [_find(program, name) for name in names]
    while waiting:
        function = waiting.pop()
        if function not in wanted:
            wanted[function] = None
            waiting += _callees(function)
    own = {each.name for each in program.structs}
    for function in wanted:
        for node in of_body(function.body):
            _refuse_kernel(function, node, own)
    return [each for each in program.functions if each in wanted]


def _callees(function: Function) -> Iterator[Function]:
    return (node.function for node in of_body(function.body) if isinstance(node, Call) and isinstance(node.function, Function))


def _find(program: Program, name: str) -> Function:
    for each in program.functions:
        if each.name == name:
            return each
    known = ", ".join(sorted(each.name for each in program.functions))
    raise UsageFailure(Diagnostic("PYN-Q01", f"the program {program.name} has no function {name}", help=f"it has: {known}"))


def _refuse_kernel(function: Function, node: Expr | Stmt | Case, own: Iterable[str]) -> None:
    match node:
        case Call(function=str() as name) if name not in available():
            raise _needs_kernel(function, f"it calls {name}", node.span)
        case Global():
            raise _needs_kernel(function, f"it uses the object {node.name}", node.span)
        case Field() if (struct := _struct(node.base.type)) not in own:
            raise _needs_kernel(function, f"it looks into the kernel's {struct}", node.span)
        case _:
            pass


def _struct(type: CType) -> str:
    type = type.target if isinstance(type, Pointer) else type
    return type.name if isinstance(type, Struct) else str(type)


def _needs_kernel(function: Function, why: str, span: Span | None) -> UsageFailure:
    place = span or function.span
    labels = (Label(place),) if place else ()
    return UsageFailure(Diagnostic("PYN-Q02", f"{function.name} cannot run outside a kernel: {why}", labels, help=_HELP))


@cache
def available() -> frozenset[str]:
    """The kernel's functions and macros that the prelude has."""
    return frozenset(re.findall(r"^#define (\w+)\(", PRELUDE.read_text("utf-8"), re.M))
