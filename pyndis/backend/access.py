"""What a function does with what its pointer parameters point to, as SAL and `const` say it.

Only the object itself counts, with what it has inside, as in SAL: an adapter that is reached by a member is another object.
Takes functions behind those that they call, as the frontend leaves them; a call of a later one may write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pyndis.backend.walk import of_body
from pyndis.ddi import facts
from pyndis.ir.nodes import (
    AddressOf,
    Assign,
    Call,
    Cast,
    Choose,
    Declare,
    Deref,
    Expr,
    Field,
    Function,
    Index,
    Null,
    Param,
    Program,
    Symbol,
    Var,
)
from pyndis.ir.types import Array, Pointer, Struct

_READ = {"_Inout_": "_In_", "_Inout_opt_": "_In_opt_"}


def annotate(program: Program) -> None:
    """Give each parameter the SAL that its function deserves, in place."""
    own = {each.name for each in program.structs}
    for function in program.functions:
        for param in [] if function.role else function.params:
            if param.sal in _READ and not _writes(function, param.symbol):
                param.sal = _READ[param.sal]
                _make_const(function, param, own)
            elif (
                param.sal == "_Out_" and isinstance(param.symbol.type, Pointer) and isinstance(param.symbol.type.target, Pointer)
            ):
                param.sal = _pointer_result(function, param.symbol)


def _pointer_result(function: Function, result: Symbol) -> str:
    """A pointer that is handed out."""
    given = (each for each in of_body(function.body) if isinstance(each, Assign) and isinstance(each.target, Deref))
    values = [each.value for each in given if isinstance(each.target, Deref) and _is(each.target.pointer, result)]
    return "_Outptr_result_maybenull_" if any(isinstance(each, Null) for each in values) else "_Outptr_"


def _is(expr: Expr, symbol: Symbol) -> bool:
    return isinstance(expr, Var) and expr.symbol is symbol


# ---- writes


def _writes(function: Function, param: Symbol) -> bool:
    inside = _pointers_into(function, param)
    for node in of_body(function.body):
        if isinstance(node, Assign) and (_place_in(node.target, inside) or _keeps(node, inside)):
            return True
        if isinstance(node, Call) and any(_writes_argument(node, position, inside) for position in range(len(node.args))):
            return True
    return False


def _keeps(node: Assign, inside: set[Symbol]) -> bool:
    """Whether a member of a local gets a pointer to the object: others may write through it, as they get the local."""
    place = _whole(node.target)
    points = isinstance(node.value.type, Pointer) and _points_in(node.value, inside)
    return points and isinstance(place, Var) and place is not node.target


def _pointers_into(function: Function, param: Symbol) -> set[Symbol]:
    """The parameter, and the locals that point to it or to something in it."""
    inside = {param}
    while True:
        found = {symbol for symbol, value in _given(function) if _points_in(value, inside)} - inside
        if not found:
            return inside
        inside |= found


def _given(function: Function) -> Iterator[tuple[Symbol, Expr]]:
    for node in of_body(function.body):
        if isinstance(node, Declare) and node.value is not None:
            yield node.symbol, node.value
        elif isinstance(node, Assign) and isinstance(node.target, Var):
            yield node.target.symbol, node.value


def _points_in(expr: Expr, inside: set[Symbol]) -> bool:
    match expr:
        case Var():
            return expr.symbol in inside
        case Cast():
            return _points_in(expr.operand, inside)
        case AddressOf():
            return _place_in(expr.place, inside)
        case Field() | Index() if isinstance(expr.type, Array):
            return _place_in(expr, inside)
        case Choose():
            return _points_in(expr.then, inside) or _points_in(expr.orelse, inside)
        case Call() if expr.pure or isinstance(expr.function, Function):
            return any(_points_in(each, inside) for each in expr.args)
    return False


def _place_in(place: Expr, inside: set[Symbol]) -> bool:
    """Whether a place lies in the object, whatever pointer it is reached by."""
    match place:
        case Field() | Index():
            return _points_in(place.base, inside) if isinstance(place.base.type, Pointer) else _place_in(place.base, inside)
        case Deref():
            return _points_in(place.pointer, inside)
        case Call() if place.pure:
            return any(_points_in(each, inside) for each in place.args)
    return False


def _writes_argument(call: Call, position: int, inside: set[Symbol]) -> bool:
    if call.pure or not _points_in(call.args[position], inside):
        return False
    if isinstance(call.function, Function):
        params = call.function.params
        return position >= len(params) or not params[position].sal.startswith("_In_")
    known = facts().function(call.function)
    return known is None or position >= len(known.params) or known.params[position].direction != "in"


# ---- const


def _make_const(function: Function, param: Param, own: set[str]) -> None:
    """`const` where a struct of the program is only looked at; the kernel's are passed to what takes no const."""
    type = param.symbol.type
    if not isinstance(type, Pointer) or not isinstance(type.target, Struct) or type.target.name not in own:
        return
    looked_at = sum(_looks_at(each, param.symbol) for each in of_body(function.body))
    if looked_at == sum(_is(each, param.symbol) for each in of_body(function.body) if isinstance(each, Expr)):
        param.symbol.type = replace(type, const=True)


def _looks_at(node: object, symbol: Symbol) -> int:
    """How many uses of the parameter in this node alone are no more than a look at a member, or at nothing."""
    match node:
        case Field(base=Var(symbol=used)) if used is symbol:
            return 0 if isinstance(node.type, Struct | Array) else 1
        case AddressOf():
            return -_looks_at(_whole(node.place), symbol)
        case Call(function=Function() as called) if not node.pure:
            consts = [isinstance(each.symbol.type, Pointer) and each.symbol.type.const for each in called.params]
            return sum(_is(arg, symbol) and const for arg, const in zip(node.args, consts, strict=False))
    return 0


def _whole(place: Expr) -> Expr:
    """The outermost member that a place lies in, without a pointer on the way."""
    while isinstance(place, Field | Index) and not isinstance(place.base.type, Pointer):
        place = place.base
    return place
