"""SAL for functions, as the WDK's analysis reads it, from what the checks inferred."""

from __future__ import annotations

from pyndis.backend.arithmetic import is_status
from pyndis.ir.nodes import Function

_IRQL = {0: "PASSIVE_LEVEL", 1: "APC_LEVEL", 2: "DISPATCH_LEVEL"}  # the levels above differ by architecture and are not annotated


def sal_lines(function: Function, *, inspected: bool) -> list[str]:
    """The lines before a declaration. `inspected`: every caller looks at the status that it returns.

    The headers' types of statuses say which values are success, so no function repeats it.
    """
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
    """The highest level at which its calls are legal: the entry that calls a hook may hold a mutex, so its level says nothing."""
    highest = function.entry_irql[1] if function.irql_max is None and function.entry_irql else function.irql_max
    return [f"_IRQL_requires_max_({_IRQL[highest]})"] if highest in _IRQL else []
