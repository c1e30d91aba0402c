"""What is done to a program between the checks and the printer: the same program, as a person would have written it."""

from __future__ import annotations

from pyndis.backend.access import annotate
from pyndis.backend.folding import fold
from pyndis.backend.lock_roles import annotate_locks
from pyndis.backend.naming import rename
from pyndis.backend.sections import group
from pyndis.backend.shape import reshape
from pyndis.backend.unread import pruned
from pyndis.ir.nodes import Program


def simplify(program: Program) -> None:
    """Fold temporaries, straighten control flow, name locals, annotate parameters, group functions; in place. Twice is once."""
    for function in program.functions:
        function.body = pruned(function.body)
        reshape(function)
        fold(function)
        reshape(function)
        rename(function)
        annotate_locks(function)
    annotate(program)
    group(program)
