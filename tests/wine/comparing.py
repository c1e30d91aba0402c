"""What was observed beside what was wanted, as lines that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.wine.operations import Observation, Operation, Outcome


def asked(operations: Sequence[Operation]) -> list[Operation]:
    """Those that observe."""
    return [each for each in operations if each.observes]


def rows(operations: Sequence[Operation], observed: Sequence[Observation], wanted: Sequence[Observation]) -> list[str]:
    """A line for each observing operation, without the data of requests where nobody cares for it."""
    found = map(_looked_at, observed, wanted)
    lines = zip(asked(operations), found, strict=True)
    return [f"{number} {each.word} {each.name}: {value}" for number, (each, value) in enumerate(lines)]


def _looked_at(observed: Observation, wanted: Observation) -> Observation:
    if isinstance(observed, Outcome) and isinstance(wanted, Outcome) and wanted.data is None:
        return replace(observed, data=None)
    return observed
