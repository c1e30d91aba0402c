"""What `pyndis explain` knows: for each code a title, an explanation, an example and the mend, from `codes/*.toml`.

Each area keeps its codes in a file of its own: `[PYN-X01]` with `title`, `explanation`, and `example` and `mend`, which
may be left out where there is nothing to write wrong.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pyndis.diagnostics import Diagnostic, UsageFailure

_FOLDER = Path(__file__).parent / "codes"


@dataclass(frozen=True)
class Explanation:
    """A code at length. `example` shows the fault, `mend` the same without it, or what to do."""

    code: str
    title: str
    explanation: str
    example: str = ""
    mend: str = ""


@cache
def explanations() -> dict[str, Explanation]:
    """All codes, sorted."""
    found: dict[str, Explanation] = {}
    for file in sorted(_FOLDER.glob("*.toml")):
        for code, entry in tomllib.loads(file.read_text("utf-8")).items():
            assert code not in found, f"{code} is explained twice, the second time in {file.name}"
            found[code] = Explanation(code, **{key: text.strip("\n") for key, text in entry.items()})
    return dict(sorted(found.items()))


def explanation(code: str) -> Explanation:
    """The entry of a code; case and a missing `PYN-` are forgiven. Raises UsageFailure (PYN-A01) when there is none."""
    known = explanations()
    wanted = code.upper().strip()
    wanted = wanted if wanted.startswith("PYN-") else f"PYN-{wanted}"
    if wanted in known:
        return known[wanted]
    near = difflib.get_close_matches(wanted, known, 1, 0.8)
    help = f"did you mean {near[0]}?" if near else "pyndis explain without a code lists them all"
    raise UsageFailure(Diagnostic("PYN-A01", f"there is no diagnostic {code!r}", help=help))
