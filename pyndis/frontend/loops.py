"""`while`, `for` over ranges and arrays, and generators, which are expanded into the `for` that uses them."""

from __future__ import annotations

import ast

from pyndis.diagnostics import Span
from pyndis.frontend import types as t
from pyndis.frontend.assignments import bind
from pyndis.frontend.borrows import looks_into, root_of
from pyndis.frontend.calls import _arguments
from pyndis.frontend.declarations import FuncDecl
from pyndis.frontend.errors import error
from pyndis.frontend.expressions import integer, lower, narrow, negate, truth
from pyndis.frontend.function import Lowering
from pyndis.frontend.layout import c_field
from pyndis.frontend.ownership import register
from pyndis.frontend.records import check_turn, frozen
from pyndis.frontend.state import GeneratorFrame, Local, LoopFrame, State, Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def _frame(fx: Lowering) -> LoopFrame:
    return LoopFrame(fx.label("Leave"), fx.label("Next"), list(fx.live.live), list(fx.locals.values()), fx.live.used)


def _forget_assigned(fx: Lowering, body: list[ast.stmt]) -> None:
    """At the head of a loop nothing is known of locals that it assigns."""
    names = _assigned(body)
    for local in [each for each in fx.live.narrow if each.name in names]:
        del fx.live.narrow[local]


def _assigned(body: list[ast.stmt]) -> set[str]:
    """The names that a loop's body assigns."""
    return {
        each.id
        for statement in body
        for each in ast.walk(statement)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }


def lower_while(fx: Lowering, node: ast.While) -> None:
    """`while`. Each turn begins and ends owning the same."""
    if node.orelse:
        raise fx.refuse("PYN-L22", "`else` of a loop is not in the language", node.orelse[0], help="write it behind the loop")
    _forget_assigned(fx, node.body)
    endless = isinstance(node.test, ast.Constant) and node.test.value is True
    frame = _frame(fx)
    head = fx.live.copy()
    fx.depth += 1
    with fx.block() as before_test:
        test = None if endless else truth(fx, node.test)
    if before_test and test is not None:
        before_test.append(ir.If(negate(test), [ir.Goto(frame.break_label)]))
    with fx.block() as body:
        narrow(fx, node.test, True)
        _body(fx, frame, node.body, node)
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


def _body(fx: Lowering, frame: LoopFrame, body: list[ast.stmt], node: ast.AST) -> None:
    """The body of a loop: what it acquired is gone at its end."""
    fx.loops.append(frame)
    fx.lower_block(body)
    fx.loops.pop()
    if fx.state is not None:
        fx.release_since(frame.base, node)
    states = [each for each in (fx.state, *frame.continue_states) if each is not None]
    for state in states:
        check_turn(fx, frame, state, node)
        if any(each not in state.live for each in frame.base):
            raise fx.refuse(
                "PYN-O09",
                "a turn of the loop consumes what was owned before it",
                node,
                help="consume it behind the loop, or leave the loop there",
            )


def lower_for(fx: Lowering, node: ast.For) -> None:
    """`for` over range(), an array, or a generator."""
    if node.orelse:
        raise fx.refuse("PYN-L22", "`else` of a loop is not in the language", node.orelse[0], help="write it behind the loop")
    iterated = node.iter
    if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) and iterated.func.id == "range":
        _for_range(fx, node, iterated)
        return
    if isinstance(iterated, ast.Call):
        found = _generator_call(fx, iterated)
        if found is not None:
            _expand(fx, node, *found)
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
    _expand(fx, node, method, inner, [value])


