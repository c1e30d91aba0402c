"""What is known of a driver before a rule is judged: how it compiled, what its image holds, what it did when it ran."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from pyndis.contract.finding import Outcome
from pyndis.diagnostics import Diagnostic, Span


@dataclass(frozen=True)
class Compilation:
    """The compile-time rules on a driver's Python: how many functions they saw, and what they found; of which places in the
    Python the lines of the generated C are made."""

    functions: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    places: Mapping[int, Span] = field(default_factory=dict)


@dataclass(frozen=True)
class Image:
    """Names of imports and sections. `limited`: for a rule on the IRQL of calls, the exports of the host that it limits."""

    imports: frozenset[str]
    sections: tuple[str, ...] = ()
    limited: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """How often something happened, and in how many cases."""

    times: int
    cases: int


@dataclass(frozen=True)
class Run:
    """The outcomes of the contract suite, counted."""

    outcomes: Sequence[Outcome]

    def called(self, patterns: Iterable[str]) -> Seen:
        """Calls of exports with such names."""
        return self._seen(patterns, lambda outcome: outcome.counted.calls)

    def entered(self, patterns: Iterable[str]) -> Seen:
        """Calls of the driver's functions with such names."""
        return self._seen(patterns, lambda outcome: outcome.counted.entries)

    def was(self, patterns: Iterable[str]) -> Seen:
        """Hosts in such a state."""
        return self._seen(patterns, lambda outcome: outcome.counted.states)

    def counted(self, patterns: Iterable[str]) -> Seen:
        """Figures of cases with such names, and the `schedules` of those that were explored."""
        return self._seen(patterns, _figures)

    def passed(self, paragraph: str) -> list[str]:
        """The cases about a paragraph of the contract that passed."""
        return [each.case.name for each in self.outcomes if each.verdict == "passed" and paragraph in each.case.contract]

    def _seen(self, patterns: Iterable[str], counts: Callable[[Outcome], Mapping[str, int]]) -> Seen:
        listed = list(patterns)
        times = [sum(n for name, n in counts(each).items() if matches(name, listed)) for each in self.outcomes]
        return Seen(sum(times), sum(n > 0 for n in times))


def _figures(outcome: Outcome) -> dict[str, int]:
    explored = {"schedules": outcome.coverage.schedules} if outcome.coverage else {}
    return {**dict(outcome.figures), **explored}


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name is one of these patterns'."""
    return any(fnmatchcase(name, each) for each in patterns)


def matching(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Those of the names that are, sorted."""
    listed = list(patterns)
    return sorted(name for name in names if matches(name, listed))
