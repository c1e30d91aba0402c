"""Methods that the kernel calls: their C parameters come from the facts, the object from one of them."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.annotations import c_type
from pyndis.frontend.function import Lowering
from pyndis.frontend.layout import pointee
from pyndis.frontend.names import camel, snake
from pyndis.frontend.state import Local
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def callback_function(fx: Lowering, decorator: ast.expr) -> list[ir.Param]:
    """The C parameters; the author's parameters are found among them by name, the object by `context` or `within`."""
    assert isinstance(decorator, ast.Call) and fx.owner is not None
    role = str(decorator.args[0].value)  # type: ignore[attr-defined]
    keywords = {each.arg: str(each.value.value) for each in decorator.keywords}  # type: ignore[attr-defined]
    fact = fx.context.facts.callback(role)
    if fact is None:
        raise fx.refuse("PYN-D04", f"the kernel has no function type {role}", decorator)
    wanted = dict(fx.instance.parameters[1:])
    parameters: list[ir.Param] = []
    unused: list[ir.Symbol] = []
    anchor: ir.Symbol | None = None
    for number, each in enumerate(fact.params):
        symbol = ir.Symbol(camel(each.name), c_type(fx.context, each.type), source=each.name)
        fx._taken.add(symbol.name)
        parameters.append(ir.Param(symbol))
        name = snake(each.name)
        if each.name == keywords.get("context") or (number == 0 and "within" in keywords):
            anchor = symbol
        elif name in wanted:
            fx.locals[name] = Local(name, wanted[name], _typed(fx, symbol, wanted[name]))
        else:
            unused.append(symbol)
    assert anchor is not None, f"{role} gives no object"
    _bind_self(fx, anchor, keywords.get("within", ""))
    for symbol in unused:
        fx.emit(ir.Do(ir.Call(c.VOID, "UNREFERENCED_PARAMETER", [ir.Var(symbol.type, symbol)])))
    fx.role = role
    return parameters


def _typed(fx: Lowering, symbol: ir.Symbol, wanted: t.Type) -> ir.Symbol:
    """A parameter that the kernel passes as PVOID, in a local of the type that it has."""
    kind = fx.c_value(wanted)
    if not isinstance(symbol.type, c.Named) or not isinstance(kind, c.Pointer):
        return symbol
    typed = fx.symbol(symbol.source, kind)
    fx.emit(ir.Assign(ir.Var(kind, typed), ir.Cast(kind, ir.Var(symbol.type, symbol))))
    return typed


def _bind_self(fx: Lowering, anchor: ir.Symbol, within: str) -> None:
    assert fx.owner is not None
    struct = pointee(fx.context, fx.owner)
    type = c.Pointer(struct)
    value: ir.Expr = ir.Var(anchor.type, anchor)
    if within:
        tokens = [ir.Global(c.Named("token"), str(struct)), ir.Global(c.Named("token"), camel(within))]
        value = ir.Call(type, "CONTAINING_RECORD", [value, *tokens], pure=True)
    symbol = fx.symbol(fx.owner.decl.name, type)
    fx.emit(ir.Assign(ir.Var(type, symbol), value))
    fx.locals["self"] = Local("self", fx.owner, symbol)
