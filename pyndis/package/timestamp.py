"""The one time that goes into what is built, so that the same input gives the same bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pyndis.diagnostics import Diagnostic, UsageFailure

VARIABLE = "SOURCE_DATE_EPOCH"
_LATEST = 0xFFFFFFFF  # what the 32 bits of a PE header can say


def build_time(inputs: Iterable[Path], environment: Mapping[str, str] = os.environ) -> int:
    """Seconds since 1970: SOURCE_DATE_EPOCH where it is set, else when the newest input changed.

    Raises UsageFailure (PYN-P11) when the variable is not a number of seconds.
    """
    if (said := environment.get(VARIABLE)) is None:
        return max((int(path.stat().st_mtime) for path in inputs), default=0)
    if said.isascii() and said.isdigit() and int(said) <= _LATEST:
        return int(said)
    message = f"{VARIABLE} is {said!r}; wanted: a number of seconds since 1970"
    help = "set it to what `git log -1 --format=%ct` prints, or unset it"
    raise UsageFailure(Diagnostic("PYN-P11", message, help=help))


def source(environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Where the time of a build came from, and what to do where that is wrong: a note and a help for people."""
    if (said := environment.get(VARIABLE)) is None:
        return "the day is that of the newest input of the build", "mend the clock, and touch the files that it dated wrongly"
    return f"the day is that of {VARIABLE}={said}", f"unset {VARIABLE}, or set it to what `git log -1 --format=%ct` prints"
