"""What a verification came to, as values: a result for each rule, with how it was looked at and what shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pyndis.diagnostics import Diagnostic, Span
from pyndis.verification.rules import Rule

Result = Literal["Pass", "Defect", "NotApplicable", "NotChecked"]
RESULTS: tuple[Result, ...] = ("Defect", "NotChecked", "Pass", "NotApplicable")
"""In the order in which people want them."""

NOTICE = (
    "This is pyndis' own verification, under the names of Microsoft's rules. It is not Microsoft's Static Driver Verifier, which "
    "executes the C symbolically along its paths; pyndis checks every path of the Python at compile time, and watches the image "
    "while the contract suite runs it. Its results cannot be submitted to the Windows Hardware Lab Kit."
)


@dataclass(frozen=True)
class Defect:
    """A rule that is broken. `place`: where, as people read it; `file` and `line`: in the generated C, where the symbols know
    them, and `python`: what that was made of; `case` and `again`: of the contract suite; `diagnostic`: of the compiler."""

    message: str
    place: str = ""
    file: str = ""
    line: int = 0
    case: str = ""
    details: tuple[str, ...] = ()
    again: str = ""
    diagnostic: Diagnostic | None = field(default=None, compare=False)
    python: Span | None = field(default=None, compare=False)


@dataclass(frozen=True)
class RuleResult:
    """`reason`: why it is NotApplicable or NotChecked; `evidence`: what was done, in phrases."""

    rule: Rule
    result: Result
    reason: str = ""
    evidence: tuple[str, ...] = ()
    defects: tuple[Defect, ...] = ()


@dataclass(frozen=True)
class Verification:
    """One driver, by all rules or those that were asked for (`selected`).

    `image` is the path of the image below the output folder and `digest` its SHA-256, empty when none could be built; `cases`
    counts the contract suite's by verdict, `schedules` the orders of threads that an exploration ran; `functions` were checked at
    compile time; `unsafe` are the places of blocks that the language vouches for no longer; `tools` are versions by name.
    """

    driver: str
    version: str
    arch: str
    config: str
    image: str
    digest: str
    results: tuple[RuleResult, ...]
    cases: Mapping[str, int]
    schedules: int = 0
    preemptions: int | None = None
    functions: int = 0
    unsafe: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether no rule is broken."""
        return self.count("Defect") == 0

    def count(self, result: Result) -> int:
        """How many rules came out so."""
        return sum(each.result == result for each in self.results)

    def of(self, name: str) -> RuleResult:
        """The result of a rule. Raises KeyError."""
        for each in self.results:
            if each.rule.name == name:
                return each
        raise KeyError(name)
