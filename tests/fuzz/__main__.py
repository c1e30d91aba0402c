"""`python -m tests.fuzz TARGET [OPTION…] [FOLDER|FILE…]`: builds a fuzzing program and runs it; the options are libFuzzer's."""

from __future__ import annotations

import os
import sys

from tests.fuzz.build import TARGETS, generated, program
from tests.fuzz.run import arguments, environment


def main() -> None:
    """Replaces this process by the fuzzing program."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: python -m tests.fuzz {'|'.join(TARGETS)} [libFuzzer's options] [corpus folders, or inputs to run]")
    found = program(sys.argv[1], generated())
    os.execve(found, arguments(found, sys.argv[2:]), environment())


if __name__ == "__main__":
    main()