def _generator_call(fx: Lowering, node: ast.Call) -> tuple[FuncDecl, t.ClassType | None, list[Value]] | None:
    """A call of a generator: what it is, whose method, and its arguments, with the object first."""
    if isinstance(node.func, ast.Name) and node.func.id not in fx.locals:
        decl = fx.context.scope.find(fx.module, node.func.id)
        if isinstance(decl, FuncDecl) and decl.is_generator:
            return decl, None, _arguments(fx, decl, node, skip=0)
    if isinstance(node.func, ast.Attribute) and not (isinstance(node.func.value, ast.Name) and node.func.value.id == "raw"):
        if isinstance(node.func.value, ast.Name) and node.func.value.id not in fx.locals:
            return None
        base = lower(fx, node.func.value)
        type = fx.context.resolve(t.unmarked(base.type))
        method = type.decl.method(node.func.attr) if isinstance(type, t.ClassType) else None
        if isinstance(type, t.ClassType) and method is not None and method.is_generator:
            return method, type, [base, *_arguments(fx, method, node, skip=1)]
    return None


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
    if not isinstance(end.expr, (ir.Const, ir.Var)):
        end = fx.temporary("end", end.expr, t.NUMBER, call.args[-1])
    local = bind(fx, target.id, Value(t.NUMBER, start), target)
    assert local.symbol is not None
    var = ir.Var(local.symbol.type, local.symbol)
    _forget_assigned(fx, node.body)
    frame = _frame(fx)
    head = fx.live.copy()
    fx.depth += 1
    with fx.block() as body:
        _body(fx, frame, node.body, node)
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
    frame = _frame(fx)
    head = fx.live.copy()
    fx.depth += 1
    with fx.block() as body:
        item = ir.Index(c_field(fx.context, type.item), value.expr.place, var)
        bind(fx, target.id, Value(type.item, item), target)
        _body(fx, frame, node.body, node)
    fx.depth -= 1
    body.append(ir.Label(frame.continue_label))
    step = ir.Assign(var, ir.Binary(c.NUMBER, "+", var, ir.Const(c.NUMBER, 1)))
    fx.state = head
    fx.emit(ir.Loop(ir.Compare(c.BOOL, "<", var, ir.Const(c.NUMBER, type.count)), body, step), node)
    fx.state = fx.join(node, head.copy(), *frame.break_states)
    fx.out.append(ir.Label(frame.break_label))


def _expand(fx: Lowering, node: ast.For, decl: FuncDecl, owner: t.ClassType | None, values: list[Value]) -> None:
    """A generator's body, with the loop's body where it yields."""
    if any(each.decl is decl for each in fx.generators):
        place = (fx.span(node.iter), "this use closes the circle")
        raise error(
            "PYN-L05", f"{decl.name} is expanded into itself", place, help="a generator becomes a loop of its user: write a loop"
        )
    frame = _frame(fx)
    outer = (fx.locals, fx.module, fx.bindings, fx.owner, fx.unsafe)
    inner_locals = _parameters(fx, decl, owner, values, node)
    draining = decl.name == "drain" and values[0].local is not None and values[0].local.owner is not None

    def emit(yielded: list[Value], span: Span) -> None:
        del span
        mine = (fx.locals, fx.module, fx.bindings, fx.owner, fx.unsafe)
        generators, fx.generators = fx.generators, fx.generators[:-1]
        fx.locals, fx.module, fx.bindings, fx.owner, fx.unsafe = outer
        turn = LoopFrame(frame.break_label, fx.label("Next"), list(fx.live.live), list(fx.locals.values()), fx.live.used)
        _bind_targets(fx, node, yielded)
        _forget_assigned(fx, node.body)
        walked, fx.walked = fx.walked, [*fx.walked, *([walks] if walks else [])]
        _body(fx, turn, node.body, node)
        fx.walked = walked
        frame.break_states.extend(turn.break_states)
        frame.breaks += turn.breaks
        fx.state = fx.join(node, fx.state, *turn.continue_states)
        fx.out.append(ir.Label(turn.continue_label))
        fx.generators = generators
        fx.locals, fx.module, fx.bindings, fx.owner, fx.unsafe = mine

    walks = frozen(fx, node) if owner is not None and owner.decl.name == "Chain" else None
    generator = GeneratorFrame(decl, fx.label("End"), emit, list(fx.live.live))
    fx.generators.append(generator)
    loops, fx.loops = fx.loops, []
    fx.locals, fx.module, fx.bindings, fx.owner, fx.unsafe = inner_locals, decl.module, _bindings(owner), owner, 0
    fx.depth += 1
    fx.lower_block(decl.node.body)
    fx.depth -= 1
    fx.locals, fx.module, fx.bindings, fx.owner, fx.unsafe = outer
    fx.loops = loops
    fx.generators.pop()
    fx.state = fx.join(node, fx.state, *generator.states)
    fx.out.append(ir.Label(generator.end_label))
    breaks = [each for each in frame.break_states if each is not None]
    if (
        draining
        and not frame.breaks
        and fx.state is not None
        and values[0].local is not None
        and values[0].local.owner is not None
    ):
        fx.give(values[0].local, node)
    fx.state = fx.join(node, fx.state, *breaks)
    fx.out.append(ir.Label(frame.break_label))


