"""A failing schedule made small: the fewest choices that still break one of the same rules."""

from __future__ import annotations

from collections.abc import Callable

from pyndis.explore.outcome import Outcome
from pyndis.explore.search import Prefix

Run = Callable[[Prefix], Outcome]


def minimise(failing: Prefix, rules: frozenset[str], run: Run, tries: int) -> tuple[Prefix, Outcome]:
    """Leave out choices while one of the rules is still broken, those first that cost preemptions; at most `tries` runs."""
    best, outcome = failing, run(failing)
    shrunk = True
    while shrunk and tries > 0:
        shrunk = False
        for candidate in _smaller(best, outcome):
            if tries <= 0:
                break
            tries -= 1
            other = run(candidate)
            if rules & {each.rule for each in other.violations} and not other.record.diverged:
                best, outcome, shrunk = candidate, other, True
                break
    return best, outcome


def _smaller(prefix: Prefix, outcome: Outcome) -> list[Prefix]:
    costly = {each.number for each in outcome.record.choices if each.preempts}
    order = sorted(range(len(prefix)), key=lambda at: (prefix[at][0] not in costly, -prefix[at][0]))
    return [prefix[:at] + prefix[at + 1 :] for at in order]
