"""The rules that a verification is asked for."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from pyndis.diagnostics import Diagnostic, UsageFailure
from pyndis.verification.rules import Rule, every

ALL = "*"


def selected(names: Sequence[str]) -> list[Rule]:
    """The rules of these names, in the tables' order; all without one, or for `*`. Raises UsageFailure (PYN-Y01)."""
    rules = every()
    if not names or ALL in names:
        return rules
    known = {each.name.lower(): each.name for each in rules}
    for name in names:
        if name.lower() not in known:
            near = [known[each] for each in difflib.get_close_matches(name.lower(), known, 3, 0.6)]
            help = f"did you mean {' or '.join(near)}?" if near else "docs/host-rules.md lists the rules"
            raise UsageFailure(Diagnostic("PYN-Y01", f"--rules {name}: there is no such rule", help=help))
    wanted = {name.lower() for name in names}
    return [each for each in rules if each.name.lower() in wanted]