def _bindings(owner: t.ClassType | None) -> t.Bindings:
    return t.Bindings(dict(zip(owner.decl.variables, owner.args, strict=False))) if owner is not None else t.Bindings()


def _parameters(fx: Lowering, decl: FuncDecl, owner: t.ClassType | None, values: list[Value], node: ast.For) -> dict[str, Local]:
    """The generator's parameters stand for the arguments, which are looked at once."""
    arguments = decl.node.args
    names = [each.arg for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
    found: dict[str, Local] = {}
    for name, value in zip(names, values, strict=True):
        simple = isinstance(value.expr, (ir.Var, ir.Const, ir.Null, ir.AddressOf))
        if not simple and not _is_path(value.expr):
            value = Value(value.type, fx.temporary(name, value.expr, value.type, node).expr, value.local)
        found[name] = Local(name, value.type, alias=value)
    del owner
    return found


def _is_path(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Var) or (isinstance(expr, ir.Field) and _is_path(expr.base))


def _bind_targets(fx: Lowering, node: ast.For, yielded: list[Value]) -> None:
    targets = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
    if len(targets) != len(yielded):
        raise fx.refuse("PYN-L24", f"{len(targets)} names for {len(yielded)} values", node.target)
    root = root_of(fx, node.iter)
    for target, value in zip(targets, yielded, strict=True):
        if not isinstance(target, ast.Name):
            raise fx.refuse("PYN-L24", "a loop gives its values to names", target)
        if fx.is_stored(value.type) or (isinstance(value.expr, ir.Var) and target.id not in _assigned(node.body)):
            local = Local(target.id, value.type, alias=Value(value.type, value.expr))
            fx.locals[target.id] = local
            local.alias.local = local  # type: ignore[union-attr]
            register(fx, local, target)
        else:
            fx.locals.pop(target.id, None)
            bind(fx, target.id, value, target)
        bound = fx.locals[target.id]
        bound.root = root if looks_into(fx, bound.type) else None


def lower_yield(fx: Lowering, node: ast.Yield | ast.YieldFrom) -> None:
    """`yield`: the body of the `for` that this generator is expanded into. `yield from`: of another generator."""
    if not fx.generators:
        raise fx.refuse("PYN-L25", "`yield` outside of a generator that a `for` uses", node)
    frame = fx.generators[-1]
    if isinstance(node, ast.YieldFrom):
        _yield_from(fx, node, frame)
        return
    items = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value] if node.value is not None else []
    values = [lower(fx, each) for each in items]
    for value in values:
        if value.local is not None and value.local.owner is not None:
            fx.give(value.local, node)
    frame.emit(values, fx.span(node))


def _yield_from(fx: Lowering, node: ast.YieldFrom, frame: GeneratorFrame) -> None:
    name = ast.Name("item", ast.Store())
    inner = ast.For(name, node.value, [ast.Expr(ast.Yield(ast.Name("item", ast.Load())))], [])
    ast.copy_location(inner, node)
    for each in ast.walk(inner):
        if not hasattr(each, "lineno"):
            ast.copy_location(each, node)
    ast.fix_missing_locations(inner)
    del frame
    lower_for(fx, inner)
