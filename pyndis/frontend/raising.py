"""Raises: which handler catches them, what is released on the way, and the ladder at the end of the function."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.borrows import check_kept
from pyndis.frontend.declarations import FuncDecl
from pyndis.frontend.errors import error
from pyndis.frontend.function import Lowering
from pyndis.frontend.names import camel
from pyndis.frontend.program import Instance
from pyndis.frontend.state import Owner, State, TryFrame, Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c

PRIVATE = {"FlowStopped": (0xE0500001, "STATUS_FLOW_STOPPED"), "BudgetSpent": (0xE0500002, "STATUS_BUDGET_SPENT")}
"""Exceptions without a status of the system's: customer codes, caught before a hook returns."""


def failed(status: ir.Symbol, raises: set[str]) -> ir.Expr:
    """Whether a status is an error."""
    var = ir.Var(status.type, status)
    if any(each == "NdisStatus" for each in raises):
        return ir.Compare(c.BOOL, "!=", var, ir.Const(c.NDIS_STATUS, 0, "NDIS_STATUS_SUCCESS"))
    return ir.Unary(c.BOOL, "!", ir.Call(c.BOOL, "NT_SUCCESS", [var], pure=True))


def check_status(fx: Lowering, call: ir.Call, instance: Instance, node: ast.AST, fresh: list[Value]) -> None:
    """Emit a call that may raise, and what happens if it does."""
    status = fx.status_symbol()
    fx.emit(ir.Assign(ir.Var(status.type, status), call), node)
    before = fx.live.copy()
    remaining = set(instance.raises)
    with fx.block() as statements:
        for value in reversed(fresh):
            if isinstance(value.type, t.SharedType) and value.type.unit:
                drop_unit(fx, value, node)
        route(fx, remaining, node)
    fx.state = before
    fx.emit(ir.If(failed(status, instance.raises), statements), node)


def drop_unit(fx: Lowering, value: Value, node: ast.AST) -> None:
    """Drop one share."""
    from pyndis.frontend.calls import call_instance, instance_of

    assert isinstance(value.type, t.SharedType)
    drop = fx.context.scope.library("drop_weight")
    assert isinstance(drop, FuncDecl)
    bindings = t.Bindings({"T": fx.context.resolve(value.type.inner)})
    instance = instance_of(fx.context, drop, None, node=node, bindings=bindings, caller=fx.instance)
    one = Value(t.NUMBER, ir.Const(c.NUMBER, 1))
    call_instance(fx, instance, [Value(value.type.inner, value.expr), one], node)


def raise_status(fx: Lowering, status: ir.Expr, name: str, node: ast.AST) -> None:
    """`raise` with a status, of an exception class (for NtError: the name of the status type)."""
    symbol = fx.status_symbol()
    if _leaves_at_once(fx):
        fx.instance.raises.add(name)
        check_kept(fx, node)
        returned = ir.Return(status, span=fx.span(node))
        fx.raising.add(returned)
        fx.emit(returned, node)
    else:
        fx.emit(ir.Assign(ir.Var(symbol.type, symbol), status), node)
        route(fx, {name}, node)
    fx.state = None


def _leaves_at_once(fx: Lowering) -> bool:
    return not fx.tries and fx.request is None and not [each for each in fx.live.live if each.kind != "param"]


def route(fx: Lowering, raises: set[str], node: ast.AST) -> None:
    """Go where these exceptions are caught. The status is in `Status`. Ends unreachable."""
    rest = set(raises)
    for frame in reversed(fx.tries):
        rest = _into_handlers(fx, frame, rest, node)
        if not rest:
            fx.state = None
            return
    fx.instance.raises |= rest
    leave_function(fx, node)


def _into_handlers(fx: Lowering, frame: TryFrame, raises: set[str], node: ast.AST) -> set[str]:
    """Jump for those that this `try` catches; returns the others."""
    caught = {each: frame.handlers.get(each) or frame.handlers.get("NtError") for each in raises}
    rest = {each for each, label in caught.items() if label is None}
    every = frame.handlers.get("NtError")  # last: it takes what the others do not
    for label in sorted({each for each in caught.values() if each}, key=lambda each: (each == every, each)):
        here = {each for each, where in caught.items() if where == label}
        others = rest or {each for each, where in caught.items() if where not in (label, None)}
        before = fx.live.copy()
        with fx.block() as statements:
            fx.release_since(frame.base, node, raising=True)
            frame.states.setdefault(label, []).append(fx.live.copy())
            fx.emit(ir.Goto(label), node)
        fx.state = before
        if others:
            fx.emit(ir.If(_is_one_of(fx, here, node), statements), node)
        else:
            fx.out.extend(statements)
        caught = {each: where for each, where in caught.items() if where != label}
    return rest


