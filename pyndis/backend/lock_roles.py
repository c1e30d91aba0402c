"""SAL for callbacks that take a lock and leave with it, or give one back: their role types cannot know which lock it is."""

from __future__ import annotations

from pyndis.backend.expressions import POSTFIX, operand
from pyndis.backend.walk import of_body
from pyndis.ir.nodes import AddressOf, Assign, Call, Declare, Expr, Field, Function, Symbol, Var

_TAKES, _GIVES = "KeAcquireSpinLock", "KeReleaseSpinLock"
_RAISES = ("_IRQL_requires_max_(DISPATCH_LEVEL)", "_IRQL_raises_(DISPATCH_LEVEL)")


def annotate_locks(function: Function) -> None:
    """Annotate a callback with one such call, in place."""
    calls = [each for each in of_body(function.body) if isinstance(each, Call) and each.name in (_TAKES, _GIVES)]
    if not function.role or len(calls) != 1:
        return
    lock, irql = _lock(function, calls[0].args[0]), calls[0].args[1]
    param = next((each for each in function.params if isinstance(irql, Var) and each.symbol is irql.symbol), None)
    if not lock or param is None:
        return
    if calls[0].name == _TAKES:
        function.annotations = [
            "_IRQL_requires_max_(DISPATCH_LEVEL)",
            "_IRQL_raises_(DISPATCH_LEVEL)",
            f"_Acquires_lock_({lock})",
        ]
        param.sal = f"_Out_ _At_(*{param.symbol.name}, _Post_ _IRQL_saves_)"
    else:
        function.annotations = ["_IRQL_requires_(DISPATCH_LEVEL)", f"_Releases_lock_({lock})"]
        param.sal = "_In_ _IRQL_restores_"


def _lock(function: Function, argument: Expr) -> str:
    """The lock in terms of the parameters; empty if it cannot be said."""
    if not (isinstance(argument, AddressOf) and isinstance(argument.place, Field) and isinstance(argument.place.base, Var)):
        return ""
    holder = _value_of(function, argument.place.base.symbol)
    return f"{operand(holder, POSTFIX)}->{argument.place.name}" if holder else ""


def _value_of(function: Function, symbol: Symbol) -> Expr | None:
    for node in of_body(function.body):
        if isinstance(node, Declare) and node.symbol is symbol and node.value is not None:
            return node.value
        if isinstance(node, Assign) and isinstance(node.target, Var) and node.target.symbol is symbol:
            return node.value
    return None
