"""Breaking lines of C that are too long, as clang-format would: after a comma or an operator, aligned to the parenthesis."""

from __future__ import annotations

import re
from typing import NamedTuple

LIMIT = 130
_TOKEN = re.compile(r'L?"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/|[(\[{]|[)\]}]|, | && | \|\| | \? | : | = |.', re.S)
_COST = {", ": 0, " && ": 0, " || ": 0, " ? ": 1, " : ": 1, " = ": 2}


class _Break(NamedTuple):
    depth: int
    cost: int
    at: int  # where the next line's text begins
    column: int


def wrap(line: str, limit: int = LIMIT) -> list[str]:
    """The line in pieces of at most `limit` columns, where it has places to be broken at."""
    pieces = []
    while len(line) > limit:
        found = _best(line, limit)
        if not found:
            break
        pieces.append(line[: found.at].rstrip())
        line = " " * found.column + line[found.at :].lstrip()
    return [*pieces, line]


def _best(line: str, limit: int) -> _Break | None:
    indent = len(line) - len(line.lstrip())
    found = [each for each in _breaks(line, indent) if len(line[: each.at].rstrip()) <= limit and each.at > each.column]
    return min(found, key=lambda each: (each.depth, each.cost, -each.at), default=None)


def _breaks(line: str, indent: int) -> list[_Break]:
    found, columns = [], [indent + 4]
    for match in _TOKEN.finditer(line, indent):
        token = match.group()
        if token in "([{":
            columns.append(match.end())
        elif token in ")]}":
            if len(columns) > 1:
                columns.pop()
        elif token in _COST:
            # a declaration with an initial value is broken inside the value first
            found.append(_Break(len(columns), _COST[token], match.end(), columns[-1]))
    return found
