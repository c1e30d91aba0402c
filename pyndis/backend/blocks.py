"""What stands where in a block: declarations at its top, a loop's first assignment in its `for`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pyndis.backend.arithmetic import is_status
from pyndis.backend.walk import symbols
from pyndis.ir.nodes import Assign, Call, Declare, Expr, Loop, Stmt, Symbol, Var, Zeroed


@dataclass
class Counted(Stmt):
    """A loop with the assignment that stood before it: `for (start; test; step)`."""

    start: Assign
    loop: Loop


@dataclass
class Block:
    """A block as it is printed: declarations, an empty line, statements."""

    declarations: list[Declare] = field(default_factory=list)
    statements: list[Stmt] = field(default_factory=list)


def arrange(body: Sequence[Stmt]) -> Block:
    """Declarations with their values where the block begins, or alone, with an assignment where the value is known."""
    initial, bare, rest = [], [], []
    for position, statement in enumerate(body):
        if not isinstance(statement, Declare):
            rest.append(statement)
        elif statement.value is None:
            bare.append(statement)
        elif _stays_whole(statement, at_top=not rest, after=body[position + 1 : position + 2]):
            initial.append(statement)
        else:
            bare.append(Declare(statement.symbol, span=statement.span))
            rest.append(_assignment(statement, statement.value))
    return Block([*initial, *bare], _with_starts(rest))


def _stays_whole(declare: Declare, *, at_top: bool, after: Sequence[Stmt]) -> bool:
    if isinstance(declare.value, Zeroed):
        return True  # nobody can have touched it before, so it may as well be zeroed where the block begins
    starts_loop = bool(after) and isinstance(after[0], Loop) and _steps(after[0], declare.symbol)
    calls = isinstance(declare.value, Call) and is_status(declare.symbol.type)
    return at_top and not starts_loop and not calls


def _assignment(declare: Declare, value: Expr) -> Assign:
    return Assign(Var(declare.symbol.type, declare.symbol), value, span=declare.span)


def _steps(loop: Loop, symbol: Symbol) -> bool:
    return isinstance(loop.step, Assign) and isinstance(loop.step.target, Var) and loop.step.target.symbol is symbol


def _with_starts(statements: list[Stmt]) -> list[Stmt]:
    merged: list[Stmt] = []
    for statement in statements:
        before = merged[-1] if merged else None
        if isinstance(statement, Loop) and isinstance(before, Assign) and _is_start(before, statement):
            merged[-1] = Counted(before, statement, span=statement.span or before.span)
        else:
            merged.append(statement)
    return merged


def _is_start(assign: Assign, loop: Loop) -> bool:
    target = assign.target
    return isinstance(target, Var) and _steps(loop, target.symbol) and target.symbol not in set(symbols(assign.value))
