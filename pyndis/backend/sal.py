"""SAL for functions, as the WDK's analysis reads it, from what the checks inferred."""

from __future__ import annotations

from pyndis.backend.arithmetic import is_status
from pyndis.ir.nodes import Function

_IRQL = {0: "PASSIVE_LEVEL", 1: "APC_LEVEL", 2: "DISPATCH_LEVEL"}  # the levels above differ by architecture and are not annotated


def sal_lines(function: Function, *, inspected: bool) -> list[str]:
    """The lines before a declaration. `inspected`: every caller looks at the status that it returns."""
    lines = list(function.annotations)
    if function.role:
        return lines  # the role's type says the rest
    if inspected and is_status(function.result):
        lines.append("_Must_inspect_result_")
    lines += _irql(function)
    if function.locked:
        lines.append(f"_Requires_lock_held_({function.locked})")
    return lines


def _irql(function: Function) -> list[str]:
    if function.entry_irql is None:
        return [f"_IRQL_requires_max_({_IRQL[function.irql_max]})"] if function.irql_max in _IRQL else []
    lowest, highest = function.entry_irql
    if lowest == highest and lowest in _IRQL:
        return [f"_IRQL_requires_({_IRQL[lowest]})"]
    least = [f"_IRQL_requires_min_({_IRQL[lowest]})"] if lowest > 0 and lowest in _IRQL else []
    return [*least, *([f"_IRQL_requires_max_({_IRQL[highest]})"] if highest in _IRQL else [])]
