"""Integers are mathematical: proves that every value fits where it lands, and fixes the C types in which that is computed.

Takes a program without recursion, whose integers are `Int`s of declared ranges and `Number`s. Leaves diagnostics PYN-R..; where
there are none, every `Number` has become ULONG, LONG, ULONG64 or LONG64 (or a pointer-size type), every integer expression has
its `.interval` and the C type it is computed in, conversions that C would not make alone are `Cast`s, and no `Wrap` is left.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyndis.checks import walk
from pyndis.checks.callgraph import callees_first
from pyndis.checks.facts import Facts
from pyndis.checks.flow import Flow
from pyndis.checks.ranges import c_types, rewriting
from pyndis.checks.ranges.ddi_types import DdiTypes
from pyndis.checks.ranges.lowering import Lowering
from pyndis.checks.ranges.memory import Summaries
from pyndis.checks.ranges.summary import Results
from pyndis.checks.ranges.transfer import Ranges
from pyndis.diagnostics import Diagnostic
from pyndis.ir import nodes as ir
from pyndis.ir.types import LONG64, SIZE_T, ULONG, ULONG64, Int, Number, Pointer


@dataclass
class Analysis:
    """What was proven of a program, before it is changed."""

    program: ir.Program
    functions: list[Ranges]
    ddi_types: DdiTypes
    errors: list[Diagnostic]


def check(program: ir.Program, facts: Facts) -> list[Diagnostic]:
    """Prove and fix the whole program. The diagnostics; the program is changed only where there are none."""
    found = analysis(program, facts)
    if not found.errors:
        fix(found)
    return found.errors


def analysis(program: ir.Program, facts: Facts) -> Analysis:
    """The intervals of all expressions, callees first, and the errors. `Function.returns` is filled."""
    order = callees_first(program)
    for function in order:
        _settle_interface(function)
    ddi_types, results = DdiTypes(facts), Results()
    summaries = Summaries({each.name: each for each in program.structs}, facts)
    analysed = [_analyse(function, Ranges(function, summaries, results, ddi_types)) for function in order]
    return Analysis(program, analysed, ddi_types, [error for each in analysed for error in each.watch.errors.values()])


def fix(proven: Analysis) -> None:
    """Give everything its C type. Takes an analysis without errors."""
    assert not proven.errors, "C types are fixed for what is proven"
    for ranges in proven.functions:
        _fix_symbols(ranges)
        _fix_result(ranges.function)
    for ranges in proven.functions:
        rewriting.rewrite(ranges.function, Lowering(ranges.watch, proven.ddi_types))
    for constant in proven.program.constants:
        constant.value = rewriting.constant(constant.value)
    rewriting.assert_fixed(proven.program)


def _settle_interface(function: ir.Function) -> None:
    """Types that others see, where a declaration left them open: a parameter may be any LONG64."""
    for param in function.params:
        if isinstance(param.symbol.type, Number):
            param.symbol.type = LONG64
    for call in walk.calls(function.body):
        for position, arg in enumerate(call.args):
            if isinstance(arg, ir.AddressOf) and isinstance(arg.place, ir.Var) and isinstance(arg.place.symbol.type, Number):
                arg.place.symbol.type = _written_through(call, position, arg)
    for expr in walk.expressions(function.body):
        if isinstance(expr, ir.Var):
            expr.type = expr.symbol.type


def _written_through(call: ir.Call, position: int, arg: ir.AddressOf) -> Int:
    pointer = call.function.params[position].symbol.type if isinstance(call.function, ir.Function) else arg.type
    target = pointer.target if isinstance(pointer, Pointer) else None
    return target if isinstance(target, Int) else LONG64


def _analyse(function: ir.Function, ranges: Ranges) -> Ranges:
    Flow(ranges).run(function, ranges.entry())
    function.returns = ranges.returned
    ranges.watch_symbols()
    return ranges


def _fix_symbols(ranges: Ranges) -> None:
    for symbol, interval in ranges.assigned.items():
        if interval[1] > ULONG.high and ranges.native[symbol]:
            symbol.type = SIZE_T
        else:
            chosen = c_types.narrowest(interval)
            assert chosen is not None, f"{symbol.name}: no type holds {interval} (checks.ranges.watch_symbols)"
            symbol.type = chosen
    for symbol in ranges.unassigned():
        symbol.type = ULONG


def _fix_result(function: ir.Function) -> None:
    if isinstance(function.result, Number):
        function.result = c_types.narrowest(function.returns or (0, 0)) or ULONG64
