"""`while`, and `for` over ranges, arrays and generators."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.assignments import bind
from pyndis.frontend.comparing import negate
from pyndis.frontend.expressions import integer, lower, truth
from pyndis.frontend.function import Lowering
from pyndis.frontend.generators import expand, generator_call
from pyndis.frontend.layout import c_field
from pyndis.frontend.narrowing import narrow
from pyndis.frontend.state import State, Value
from pyndis.frontend.turns import forget_assigned, lower_turn, new_frame
from pyndis.frontend.usage import assigned_in, is_counter_only, names_in
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def lower_while(fx: Lowering, node: ast.While) -> None:
    """`while`. Each turn begins and ends owning the same."""
    if node.orelse:
        raise fx.refuse("PYN-L22", "`else` of a loop is not in the language", node.orelse[0], help="write it behind the loop")
    forget_assigned(fx, node.body)
    endless = isinstance(node.test, ast.Constant) and node.test.value is True
    frame = new_frame(fx)
    head = fx.live.copy()
    fx.depth += 1
    with fx.block() as before_test:
        test = None if endless else truth(fx, node.test)
    if before_test and test is not None:
        before_test.append(ir.If(negate(test), [ir.Goto(frame.break_label)]))
    with fx.block() as body:
        narrow(fx, node.test, True)
        lower_turn(fx, frame, node.body, node)
    fx.depth -= 1
    body.append(ir.Label(frame.continue_label))
    fx.state = head
    fx.emit(ir.Loop(test if not before_test else None, [*before_test, *body]), node)
    exhausted: State | None = None
    if not endless:
        narrow(fx, node.test, False)
        exhausted = fx.live.copy()
    fx.state = fx.join(node, exhausted, *frame.break_states)
    fx.out.append(ir.Label(frame.break_label))


def lower_for(fx: Lowering, node: ast.For) -> None:
    """`for` over range(), an array, or a generator."""
    if node.orelse:
        raise fx.refuse("PYN-L22", "`else` of a loop is not in the language", node.orelse[0], help="write it behind the loop")
    iterated = node.iter
    if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) and iterated.func.id == "range":
        _for_range(fx, node, iterated)
        return
    if isinstance(iterated, ast.Call):
        found = generator_call(fx, iterated)
        if found is not None:
            expand(fx, node, *found)
            return
    value = lower(fx, iterated)
    inner = fx.context.resolve(t.unmarked(value.type))
    if isinstance(inner, t.ArrayType):
        _for_array(fx, node, value, inner)
        return
    method = inner.decl.method("__iter__") if isinstance(inner, t.ClassType) else None
    if method is None or not isinstance(inner, t.ClassType):
        raise fx.refuse(
            "PYN-L23", f"{inner} cannot be iterated", iterated, help="`for` takes range(), arrays, chains and generators"
        )
    expand(fx, node, method, inner, [value])


def _name(fx: Lowering, node: ast.For) -> ast.Name:
    if not isinstance(node.target, ast.Name):
        raise fx.refuse("PYN-L24", "a loop gives its values to names", node.target)
    return node.target


def _for_range(fx: Lowering, node: ast.For, call: ast.Call) -> None:
    target = _name(fx, node)
    if len(call.args) not in (1, 2) or call.keywords:
        raise fx.refuse("PYN-L23", "range() takes one or two numbers", call, help="for other steps write `while`")
    start = integer(fx, lower(fx, call.args[0]), call.args[0]) if len(call.args) == 2 else ir.Const(c.NUMBER, 0)
    end = lower(fx, call.args[-1])
    if not isinstance(end.expr, (ir.Const, ir.Var)) or names_in(call.args[-1]) & assigned_in(node.body):
        end = fx.temporary("end", end.expr, t.NUMBER, call.args[-1])
    apart = not is_counter_only(fx.source, node, target.id)
    if apart:
        counter = fx.temporary("turn", start, t.NUMBER, node)
    else:
        counter = fx.reference(bind(fx, target.id, Value(t.NUMBER, start), target))
    assert isinstance(counter.expr, ir.Var)
    var = counter.expr
    forget_assigned(fx, node.body)
    frame = new_frame(fx)
    head = fx.live.copy()
    fx.depth += 1
    with fx.block() as body:
        if apart:
            begins = target.id not in fx.locals
            fx.assigned(bind(fx, target.id, counter, target), begins=begins)
        lower_turn(fx, frame, node.body, node)
    fx.depth -= 1
    body.append(ir.Label(frame.continue_label))
    step = ir.Assign(var, ir.Binary(c.NUMBER, "+", var, ir.Const(c.NUMBER, 1)))
    fx.state = head
    fx.emit(ir.Loop(ir.Compare(c.BOOL, "<", var, end.expr), body, step), node)
    fx.state = fx.join(node, head.copy(), *frame.break_states)
    fx.out.append(ir.Label(frame.break_label))


def _for_array(fx: Lowering, node: ast.For, value: Value, type: t.ArrayType) -> None:
    assert isinstance(value.expr, ir.AddressOf)
    target = _name(fx, node)
    index = fx.symbol("index", c.NUMBER, node)
    var = ir.Var(c.NUMBER, index)
    fx.emit(ir.Assign(var, ir.Const(c.NUMBER, 0)), node)
    frame = new_frame(fx)
    head = fx.live.copy()
    fx.depth += 1
    with fx.block() as body:
        item = ir.Index(c_field(fx.context, type.item), value.expr.place, var)
        bind(fx, target.id, Value(type.item, item), target)
        lower_turn(fx, frame, node.body, node)
    fx.depth -= 1
    body.append(ir.Label(frame.continue_label))
    step = ir.Assign(var, ir.Binary(c.NUMBER, "+", var, ir.Const(c.NUMBER, 1)))
    fx.state = head
    fx.emit(ir.Loop(ir.Compare(c.BOOL, "<", var, ir.Const(c.NUMBER, type.count)), body, step), node)
    fx.state = fx.join(node, head.copy(), *frame.break_states)
    fx.out.append(ir.Label(frame.break_label))
