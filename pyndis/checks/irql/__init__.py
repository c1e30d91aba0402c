"""IRQL and locks as effects of calls.

Takes a program without recursion, whose DDIs the facts know (`checks.imports` reports the others). Leaves diagnostics PYN-I..
(IRQL) and PYN-M.. (locks), and fills `Function.irql_max`: the highest IRQL at which a function may be called, at most
DISPATCH_LEVEL, for no entry of a miniport without interrupts runs above it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.checks.callgraph import callees, callees_first
from pyndis.checks.facts import DISPATCH, Facts
from pyndis.checks.flow import Flow
from pyndis.checks.irql import report
from pyndis.checks.irql.levels import Role, is_entry, role
from pyndis.checks.irql.order import conflicts
from pyndis.checks.irql.summary import Site, Summary
from pyndis.checks.irql.walker import Findings, Levels
from pyndis.diagnostics import Diagnostic
from pyndis.ir import nodes as ir


def check(program: ir.Program, facts: Facts) -> list[Diagnostic]:
    """All errors of IRQL and locks."""
    structs = {each.name: each for each in program.structs}
    summaries: dict[ir.Function, Summary] = {}
    findings = Findings()
    reached = _reached_from(program)
    for function in callees_first(program):
        demands = role(function, facts)
        levels = Levels(function, demands, facts, structs, summaries, findings, reached.get(function, ""))
        Flow(levels).run(function, levels.entry())
        summaries[function] = levels.summary
        high = levels.summary.high
        function.irql_max = min(high.level if high else DISPATCH, DISPATCH)
    entries = [each for each in program.functions if is_entry(each)]
    at_entries: dict[tuple[str, Site], Diagnostic] = {}
    for entry in entries:
        for site, error in _entry_errors(entry, role(entry, facts), summaries[entry]):
            at_entries.setdefault((error.code, site), error)
    assert all(each.irql_max is not None for each in program.functions), "checks.irql leaves irql_max"
    return [*findings.errors.values(), *at_entries.values(), *conflicts(findings.edges)]


def _entry_errors(entry: ir.Function, demands: Role, summary: Summary) -> Iterator[tuple[Site, Diagnostic]]:
    """Each with the call at fault, which is reported for one entry only."""
    low, high = demands.irql
    if summary.high is not None and summary.high.level < high:
        yield summary.high.chain[-1], report.too_high(high, summary.high, None, _why(entry, demands))
    if summary.low is not None and summary.low.level > low:
        yield summary.low.chain[-1], report.too_low(low, summary.low)
    if demands.dispatch_flag and summary.asks_irql:
        yield summary.asks_irql[-1], report.asks_irql(entry, summary.asks_irql)


def _why(entry: ir.Function, demands: Role) -> str:
    kind = f"a {entry.role}" if entry.role else "an entry"
    return f"`{report.name(entry)}` is {kind}, which the system calls at IRQL {demands.irql[0]} … {demands.irql[1]}"


def _reached_from(program: ir.Program) -> dict[ir.Function, str]:
    """For each function, the shortest way from an entry to it, as a note."""
    ways: dict[ir.Function, list[str]] = {each: [report.name(each)] for each in program.functions if is_entry(each)}
    todo = list(ways)
    for function in todo:
        for callee in callees(function):
            if callee not in ways:
                ways[callee] = [*ways[function], report.name(callee)]
                todo.append(callee)
    return {each: "reached from: " + " → ".join(f"`{name}`" for name in way) for each, way in ways.items() if len(way) > 1}
