"""Generators, which are expanded into the `for` that uses them."""

from __future__ import annotations

import ast

from pyndis.diagnostics import Span
from pyndis.frontend import types as t
from pyndis.frontend.arguments import lower_arguments
from pyndis.frontend.assignments import bind
from pyndis.frontend.borrows import looks_into, root_of
from pyndis.frontend.declarations import FuncDecl
from pyndis.frontend.errors import error
from pyndis.frontend.expressions import lower
from pyndis.frontend.function import Lowering
from pyndis.frontend.ownership import register
from pyndis.frontend.records import frozen
from pyndis.frontend.state import GeneratorFrame, Local, LoopFrame, Value
from pyndis.frontend.turns import forget_assigned, lower_turn, new_frame
from pyndis.frontend.usage import assigned_in, is_counter_only, is_looked_at_once
from pyndis.ir import nodes as ir


def generator_call(fx: Lowering, node: ast.Call) -> tuple[FuncDecl, t.ClassType | None, list[Value]] | None:
    """A call of a generator: what it is, whose method, and its arguments, with the object first."""
    if isinstance(node.func, ast.Name) and node.func.id not in fx.locals:
        decl = fx.context.scope.find(fx.module, node.func.id)
        if isinstance(decl, FuncDecl) and decl.is_generator:
            return decl, None, lower_arguments(fx, decl, node, skip=0)
    if isinstance(node.func, ast.Attribute) and not (isinstance(node.func.value, ast.Name) and node.func.value.id == "raw"):
        if isinstance(node.func.value, ast.Name) and node.func.value.id not in fx.locals:
            return None
        base = lower(fx, node.func.value)
        type = fx.context.resolve(t.unmarked(base.type))
        method = type.decl.method(node.func.attr) if isinstance(type, t.ClassType) else None
        if isinstance(type, t.ClassType) and method is not None and method.is_generator:
            return method, type, [base, *lower_arguments(fx, method, node, skip=1)]
    return None


def expand(fx: Lowering, node: ast.For, decl: FuncDecl, owner: t.ClassType | None, values: list[Value]) -> None:
    """A generator's body, with the loop's body where it yields."""
    if any(each.decl is decl for each in fx.generators):
        place = (fx.span(node.iter), "this use closes the circle")
        raise error(
            "PYN-L05", f"{decl.name} is expanded into itself", place, help="a generator becomes a loop of its user: write a loop"
        )
    frame = new_frame(fx)
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
        forget_assigned(fx, node.body)
        walked, fx.walked = fx.walked, [*fx.walked, *([walks] if walks else [])]
        lower_turn(fx, turn, node.body, node)
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
        if not _may_stand_for(decl, name, value, node):
            value = Value(value.type, fx.temporary(name, value.expr, value.type, node).expr, value.local)
        found[name] = Local(name, value.type, alias=value)
    del owner
    return found


def _may_stand_for(decl: FuncDecl, name: str, value: Value, node: ast.For) -> bool:
    """Whether the generator may look at the argument itself: nothing changes it while the loop runs."""
    if isinstance(value.expr, (ir.Const, ir.Null, ir.AddressOf)):
        return True
    if isinstance(value.expr, ir.Var):
        return value.local is None or value.local.name not in assigned_in(node.body)
    return _is_path(value.expr) and is_looked_at_once(decl.node, name)


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
        counts = is_counter_only(fx.source, node, target.id)
        if fx.is_stored(value.type) or (isinstance(value.expr, ir.Var) and counts):
            _name_after(fx, value.expr, target.id)
            local = Local(target.id, value.type, alias=Value(value.type, value.expr))
            fx.locals[target.id] = local
            local.alias.local = local  # type: ignore[union-attr]
            register(fx, local, target)
        else:
            if counts:
                fx.locals.pop(target.id, None)
            begins = target.id not in fx.locals
            fx.assigned(bind(fx, target.id, value, target), begins=begins)
        bound = fx.locals[target.id]
        bound.root = root if looks_into(fx, bound.type) else None


def _name_after(fx: Lowering, expr: ir.Expr, name: str) -> None:
    """A local of the generator's has the name that the loop gives it."""
    if isinstance(expr, ir.Var) and not any(each.symbol is expr.symbol for each in fx.locals.values()):
        fx.rename(expr.symbol, name)


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
    from pyndis.frontend.loops import lower_for

    lower_for(fx, inner)
