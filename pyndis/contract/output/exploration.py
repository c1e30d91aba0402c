"""What an exploration covered, in words: a line for each scenario, and the sum."""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.contract.report import Report
from pyndis.explore import Coverage

_WIDTH = 26  # of a scenario's name


def lines(report: Report) -> Iterator[str]:
    """The table."""
    bound = report.preemptions or 0
    yield ""
    yield f"  explored up to {bound} preemptions"
    yield f"    {'scenario':{_WIDTH}} {'schedules':>10} {'classes':>9} {'pruned':>9} {'choices':>10}  bound"
    for each in report.coverages:
        yield f"    {each.scenario:{_WIDTH}} {_figures(each)}  {_bound(each, bound)}"
    yield f"    {'all':{_WIDTH}} {_sums(report.coverages)}  {_finished(report.coverages, bound)}"


def reached(coverage: Coverage) -> str:
    """One scenario's, in a few words."""
    whole = "complete" if coverage.complete else "not finished"
    return f"{coverage.schedules:,} schedules, every one with up to {max(coverage.bound, 0)} preemptions, {whole}"


def _figures(coverage: Coverage) -> str:
    return f"{coverage.schedules:10,} {coverage.classes:9,} {coverage.pruned:9,} {coverage.choices:10,}"


def _bound(coverage: Coverage, wanted: int) -> str:
    if coverage.failures:
        return "stopped at a finding"
    if coverage.complete:
        return str(wanted)
    return f"{coverage.bound} of {wanted}: time was over" if coverage.bound >= 0 else f"none of {wanted}: time was over"


def _sums(coverages: tuple[Coverage, ...]) -> str:
    sums = [sum(getattr(each, name) for each in coverages) for name in ("schedules", "classes", "pruned", "choices")]
    return f"{sums[0]:10,} {sums[1]:9,} {sums[2]:9,} {sums[3]:10,}"


def _finished(coverages: tuple[Coverage, ...], wanted: int) -> str:
    by_bound = {bound: sum(each.bound >= bound for each in coverages) for bound in range(wanted + 1)}
    said = ", ".join(f"{count} with {bound}" for bound, count in by_bound.items())
    return f"of {len(coverages)} scenarios were finished: {said}"
