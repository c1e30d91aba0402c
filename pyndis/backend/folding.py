"""Temporaries that nobody needs to read, folded into the statement behind them.

The frontend gives each call with an effect a statement of its own, so that the checks see one effect at a time. In C
`if (!TurnTake(Turn))` reads better than two statements with a variable. What is folded is evaluated first, once, and beside
nothing that it could change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from pyndis.backend.arithmetic import is_status
from pyndis.backend.literals import INT_MAX
from pyndis.backend.shape import given
from pyndis.backend.walk import blocks, children, has_effect, of_body, symbols, within
from pyndis.ir.nodes import (
    AddressOf,
    Assign,
    Binary,
    Call,
    Cast,
    Choose,
    Compare,
    Const,
    Declare,
    Deref,
    Do,
    Expr,
    Field,
    Function,
    If,
    Index,
    Logic,
    Return,
    Stmt,
    Switch,
    Symbol,
    Unary,
    Var,
)
from pyndis.ir.types import BOOL, LONG, ULONG, Pointer

_MOST_CALLS = 2  # in one expression
_OWN = {Return: "value", If: "test", Switch: "subject", Do: "call", Declare: "value", Assign: "value"}


def fold(function: Function) -> None:
    """Fold what can be, in place."""
    changed = True
    while changed:
        uses = Counter(symbol for statement in function.body for symbol in symbols(statement))
        aliased = _aliased(function.body)
        fixed = {param.symbol for param in function.params}
        changed = False
        for block in blocks(function.body):
            changed |= _short_circuits(block)
            changed |= _temporaries(block, uses, aliased, fixed)
    _plain_casts(function.body)
    _plain_bits(function.body)
    _drop_unused(function.body)


def _aliased(body: list[Stmt]) -> set[Symbol]:
    places = (node.place for node in of_body(body) if isinstance(node, AddressOf))
    return {place.symbol for each in places if isinstance(place := _root(each), Var)}


def _root(place: Expr) -> Expr:
    while isinstance(place, Field | Index) and not isinstance(place.base.type, Pointer):
        place = place.base
    return place


# ---- one use, right behind


def _temporaries(block: list[Stmt], uses: Counter[Symbol], aliased: set[Symbol], fixed: set[Symbol]) -> bool:
    changed = False
    position = 0
    while position < len(block):
        local = given(block[position])
        behind = next((each for each in block[position + 1 :] if not _bare(each)), None)
        if local and behind and _once(block[position], uses) and _folds(*local, behind, aliased | fixed):
            name = _OWN[type(behind)]
            setattr(behind, name, _replaced(getattr(behind, name), *local))
            uses[local[0]] = 0
            del block[position]
            changed, position = True, max(0, position - 1)
        else:
            position += 1
    return changed


def _once(statement: Stmt, uses: Counter[Symbol]) -> bool:
    """Whether what the statement gives a value is read in one place and written nowhere else."""
    match statement:
        case Declare(symbol=symbol):
            return uses[symbol] == 1
        case Assign(target=Var(symbol=symbol)):
            return uses[symbol] == 1 + 1
    return False


def _bare(statement: Stmt) -> bool:
    return isinstance(statement, Declare) and statement.value is None


def _folds(symbol: Symbol, value: Expr, behind: Stmt, kept: set[Symbol]) -> bool:
    if symbol in kept or not has_effect(value) or str(symbol.type) != str(value.type):
        return False
    where = getattr(behind, _OWN.get(type(behind), ""), None)
    if not isinstance(where, Expr) or (is_status(symbol.type) and not isinstance(behind, Return)):
        return False
    if symbol not in set(symbols(where)) or (isinstance(behind, Assign) and not _stable(behind.target, kept, place=True)):
        return False
    return _calls(value) + _calls(where) <= _MOST_CALLS and all(_stable(each, kept) for each in _beside(where, symbol))


def _calls(expr: Expr) -> int:
    return sum(isinstance(each, Call) and not each.pure for each in within(expr))


def _beside(expr: Expr, symbol: Symbol) -> Iterator[Expr]:
    """What is evaluated beside the variable; what follows it in a short circuit comes later, and nothing may precede it there."""
    match expr:
        case Var():
            return
        case Logic() | Choose():
            first = expr.left if isinstance(expr, Logic) else expr.test
            if symbol in set(symbols(first)):
                yield from _beside(first, symbol)
            else:
                yield Var(expr.type, symbol)  # conditional: never stable
        case _:
            for each in _parts(expr):
                if symbol in set(symbols(each)):
                    yield from _beside(each, symbol)
                else:
                    yield each


def _parts(expr: Expr) -> list[Expr]:
    return [each for each in children(expr) if isinstance(each, Expr)]


def _stable(expr: Expr, aliased: set[Symbol], *, place: bool = False) -> bool:
    """Whether no call can change it: constants, locals that only this function sees, addresses from these."""
    match expr:
        case Var():
            return expr.symbol not in aliased or isinstance(expr.type, Pointer)
        case Field(base=Var()):
            return place
        case Field(base=Call(pure=True) as call):
            return place and all(_stable(each, aliased) for each in call.args)
        case AddressOf():
            return _stable(expr.place, aliased, place=True)
        case Field() | Index() | Deref():
            return place and not isinstance(expr, Index) and not isinstance(expr, Deref) and _chain(expr, aliased)
        case Call():
            return False
        case _:
            return all(_stable(each, aliased) for each in _parts(expr))


def _chain(expr: Field, aliased: set[Symbol]) -> bool:
    """Members of members in place: no memory is read on the way."""
    return not isinstance(expr.base.type, Pointer) and _stable(expr.base, aliased, place=True)


def _replaced(expr: Expr, symbol: Symbol, by: Expr) -> Expr:
    if isinstance(expr, Var) and expr.symbol is symbol:
        return by
    for name in ("base", "index", "pointer", "place", "operand", "left", "right", "test", "then", "orelse"):
        child = getattr(expr, name, None)
        if isinstance(child, Expr):
            setattr(expr, name, _replaced(child, symbol, by))
    if isinstance(expr, Call):
        expr.args = [_replaced(each, symbol, by) for each in expr.args]
    return expr


# ---- `a || f()` that was settled in steps


def _short_circuits(block: list[Stmt]) -> bool:
    changed = False
    position = 0
    while position + 1 < len(block):
        local = given(block[position])
        behind = next((number for number in range(position + 1, len(block)) if not _bare(block[number])), None)
        if local and behind is not None and (joined := _joined(*local, block[behind])):
            setattr(block[position], "value", joined)  # noqa: B010 - a Declare or an Assign
            del block[behind]
            changed = True
        else:
            position += 1
    return changed


def _joined(symbol: Symbol, first: Expr, statement: Stmt) -> Logic | None:
    match statement:
        case If(test=test, then=[Assign(target=Var(symbol=target), value=second)], orelse=[]) if target is symbol:
            if symbol in set(symbols(second)):
                return None
            match test:
                case Unary(op="!", operand=Var(symbol=tested)) if tested is symbol:
                    return Logic(BOOL, "||", first, second, span=first.span)
                case Var(symbol=tested) if tested is symbol:
                    return Logic(BOOL, "&&", first, second, span=first.span)
    return None


# ---- what is left over


def _plain_casts(body: list[Stmt]) -> None:
    """A pointer is not cast to the type that it has."""
    for node in of_body(body):
        for name, child in vars(node).items():
            if isinstance(child, Cast) and isinstance(child.type, Pointer) and str(child.type) == str(child.operand.type):
                setattr(node, name, child.operand)


def _plain_bits(body: list[Stmt]) -> None:
    """Masks of a LONG as ints: which bits are set has no sign, so the casts that keep values positive say nothing there."""
    for node in of_body(body):
        if isinstance(node, Compare) and node.op in ("==", "!=") and isinstance(node.right, Const) and node.right.value == 0:
            node.left = _signed(node.left) or node.left
        for name, child in vars(node).items():
            if isinstance(child, Cast) and child.type == LONG and isinstance(child.operand, Binary):
                setattr(node, name, _signed(child.operand) or child)


def _signed(expr: Expr) -> Expr | None:
    """Masks and LONGs, combined bit by bit in `int`; None where something else is among them."""
    match expr:
        case Binary(op="&" | "|" | "^"):
            left, right = _signed(expr.left), _signed(expr.right)
            return replace(expr, type=LONG, left=left, right=right) if left and right else None
        case Const() if 0 <= expr.value <= INT_MAX:
            return replace(expr, type=LONG)
        case Cast(operand=operand) if expr.type == ULONG and str(operand.type) == str(LONG):
            return operand
        case _:
            return expr if str(expr.type) == str(LONG) else None


def _drop_unused(body: list[Stmt]) -> None:
    used = {symbol for statement in body for symbol in symbols(statement)}
    for block in blocks(body):
        block[:] = [each for each in block if not (_bare(each) and isinstance(each, Declare) and each.symbol not in used)]
