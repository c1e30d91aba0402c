"""A verification in words: the rules by family and result, each defect at length, then the sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from textwrap import wrap

from pyndis.verification.broken import OTHER
from pyndis.verification.results import NOTICE, RESULTS, Defect, Result, RuleResult, Verification
from pyndis.verification.rules import FAMILIES, TITLES

Paint = Callable[[str, Result], str]

_PAGE = 120
_DETAILS = 12  # lines of a defect
_SHOWN = 3  # defects of a rule
_TITLES = {**TITLES, OTHER: "What is broken besides"}


def plain(text: str, result: Result) -> str:
    """Without colours."""
    return text


def lines(verification: Verification, paint: Paint = plain) -> Iterator[str]:
    """The whole of it."""
    it = verification
    yield f"{it.driver} {it.version}, {it.arch} {it.config}: {it.image or 'no image'}"
    yield from wrap(NOTICE, _PAGE)
    yield ""
    for family in (*FAMILIES, OTHER):
        results = [each for each in it.results if each.rule.family == family]
        if results:
            yield from _family(_TITLES[family], results, paint)
    for each in it.results:
        if each.result == "Defect":
            yield from _broken(each, paint)
    yield ""
    if it.unsafe:
        yield f"{len(it.unsafe)} unsafe blocks, for which the language does not vouch: pyndis check --unsafe lists them"
    yield _ran(it)
    yield _sum(it, paint)


def _family(title: str, results: list[RuleResult], paint: Paint) -> Iterator[str]:
    yield f"  {title:42} {_counts(results, paint)}"
    reasons: dict[tuple[Result, str], list[str]] = defaultdict(list)
    for each in results:
        if each.result == "NotChecked":
            reasons[each.result, each.reason].append(each.rule.name)
    for (result, reason), names in reasons.items():
        yield f"    {paint(result, result)}: {reason}"
        yield from wrap(", ".join(names), _PAGE, initial_indent="      ", subsequent_indent="      ", break_on_hyphens=False)


def _counts(results: list[RuleResult], paint: Paint) -> str:
    counted = [(result, sum(each.result == result for each in results)) for result in RESULTS]
    return ", ".join(paint(f"{count} {result}", result) for result, count in counted if count)


def _broken(result: RuleResult, paint: Paint) -> Iterator[str]:
    number = f" (Driver Verifier {result.rule.dv})" if result.rule.dv else ""
    yield ""
    yield f"{paint('Defect', 'Defect')} {result.rule.name}{number}: {result.rule.demand}"
    for each in result.defects[:_SHOWN]:
        yield from _defect(each)
    if len(result.defects) > _SHOWN:
        yield f"  and {len(result.defects) - _SHOWN} more, which the files have"


def _defect(defect: Defect) -> Iterator[str]:
    yield f"  {defect.message}"
    if defect.place:
        yield f"    at {defect.place}"
    yield from (f"    {line.strip()}" for line in defect.details[:_DETAILS])
    if defect.again:
        yield f"    again: {defect.again}"


def _ran(it: Verification) -> str:
    cases = ", ".join(f"{count} {verdict}" for verdict, count in it.cases.items() if count)
    ran = f"cases of the contract suite: {cases}" if cases else "nothing of the driver ran"
    explored = f"; {it.schedules:,} orders of threads, up to {it.preemptions} preemptions" if it.schedules else ""
    return f"{it.functions} functions checked at compile time; {ran}{explored}"


def _sum(it: Verification, paint: Paint) -> str:
    return f"{len(it.results)} rules: " + ", ".join(
        paint(f"{it.count(result)} {result}", result) for result in RESULTS if it.count(result)
    )
