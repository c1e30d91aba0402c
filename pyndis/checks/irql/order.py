"""Locks that are taken in different orders: cycles among "taken while held"."""

from __future__ import annotations

from pyndis.checks.irql.report import opposite_orders
from pyndis.checks.irql.walker import Edge
from pyndis.diagnostics import Diagnostic


def conflicts(edges: dict[tuple[str, str], Edge]) -> list[Diagnostic]:
    """One error for each set of locks that can wait for each other."""
    after: dict[str, list[Edge]] = {}
    for edge in edges.values():
        after.setdefault(edge.held, []).append(edge)
    seen: set[frozenset[str]] = set()
    found = []
    for edge in edges.values():
        back = _way(edge.taken, edge.held, after)
        if back is None:
            continue
        cycle = [edge, *back]
        locks = frozenset(each.held for each in cycle)
        if locks not in seen:
            seen.add(locks)
            found.append(opposite_orders([(each.held, each.taken, each.chain, each.since) for each in cycle]))
    return found


def _way(start: str, end: str, after: dict[str, list[Edge]]) -> list[Edge] | None:
    """The shortest way from one lock to another."""
    ways: dict[str, list[Edge]] = {start: []}
    todo = [start]
    for lock in todo:
        if lock == end:
            return ways[lock]
        for edge in after.get(lock, ()):
            if edge.taken not in ways:
                ways[edge.taken] = [*ways[lock], edge]
                todo.append(edge.taken)
    return None
