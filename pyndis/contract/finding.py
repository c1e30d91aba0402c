"""What a case found, and how it ended, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pyndis.contract.case import Case
from pyndis.explore import Coverage
from pyndis.host import Counted, StackFrame, Violation

Verdict = Literal["passed", "failed", "not exercised"]


@dataclass(frozen=True)
class Finding:
    """A broken rule of the kernel, by its official name, or a demand of the contract that was not met, by its paragraph.

    `place` is where in the driver; `details` are lines: call stack, object, history; `replay` is a command line, and
    `schedule` the order of threads that it names, if it is known.
    """

    rule: str
    message: str
    place: str = ""
    details: tuple[str, ...] = ()
    replay: str = ""
    schedule: str = ""


@dataclass(frozen=True)
class Outcome:
    """How one case ended. `reason`: why it was not exercised; `figures`: what was counted on the way; `coverage`: of a scenario
    that was explored; `counted`: what the driver called, if that was asked for."""

    case: Case
    verdict: Verdict
    seconds: float
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    figures: tuple[tuple[str, int], ...] = ()
    coverage: Coverage | None = None
    counted: Counted = field(default_factory=Counted, compare=False)


def finding_of(violation: Violation) -> Finding:
    """Of a rule that the host saw broken."""
    rule = violation.rule if not violation.kind else f"{violation.rule}:{violation.kind}"
    return Finding(rule, violation.message, place_of(violation.stack), tuple(violation.details()))


def place_of(stack: tuple[StackFrame, ...]) -> str:
    """The innermost step of the driver's own code: its function, and file and line where the symbols know them."""
    return next((str(each) for each in stack if each.kind == "frame"), "")
