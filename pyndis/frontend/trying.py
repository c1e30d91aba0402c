"""`raise`, and `try` with its handlers -> IR."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.constants import Member
from pyndis.frontend.expressions import lower
from pyndis.frontend.function import Lowering
from pyndis.frontend.raising import PRIVATE, private_code, raise_status
from pyndis.frontend.state import Local, State, TryFrame, Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def lower_raise(fx: Lowering, node: ast.Raise) -> None:
    if node.cause is not None:
        raise fx.refuse("PYN-L16", "an exception is its status, and has no cause", node.cause, help="leave out `from`")
    match node.exc:
        case ast.Call(func=ast.Name(id=name), args=[argument]) if name == "NtError":
            status = lower(fx, argument)
            if not isinstance(status.type, t.EnumType) or status.type.decl.name not in ("Status", "NdisStatus"):
                raise fx.refuse("PYN-K11", f"found {status.type}, wanted a Status or NdisStatus", argument)
            _refuse_success(fx, status, argument)
            raise_status(fx, status.expr, status.type.decl.name, node)
        case ast.Call(func=ast.Name(id=name), args=[]) | ast.Name(id=name) if name in PRIVATE:
            raise_status(fx, private_code(fx, name), name, node)
        case _:
            raise fx.refuse("PYN-L16", "only NtError and its like are raised", node, help="write `raise NtError(Status.…)`")


def _refuse_success(fx: Lowering, status: Value, node: ast.expr) -> None:
    """Whoever calls a function that has raised looks at the severity of its status."""
    if not isinstance(status.constant, Member):
        return
    member = status.constant
    fails = member.value >= 0x8000_0000 if member.decl.name == "Status" else member.name not in ("SUCCESS", "PENDING")
    if not fails:
        raise fx.refuse("PYN-L27", f"{member.name} is not an error", node, help="raise a status of error severity, or return")


def lower_try(fx: Lowering, node: ast.Try) -> None:
    if node.finalbody:
        raise fx.refuse(
            "PYN-L17", "`finally` is not in the language", node.finalbody[0], help="use `with`: it releases on every path"
        )
    labels: dict[str, str] = {}
    for handler in node.handlers:
        if not isinstance(handler.type, ast.Name) or handler.type.id not in ("NtError", *PRIVATE):
            raise fx.refuse("PYN-L18", "a handler names one exception of the framework", handler, help="write `except NtError:`")
        if handler.type.id in labels or "NtError" in labels:
            raise fx.refuse("PYN-L19", "a handler before this one takes all of that", handler, help="delete it, or move it up")
        labels[handler.type.id] = fx.label("Except" if handler.type.id == "NtError" else handler.type.id)
    frame = TryFrame(labels, list(fx.live.live))
    fx.tries.append(frame)
    fx.depth += 1
    with fx.block() as body:
        fx.lower_block(node.body)
    fx.tries.pop()
    with fx.block() as orelse:
        if fx.state is not None:
            fx.lower_block(node.orelse)
    fx.depth -= 1
    ends = [fx.state]
    handlers = [(labels[each.type.id], *_handler(fx, frame, each)) for each in node.handlers if isinstance(each.type, ast.Name)]
    _place_handlers(fx, node, body, orelse, ends[0], handlers)
    fx.state = fx.join(node, ends[0], *(after for _, _, after in handlers))


def _handler(fx: Lowering, frame: TryFrame, handler: ast.ExceptHandler) -> tuple[list[ir.Stmt], State | None]:
    states = frame.states.get(frame.handlers[handler.type.id], [])  # type: ignore[union-attr]
    if not states:
        raise fx.refuse("PYN-L19", "nothing in this `try` raises that", handler, help="delete the handler")
    fx.state = fx.join(handler, *states)
    fx.depth += 1
    with fx.block() as statements:
        if handler.name:
            status = Value(t.EnumType(fx.context.scope.library("Status")), ir.Var(c.NTSTATUS, fx.status_symbol()))  # type: ignore[arg-type]
            kept = fx.temporary("reason", status.expr, status.type, handler)
            error_type = t.ClassType(fx.context.library_class("NtError"))
            fx.locals[handler.name] = Local(handler.name, error_type, alias=Value(status.type, kept.expr))
        fx.lower_block(handler.body)
    fx.depth -= 1
    fx.locals.pop(handler.name or "", None)
    return statements, fx.state


def _place_handlers(
    fx: Lowering,
    node: ast.AST,
    body: list[ir.Stmt],
    orelse: list[ir.Stmt],
    end: State | None,
    handlers: list[tuple[str, list[ir.Stmt], State | None]],
) -> None:
    """Where one jump at the end of the body is the only way into a handler, it becomes an `if`; else handlers are labels."""
    before, fx.state = fx.state, State()
    only = handlers[0] if len(handlers) == 1 else None
    last = body[-1] if body else None
    if only and isinstance(last, ir.If) and _is_jump(last, only[0]) and _count(body, only[0]) == 1:
        last.then = [*last.then[:-1], *only[1]]
        last.orelse = orelse
        fx.out.extend(body)
    else:
        done = fx.label("Done")
        fx.out.extend([*body, *orelse])
        if end is not None:
            fx.emit(ir.Goto(done), node)
        for number, (label, statements, after) in enumerate(handlers):
            fx.out.extend([ir.Label(label), *statements])
            if after is not None and number + 1 < len(handlers):
                fx.emit(ir.Goto(done), node)
        fx.emit(ir.Label(done), node)
    fx.state = before


def _is_jump(statement: ir.If, label: str) -> bool:
    return (
        bool(statement.then)
        and isinstance(statement.then[-1], ir.Goto)
        and statement.then[-1].label == label
        and not statement.orelse
    )


def _count(statements: list[ir.Stmt], label: str) -> int:
    from pyndis.frontend.tidy import walk_statements

    return sum(isinstance(each, ir.Goto) and each.label == label for each in walk_statements(statements))
