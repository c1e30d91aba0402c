"""How much stack each entry can take: no recursion, so the sum over the deepest way is known.

Takes any program. Leaves diagnostics PYN-Z..; without them the call graph has an order (`callgraph.callees_first`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyndis.checks import walk
from pyndis.checks.callgraph import callees, callees_first, recursion
from pyndis.checks.facts import Facts
from pyndis.diagnostics import Diagnostic, Label
from pyndis.ir import nodes as ir
from pyndis.ir.types import Array, Bool, CType, Int, Number, Pointer, Struct

FRAME_LIMIT = 1024  # bytes of one function
ENTRY_LIMIT = 4096  # bytes below one entry: a third of the smallest kernel stack, which is shared by a path of drivers
_FIXED = 104  # return address, saved registers and home space for arguments on x64, the largest
_WORD = 8

SizeOf = Callable[[str], int]
"""Bytes of a struct, by its name."""


@dataclass(frozen=True)
class Use:
    """`frame`: bytes of the function's own frame; `deepest`: with what it calls; `way`: the calls that make it so."""

    frame: int
    deepest: int
    way: tuple[ir.Function, ...]


def measure(program: ir.Program, size_of: SizeOf) -> dict[ir.Function, Use]:
    """An upper estimate for every function: all locals at once, in memory. Takes a program without recursion."""
    uses: dict[ir.Function, Use] = {}
    for function in callees_first(program):
        frame = _frame(function, size_of)
        below = max((uses[each] for each in callees(function)), key=lambda use: use.deepest, default=None)
        uses[function] = Use(frame, frame + (below.deepest if below else 0), (function, *(below.way if below else ())))
    return uses


def check(
    program: ir.Program, size_of: SizeOf, frame_limit: int = FRAME_LIMIT, entry_limit: int = ENTRY_LIMIT
) -> list[Diagnostic]:
    """Recursion; or frames and entries that take more than they may."""
    found = recursion(program)
    if found:
        return found
    for function, use in measure(program, size_of).items():
        if use.frame > frame_limit:
            found.append(_frame_error(function, use, frame_limit, size_of))
        elif is_entry(function) and use.deepest > entry_limit:
            found.append(_entry_error(function, use, entry_limit, size_of))
    return found


def report(program: ir.Program, size_of: SizeOf) -> str:
    """One line for each entry: what it can take, and on which way."""
    lines = []
    uses = measure(program, size_of)
    for function in program.functions:
        if is_entry(function):
            way = " → ".join(f"{each.name} {uses[each].frame}" for each in uses[function].way)
            lines.append(f"{function.name}: {uses[function].deepest} bytes ({way})\n")
    return "".join(lines)


def is_entry(function: ir.Function) -> bool:
    """Whether the system calls it."""
    return bool(function.role) or function.entry_irql is not None


def sizes(program: ir.Program, facts: Facts, arch: str) -> SizeOf:
    """Sizes of the program's structs, as C lays them out, and of the kernel's."""
    declared = {each.name: each for each in program.structs}

    def size_of(name: str) -> int:
        if name in declared:
            return sum(-(-_bytes(each.type, size_of) // _WORD) * _WORD for each in declared[name].fields)
        known = facts.struct(name, arch)
        return known.size if known is not None else _WORD

    return size_of


def _bytes(type_: CType, size_of: SizeOf) -> int:
    match type_:
        case Struct():
            return size_of(type_.name)
        case Array():
            return type_.count * _bytes(type_.element, size_of)
        case Int():
            return (type_.bits or 64) // 8
        case Bool():
            return 1
        case Number() | Pointer():
            return _WORD
    return _WORD


def _locals(function: ir.Function) -> list[ir.Symbol]:
    declared = [each.symbol for each in walk.statements(function.body) if isinstance(each, ir.Declare)]
    return list(dict.fromkeys(declared))


def _frame(function: ir.Function, size_of: SizeOf) -> int:
    own = sum(-(-_bytes(each.type, size_of) // _WORD) * _WORD for each in _locals(function))
    passed = max((len(call.args) for call in walk.calls(function.body)), default=0)
    return -(-(own + passed * _WORD + _FIXED) // 16) * 16


def _frame_error(function: ir.Function, use: Use, limit: int, size_of: SizeOf) -> Diagnostic:
    largest = max(_locals(function), key=lambda each: _bytes(each.type, size_of))
    name = largest.source or largest.name
    place = largest.span or function.span
    return Diagnostic(
        "PYN-Z02",
        f"`{function.source or function.name}` takes {use.frame} bytes of stack, and may take {limit}",
        (Label(place, f"`{name}` takes {_bytes(largest.type, size_of)} of them"),) if place else (),
        ("A kernel stack has 12 KB on x86 and 24 KB on x64, for the whole path of drivers.",),
        "keep large data in a field of the adapter, or allocate it",
    )


def _entry_error(function: ir.Function, use: Use, limit: int, size_of: SizeOf) -> Diagnostic:
    way = " → ".join(f"`{each.source or each.name}` {_frame(each, size_of)}" for each in use.way)
    return Diagnostic(
        "PYN-Z03",
        f"`{function.source or function.name}` can take {use.deepest} bytes of stack, and may take {limit}",
        (Label(function.span, "it starts here"),) if function.span else (),
        (f"deepest way, with the bytes of each function: {way}",),
        "make the way shorter, or keep large data in a field of the adapter",
    )
