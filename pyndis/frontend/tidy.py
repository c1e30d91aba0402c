"""Jumps as a person would write them, and declarations where they belong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from pyndis.ir import nodes as ir


def walk(node: Any) -> Iterator[Any]:
    """A node and all that is in it; not into the functions that it calls."""
    yield node
    for field in fields(node):
        value = getattr(node, field.name)
        for each in value if isinstance(value, list) else [value]:
            if is_dataclass(each) and isinstance(each, (ir.Expr, ir.Stmt, ir.Case)):
                yield from walk(each)


def walk_statements(statements: list[ir.Stmt]) -> Iterator[Any]:
    """All nodes in some statements."""
    for each in statements:
        yield from walk(each)


def bodies(statement: ir.Stmt) -> list[list[ir.Stmt]]:
    """The blocks in a statement."""
    match statement:
        case ir.If(then=then, orelse=orelse):
            return [then, orelse]
        case ir.Loop(body=body):
            return [body]
        case ir.Switch(cases=cases):
            return [each.body for each in cases]
    return []


def tidy(body: list[ir.Stmt]) -> None:
    """Turn jumps into break and continue, fold steps into loops, drop labels that nothing jumps to."""
    changed = True
    while changed:
        changed = _tidy_block(body, body)
    _return_at_once(body)
    _drop_labels(body, _used(body))
    for block in _all_blocks(body):
        _drop_unreachable(block)


def _return_at_once(body: list[ir.Stmt]) -> None:
    """A jump to where the function only returns is a return."""
    ends: dict[str, ir.Return] = {}
    for number, statement in enumerate(body):
        if isinstance(statement, ir.Return) and isinstance(statement.value, ir.Const | None):
            for label in reversed(body[:number]):
                if not isinstance(label, ir.Label):
                    break
                ends[label.name] = statement
    for block in _all_blocks(body):
        for number, statement in enumerate(block):
            if isinstance(statement, ir.Goto) and statement.label in ends:
                block[number] = ir.Return(ends[statement.label].value, span=statement.span)


def _drop_unreachable(block: list[ir.Stmt]) -> None:
    """What stands behind a return, up to the next label."""
    kept: list[ir.Stmt] = []
    for statement in block:
        if isinstance(statement, ir.Label) or not (kept and isinstance(kept[-1], ir.Return)):
            kept.append(statement)
    block[:] = kept


def _all_blocks(block: list[ir.Stmt]) -> Iterator[list[ir.Stmt]]:
    yield block
    for statement in block:
        for inner in bodies(statement):
            yield from _all_blocks(inner)


def _used(statements: list[ir.Stmt]) -> set[str]:
    return {each.label for each in walk_statements(statements) if isinstance(each, ir.Goto)}


def _tidy_block(block: list[ir.Stmt], whole: list[ir.Stmt]) -> bool:
    changed = False
    for number, statement in enumerate(block):
        for inner in bodies(statement):
            changed |= _tidy_block(inner, whole)
        if isinstance(statement, ir.Loop):
            for label in _labels_after(block, number):
                changed |= _replace(statement.body, label, ir.Break)
            changed |= _tidy_loop(statement)
    changed |= _drop_jump_to_next(block)
    return changed


def _labels_after(block: list[ir.Stmt], number: int) -> list[str]:
    names = []
    for statement in block[number + 1 :]:
        if not isinstance(statement, ir.Label):
            break
        names.append(statement.name)
    return names


def _tidy_loop(loop: ir.Loop) -> bool:
    """`continue` where a label ends the body; a last assignment behind such a label becomes the step."""
    changed = False
    if len(loop.body) > 1 and loop.step is None and isinstance(loop.body[-1], ir.Label) and _is_step(loop, loop.body[-2]):
        used = _used(loop.body)
        if loop.body[-1].name not in used and loop.test is not None:
            loop.step = loop.body[-2]
            del loop.body[-2]
            changed = True
    trailing = []
    for statement in reversed(loop.body):
        if not isinstance(statement, ir.Label):
            break
        trailing.append(statement.name)
    for label in trailing:
        changed |= _replace(loop.body, label, ir.Continue)
    while loop.body and isinstance(loop.body[-1], ir.Continue):
        loop.body.pop()
        changed = True
    return changed


def _is_step(loop: ir.Loop, statement: ir.Stmt) -> bool:
    """An assignment to what the test looks at, simple enough for the head of a `for`."""
    if not isinstance(statement, ir.Assign) or not isinstance(statement.target, ir.Var) or loop.test is None:
        return False
    tested = {each.symbol for each in walk(loop.test) if isinstance(each, ir.Var)}
    previous = loop.body[-3] if len(loop.body) > 2 else None
    return statement.target.symbol in tested and isinstance(previous, ir.Label)


def _replace(block: list[ir.Stmt], label: str, by: type[ir.Break] | type[ir.Continue]) -> bool:
    """Jumps to a label that are not in an inner loop."""
    changed = False
    for number, statement in enumerate(block):
        if isinstance(statement, ir.Goto) and statement.label == label:
            block[number] = by(span=statement.span)
            changed = True
        elif not isinstance(statement, (ir.Loop, ir.Switch)):
            for inner in bodies(statement):
                changed |= _replace(inner, label, by)
    return changed


def _drop_jump_to_next(block: list[ir.Stmt]) -> bool:
    """A jump to the label right behind it."""
    for number in range(len(block) - 1):
        statement = block[number]
        if isinstance(statement, ir.Goto) and statement.label in _labels_after(block, number):
            del block[number]
            return True
    return False


def _drop_labels(block: list[ir.Stmt], used: set[str]) -> None:
    block[:] = [each for each in block if not (isinstance(each, ir.Label) and each.name not in used)]
    for statement in block:
        for inner in bodies(statement):
            _drop_labels(inner, used)


# ---- declarations


def place_declarations(body: list[ir.Stmt], symbols: list[ir.Symbol]) -> None:
    """Declare each local in the innermost block that holds all of its uses, with its first value where that stands there."""
    declared = {each.symbol for each in walk_statements(body) if isinstance(each, ir.Declare)}
    for symbol in reversed(symbols):
        if symbol in declared:
            continue
        block = _home(body, symbol)
        if block is None:
            continue
        number = next(index for index, each in enumerate(block) if _mentions(each, symbol))
        first = block[number]
        if (
            isinstance(first, ir.Assign)
            and isinstance(first.target, ir.Var)
            and first.target.symbol is symbol
            and not _in(first.value, symbol)
            and not _jumped_over(block, number)
        ):
            block[number] = ir.Declare(symbol, first.value, span=first.span)
            continue
        block.insert(0, ir.Declare(symbol))


def _jumped_over(block: list[ir.Stmt], number: int) -> bool:
    """Whether a jump from before leads behind this statement, in this block: MSVC dislikes skipping an initialisation."""
    labels = {each.name for each in block[number:] if isinstance(each, ir.Label)}
    return bool(labels & _used(block[:number]))


def _home(block: list[ir.Stmt], symbol: ir.Symbol) -> list[ir.Stmt] | None:
    users = [each for each in block if _mentions(each, symbol)]
    if not users:
        return None
    if len(users) == 1:
        inner = [each for each in bodies(users[0]) if any(_mentions(statement, symbol) for statement in each)]
        if len(inner) == 1 and not _in_head(users[0], symbol) and not _lives_across_turns(users[0], inner[0], symbol):
            return _home(inner[0], symbol)
    return block


def _lives_across_turns(statement: ir.Stmt, body: list[ir.Stmt], symbol: ir.Symbol) -> bool:
    """Whether a loop's body may read what an earlier turn has left there."""
    if not isinstance(statement, ir.Loop):
        return False
    first = next(each for each in body if _mentions(each, symbol))
    while isinstance(first, ir.If) and not _in_head(first, symbol):
        return True
    written = (
        isinstance(first, ir.Assign)
        and isinstance(first.target, ir.Var)
        and first.target.symbol is symbol
        and not _in(first.value, symbol)
    )
    passed = any(
        isinstance(each, ir.AddressOf) and isinstance(each.place, ir.Var) and each.place.symbol is symbol for each in walk(first)
    ) and isinstance(first, (ir.Do, ir.Assign))
    return not (written or passed)


def _in_head(statement: ir.Stmt, symbol: ir.Symbol) -> bool:
    match statement:
        case ir.If(test=test):
            return _in(test, symbol)
        case ir.Loop(test=test, step=step):
            return (test is not None and _in(test, symbol)) or (step is not None and _mentions(step, symbol))
        case ir.Switch(subject=subject):
            return _in(subject, symbol)
    return True


def _mentions(statement: ir.Stmt, symbol: ir.Symbol) -> bool:
    return any(isinstance(each, ir.Var) and each.symbol is symbol for each in walk(statement))


def _in(expr: ir.Expr, symbol: ir.Symbol) -> bool:
    return any(isinstance(each, ir.Var) and each.symbol is symbol for each in walk(expr))