def _is_one_of(fx: Lowering, names: set[str], node: ast.AST) -> ir.Expr:
    status = fx.status_symbol()
    tests = [
        ir.Compare(c.BOOL, "==", ir.Var(status.type, status), private_code(fx, name)) for name in sorted(names) if name in PRIVATE
    ]
    if len(tests) != len(names):
        raise fx.refuse("PYN-L08", "this `try` tells statuses apart that only a `match` on `error.status` could", node)
    test: ir.Expr = tests[0]
    for each in tests[1:]:
        test = ir.Logic(c.BOOL, "||", test, each)
    return test


def private_code(fx: Lowering, name: str) -> ir.Expr:
    """The status of an exception that has none of the system's."""
    number, spelled = PRIVATE[name]
    fx.context.used_constants.setdefault(
        spelled, ir.ConstantDecl(spelled, ir.Cast(c.NTSTATUS, ir.Const(c.ULONG, number)), doc="Never leaves the driver.")
    )
    return ir.Const(c.NTSTATUS, number - (1 << 32), spelled)


def leave_function(fx: Lowering, node: ast.AST) -> None:
    """Release what is left and return the status: inner things here, the function's own on its ladder."""
    check_kept(fx, node)
    _check_request(fx, node)
    while fx.live.live and fx.live.live[-1].depth > 0:
        _release_or_keep(fx, fx.live.live[-1], node)
    owners = tuple(each for each in reversed(fx.live.live) if each.kind != "param")
    if not owners and fx.request is None:
        returned = ir.Return(ir.Var(c.NTSTATUS, fx.status_symbol()))
        fx.raising.add(returned)
        fx.emit(returned, node)
    else:
        key = (owners, fx.live.disposition)
        if key not in fx.ladder:
            verb = "Fail" if owners and owners[0].kind == "request" else "Drop"
            fx.ladder[key] = fx.label(f"{verb}{camel(owners[0].name)}" if owners else "Leave")
        fx.emit(ir.Goto(fx.ladder[key]), node)
    fx.state = None


def _check_request(fx: Lowering, node: ast.AST) -> None:
    """A raise out of a hook is the answer to its request, while that is still owned or a share of it is held."""
    owner = fx.request.owner if fx.request is not None else None
    given = owner.given if owner is not None else None
    while owner is not None and owner not in fx.live.live:
        owner = owner.moved
    if owner is None and given is not None:
        raise error(
            "PYN-O06",
            "a raise comes when the request is out of the hook's hands",
            (fx.span(node), "this can raise"),
            (given, "the request was given away here"),
            help="do that last, or handle the error here",
        )


def _release_or_keep(fx: Lowering, owner: Owner, node: ast.AST) -> None:
    if owner.kind == "param":
        fx.consume(owner)
    else:
        fx.release(owner, node, raising=True)


def emit_ladder(fx: Lowering, node: ast.AST) -> None:
    """The end of the function: each label releases one thing and falls to the next."""
    pending = dict(fx.ladder)
    while pending:
        key = max(pending, key=lambda each: len(each[0]))
        owners, disposition = key
        while True:
            label = pending.pop((owners, disposition), None)
            fx.state = State(list(reversed(owners)), {}, disposition)
            if label is not None:
                fx.emit(ir.Label(label), node)
            if not owners:
                break
            fx.release(owners[0], node, raising=True)
            disposition = fx.live.disposition
            owners = owners[1:]
        _return_status(fx, disposition, node)
    fx.state = None


def _return_status(fx: Lowering, disposition: str, node: ast.AST) -> None:
    status: ir.Expr = ir.Var(c.NTSTATUS, fx.status_symbol())
    if fx.request is not None and disposition == "pending":
        status = ir.Const(c.NTSTATUS, 0x103, "STATUS_PENDING")
    returned = ir.Return(status)
    fx.raising.add(returned)
    fx.emit(returned, node)
