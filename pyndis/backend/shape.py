"""Control flow as a person writes it, where the frontend's general form says the same with more words."""

from __future__ import annotations

from collections import Counter

from pyndis.backend.walk import blocks, of_body
from pyndis.ir.nodes import (
    Assign,
    Break,
    Call,
    Compare,
    Const,
    Declare,
    Expr,
    Function,
    Goto,
    If,
    Label,
    Logic,
    Loop,
    Return,
    Stmt,
    Symbol,
    Unary,
    Var,
    Zeroed,
)
from pyndis.ir.types import BOOL


def reshape(function: Function) -> None:
    """Returns of a call's status, loops with their test in the head, handlers as an `else`; in place."""
    for block in blocks(function.body):
        _return_calls(block)
        _tests_first(block)
        _handlers(block, function.body)
        _nested(block)


# ---- `Status = f(); if (failed) return Status; return STATUS_SUCCESS;`


def _return_calls(block: list[Stmt]) -> None:
    match [*map(given, block[-3:-2]), *block[-2:]]:
        case [(Symbol() as status, Call() as call), If() as test, Return(value=Const(value=0))]:
            if _only_hands_on(test, status, call):
                block[-3:] = [Return(call, span=block[-3].span)]
    match [*map(given, block[-2:-1]), *block[-1:]]:
        case [(Symbol() as status, Call() as call), Return(value=Var(symbol=returned))] if status is returned:
            block[-2:] = [Return(call, span=block[-2].span)]


def given(statement: Stmt) -> tuple[Symbol, Expr] | None:
    """The local that a statement gives a value, with the value."""
    match statement:
        case Declare(symbol=symbol, value=Expr() as value) if not isinstance(value, Zeroed):
            return symbol, value
        case Assign(target=Var(symbol=symbol), value=value):
            return symbol, value
    return None


def _only_hands_on(test: If, status: Symbol, call: Call) -> bool:
    match test:
        case If(then=[Return(value=Var(symbol=returned))], orelse=[]) if returned is status:
            return _failed(test.test, status, exact=isinstance(call.function, str))
    return False


def _failed(test: Expr, status: Symbol, *, exact: bool) -> bool:
    """Whether the test is that of a failure. `exact`: of anything but plain success, as a DDI has other successes too."""
    match test:
        case Compare(op="!=", left=Var(symbol=tested), right=Const(value=0)):
            return tested is status
        case Unary(op="!", operand=Call(function="NT_SUCCESS", args=[Var(symbol=tested)])):
            return tested is status and not exact
    return False


# ---- `for (;;) { if (!f()) break; … }`


def _tests_first(block: list[Stmt]) -> None:
    for loop in block:
        match loop:
            case Loop(test=None, step=None, body=[If(then=[Break()], orelse=[]) as leaves, *_]):
                loop.test = Unary(BOOL, "!", leaves.test, span=leaves.test.span)
                del loop.body[0]


# ---- `if (a) { if (b) … }`


def _nested(block: list[Stmt]) -> None:
    for outer in block:
        match outer:
            case If(then=[], orelse=[_, *_]):
                outer.test, outer.then, outer.orelse = Unary(BOOL, "!", outer.test), outer.orelse, []
        match outer:
            case If(then=[If(orelse=[]) as inner], orelse=[]):
                outer.test = Logic(BOOL, "&&", outer.test, inner.test, span=outer.test.span)
                outer.then = inner.then
                _nested([outer])


# ---- `if (failed) goto Handler; A; goto Done; Handler: B; Done:`


def _handlers(block: list[Stmt], body: list[Stmt]) -> None:
    jumps = Counter(node.label for node in of_body(body) if isinstance(node, Goto))
    for position, statement in enumerate(block):
        match statement:
            case If(then=[Goto(label=label)], orelse=[]) if jumps[label] == 1:
                found = _split(block, position, label)
                if found:
                    normal, handler, end = found
                    block[position:end] = [If(Unary(BOOL, "!", statement.test), normal, handler, span=statement.span)]
                    _drop_label(block, position + 1, jumps)
                    return


def _split(block: list[Stmt], position: int, label: str) -> tuple[list[Stmt], list[Stmt], int] | None:
    """What runs without an error, what the handler does, and where both are over."""
    places = {each.name: number for number, each in enumerate(block) if isinstance(each, Label)}
    start = places.get(label, 0)
    jump = block[start - 1] if start else None
    if not isinstance(jump, Goto) or not position < start < places.get(jump.label, 0):
        return None
    end = places[jump.label]
    normal, handler = block[position + 1 : start - 1], block[start + 1 : end]
    if not normal or not handler or any(isinstance(each, Label | Declare) for each in (*normal, *handler)):
        return None
    return normal, handler, end


def _drop_label(block: list[Stmt], position: int, jumps: Counter[str]) -> None:
    label = block[position]
    if isinstance(label, Label) and jumps[label.name] == 1:
        del block[position]
