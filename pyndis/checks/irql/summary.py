"""What callers must know of a function: at which IRQLs it may be called, what it does that some callers may not."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyndis.diagnostics import Span
from pyndis.ir import nodes as ir


@dataclass(frozen=True)
class Site:
    """One call on the way: who calls what, and where."""

    caller: ir.Function
    callee: str
    span: Span | None


Chain = tuple[Site, ...]
"""Calls from a function down to the DDI that matters, the last one."""


@dataclass(frozen=True)
class Limit:
    """An IRQL that a function may not pass, and the calls that say so."""

    level: int
    chain: Chain


@dataclass
class Summary:
    """`high`, `low`: limits of the IRQL at which it may be called. `calls_out`, `asks_irql`: how it gets to a call that does.
    `acquires`: lock -> the way to where it is taken. A function that runs callbacks under a lock is checked on its own."""

    high: Limit | None = None
    low: Limit | None = None
    calls_out: Chain = ()
    asks_irql: Chain = ()
    acquires: dict[str, Chain] = field(default_factory=dict)

    def at_most(self, level: int, chain: Chain) -> None:
        """A limit from above; the lowest counts."""
        if self.high is None or level < self.high.level:
            self.high = Limit(level, chain)

    def at_least(self, level: int, chain: Chain) -> None:
        """A limit from below; the highest counts."""
        if level > (self.low.level if self.low else 0):
            self.low = Limit(level, chain)
