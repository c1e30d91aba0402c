"""Names of locals: one variable for what is one thing at different times, no numbers where names do not meet.

The frontend gives each local a name of its own in its function (`Irql`, `Irql2`). Two of the same kind in one block, of which
one is done with before the other begins, become one; in blocks that do not lie within each other they share the name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyndis.backend.walk import blocks, of_body, symbols
from pyndis.ir.nodes import AddressOf, Assign, Call, Declare, Function, Stmt, Symbol, Var
from pyndis.ir.types import Bool, Int, Pointer

_NUMBERED = re.compile(r"(.*[A-Za-z])([2-9]|[1-9][0-9])")
_SAVED_IRQL = ("KeAcquireSpinLock",)


@dataclass
class _Local:
    symbol: Symbol
    block: list[Stmt]
    base: str


def rename(function: Function) -> None:
    """Merge and rename, in place."""
    changed = True
    while changed:
        changed = any(_merge(function, each, other) for each, other in _pairs(_locals(function)))
    _shorten(function)


def _locals(function: Function) -> list[_Local]:
    found = []
    names = {each.symbol.name for each in function.params}
    names |= {each.symbol.name for each in of_body(function.body) if isinstance(each, Declare)}
    for block in blocks(function.body):
        for each in block:
            if isinstance(each, Declare):
                numbered = _NUMBERED.fullmatch(each.symbol.name)
                base = numbered.group(1) if numbered and not each.symbol.source[-1:].isdigit() else each.symbol.name
                found.append(_Local(each.symbol, block, base))
    return found


def _pairs(locals: list[_Local]) -> list[tuple[_Local, _Local]]:
    return [(a, b) for a in locals for b in locals if a is not b and a.block is b.block and a.base == b.base]


def _merge(function: Function, first: _Local, second: _Local) -> bool:
    """Use the first for the second too."""
    block, one, other = first.block, first.symbol, second.symbol
    if one.type != other.type or not isinstance(one.type, Int | Bool | Pointer):
        return False
    ends = max((number for number, each in enumerate(block) if one in _used(each)), default=-1)
    starts = min((number for number, each in enumerate(block) if other in _used(each)), default=len(block))
    if ends >= starts or _is_kept(function.body, one) or _is_kept(function.body, other):
        return False
    for number, each in enumerate(block):
        if isinstance(each, Declare) and each.symbol is other:
            block[number : number + 1] = [Assign(Var(one.type, one), each.value, span=each.span)] if each.value else []
            break
    for node in of_body(function.body):
        if isinstance(node, Var) and node.symbol is other:
            node.symbol = one
    return True


def _used(statement: Stmt) -> set[Symbol]:
    declared = {statement.symbol} if isinstance(statement, Declare) and statement.value is not None else set()
    return set(symbols(statement)) | declared


def _is_kept(body: list[Stmt], symbol: Symbol) -> bool:
    """Whether its address goes where it could outlive its use."""
    taken = sum(_is_address(each, symbol) for each in of_body(body))
    calls = (each for each in of_body(body) if isinstance(each, Call) and each.name in _SAVED_IRQL)
    return taken != sum(_is_address(arg, symbol) for call in calls for arg in call.args)


def _is_address(node: object, symbol: Symbol) -> bool:
    return isinstance(node, AddressOf) and isinstance(node.place, Var) and node.place.symbol is symbol


def _shorten(function: Function) -> None:
    params = {each.symbol.name for each in function.params}
    for local in _locals(function):
        if local.base != local.symbol.name and local.base not in params and not _meets(function, local):
            local.symbol.name = local.base


def _meets(function: Function, local: _Local) -> bool:
    """Whether another local has the name where this one is seen, or is seen where this one hides it."""
    others = [each for each in _locals(function) if each.symbol is not local.symbol and each.symbol.name == local.base]
    return any(_holds(local.block, each.block) or _holds(each.block, local.block) for each in others)


def _holds(outer: list[Stmt], inner: list[Stmt]) -> bool:
    return any(each is inner for each in blocks(outer))
