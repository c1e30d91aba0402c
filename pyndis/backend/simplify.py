"""What is done to a program between the checks and the printer: the same program, as a person would have written it."""

from __future__ import annotations

from pyndis.backend.folding import fold
from pyndis.backend.naming import rename
from pyndis.backend.shape import reshape
from pyndis.ir.nodes import Program


def simplify(program: Program) -> None:
    """Fold temporaries, straighten control flow, and name locals; in place. A second time changes nothing."""
    for function in program.functions:
        reshape(function)
        fold(function)
        reshape(function)
        rename(function)
