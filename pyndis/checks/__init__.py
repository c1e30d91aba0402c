"""The checks stage: what a driver may not do, and the facts about it that the C needs.

Takes the frontend's program. Leaves diagnostics; where there are none, the program has C types and `Function.returns` (`ranges`)
and `Function.irql_max` (`irql`), and the backend prints it without a decision of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyndis.checks import imports, irql, ranges, stack
from pyndis.checks.facts import Facts
from pyndis.diagnostics import Diagnostic
from pyndis.ir import nodes as ir

__all__ = ["Facts", "check", "stack_report"]

_NOWHERE = ("", 0, 0)


def check(program: ir.Program, *, arches: Sequence[str], facts: Facts) -> list[Diagnostic]:
    """All errors, in the order of their places. The program is ready for the backend only where there are none."""
    found = stack.check(program, stack.sizes(program, facts, _widest(arches)))
    if any(each.code == "PYN-Z01" for each in found):
        return _sorted(found)  # nothing else is defined where functions call themselves
    found += imports.check(program, facts, arches)
    found += irql.check(program, facts)
    found += ranges.check(program, facts)
    return _sorted(found)


def stack_report(program: ir.Program, *, arches: Sequence[str], facts: Facts) -> str:
    """What `--emit plan` says of stack use. Takes a program that `check` found nothing in."""
    return stack.report(program, stack.sizes(program, facts, _widest(arches)))


def _widest(arches: Sequence[str]) -> str:
    return next((each for each in arches if each != "x86"), "x86")


def _sorted(found: list[Diagnostic]) -> list[Diagnostic]:
    return sorted(found, key=lambda each: (_place(each), each.code, each.message))


def _place(error: Diagnostic) -> tuple[str, int, int]:
    if not error.labels:
        return _NOWHERE
    span = error.labels[0].span
    return str(span.file), span.line, span.column
