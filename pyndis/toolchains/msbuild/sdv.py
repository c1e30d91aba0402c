"""What Static Driver Verifier tells at its end. msbuild calls a run with defects a success, so this decides.

https://learn.microsoft.com/windows-hardware/drivers/devtest/command-line-output. Which rule was broken, and on which path, is in
its report alone (`/p:Inputs=/view`): the files below `sdv` have no published form.
"""

from __future__ import annotations

import re

_DEFECTS = re.compile(r"^\s*(?:\d+>)?\s*\[INFO\] (\d+) defects found\.\s*$", re.MULTILINE)


def defects(output: str) -> int | None:
    """The defects of all runs in the output together; None when no run has come to its end."""
    found = _DEFECTS.findall(output)
    return sum(map(int, found)) if found else None
