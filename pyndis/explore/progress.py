"""A driver that owes an answer when nothing can go on any more: which rule that breaks, and who waits where."""

from __future__ import annotations

import re

from pyndis.host.errors import Stuck
from pyndis.host.reports import StackFrame, Violation

_RULES = {
    "MiniportPause": ("PauseNeverCompletes", "MiniportPause is pending and nothing is left that could complete it"),
    "MiniportRestart": ("RestartNeverCompletes", "MiniportRestart is pending and nothing is left that could complete it"),
    "MiniportOidRequest": ("NdisTimedOidComplete", "an OID request is pending and nothing is left that could complete it"),
    "the stack waits for its sends": ("NdisTimedDataSend", "sends are not completed and nothing is left that could do it"),
}
_LOST = ("LostWakeup", "a thread of the driver waits for what nothing is left to signal")
_OTHER = ("NeverCompletes", "a command does not end and nothing is left that could end it")
_DEPENDENT = ("another PnP operation", "other commands", "NDIS serialises")  # waits for a command that itself waits


def stuck_violation(error: Stuck, schedule: str = "") -> Violation:
    """From what a host says that is at rest while a command is not answered. The scenario must have given back all it held."""
    waits = [each for each in map(_wait, error.diagnostics[0].notes) if each is not None]
    first = min(waits, key=lambda each: _weight(*each), default=("", ()))
    call, stack = first
    rule, message = _RULES.get(call) or (_LOST if stack else _OTHER)
    others = tuple(f"waits in {call or 'the host'}" + "".join(f", {each.text}" for each in stack) for call, stack in waits)
    return Violation(rule, f"{message}: {error.diagnostics[0].message}", stack, subject="; ".join(others), schedule=schedule)


def _weight(call: str, stack: tuple[StackFrame, ...]) -> int:
    """What explains the rest comes first: a wait in the driver's own code, then a completion that it owes."""
    if call.startswith(_DEPENDENT):
        return 3
    return 0 if stack else 1 if call in _RULES else 2


def _wait(line: str) -> tuple[str, tuple[StackFrame, ...]] | None:
    found = re.match(r"command=(\d+) call=(.*) frames=(\S*)$", line)
    if found is None:
        return None
    frames = [each for each in found[3].split(",") if each]
    return found[2], tuple(StackFrame("frame", each, int(each.rpartition("+")[2], 0)) for each in frames)
