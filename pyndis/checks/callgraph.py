"""Who calls whom. There are no function values, so the graph is closed; there is no recursion, so it has an order."""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.checks import walk
from pyndis.diagnostics import Diagnostic, Label
from pyndis.ir import nodes as ir


def callees(function: ir.Function) -> list[ir.Function]:
    """The program functions that this one calls, each once, in the order of their first call."""
    found = (call.function for call in walk.calls(function.body))
    return list(dict.fromkeys(each for each in found if isinstance(each, ir.Function)))


def callees_first(program: ir.Program) -> list[ir.Function]:
    """All functions, each after those that it calls. Takes a program without recursion (`recursion` says so)."""
    order: dict[ir.Function, None] = {}

    def visit(function: ir.Function, above: tuple[ir.Function, ...]) -> None:
        assert function not in above, "recursion: checks.callgraph.recursion comes first"
        if function not in order:
            for callee in callees(function):
                visit(callee, (*above, function))
            order[function] = None

    for function in program.functions:
        visit(function, ())
    return list(order)


def _cycles(program: ir.Program) -> Iterator[list[ir.Function]]:
    done: set[ir.Function] = set()

    def visit(function: ir.Function, above: list[ir.Function]) -> Iterator[list[ir.Function]]:
        if function in above:
            yield above[above.index(function) :]
        elif function not in done:
            for callee in callees(function):
                yield from visit(callee, [*above, function])
            done.add(function)

    for function in program.functions:
        yield from visit(function, [])


def _call_site(caller: ir.Function, callee: ir.Function) -> Label | None:
    for call in walk.calls(caller.body):
        if call.function is callee and (span := call.span or caller.span):
            return Label(span, f"`{caller.source or caller.name}` calls `{callee.source or callee.name}`")
    return None


def recursion(program: ir.Program) -> list[Diagnostic]:
    """One error for each cycle of calls. Takes any program; where it finds nothing, `callees_first` is defined."""
    found = []
    for cycle in _cycles(program):
        names = [each.source or each.name for each in [*cycle, cycle[0]]]
        sites = (_call_site(caller, callee) for caller, callee in zip(cycle, [*cycle[1:], cycle[0]], strict=True))
        found.append(
            Diagnostic(
                "PYN-Z01",
                f"`{names[0]}` calls itself: {' → '.join(f'`{name}`' for name in names)}",
                tuple(site for site in sites if site),
                ("A kernel stack is 12 to 24 KB for the whole path of drivers; its use must be known before the driver runs.",),
                "write it as a loop",
            )
        )
    return found
