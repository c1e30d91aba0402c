"""Statements -> IR."""

from __future__ import annotations

import ast
from collections.abc import Callable

from pyndis.frontend import types as t
from pyndis.frontend.calls import call_instance, construct, instance_of, lower_call
from pyndis.frontend.coercion import coerce
from pyndis.frontend.constants import NotConstant
from pyndis.frontend.contexts import lower_with
from pyndis.frontend.declarations import ClassDecl, FuncDecl
from pyndis.frontend.expressions import constant_value, describe, integer, lower, narrow, negate, truth
from pyndis.frontend.function import Lowering
from pyndis.frontend.loops import lower_for, lower_while, lower_yield
from pyndis.frontend.members import field_value, member
from pyndis.frontend.raising import PRIVATE, private_code, raise_status
from pyndis.frontend.rawcalls import keep_raw
from pyndis.frontend.state import Local, Owner, State, TryFrame, Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def lower_block(fx: Lowering, statements: list[ast.stmt]) -> None:
    """Statements in order. What can never be reached is an error."""
    for number, statement in enumerate(statements):
        if fx.state is None:
            raise fx.refuse("PYN-L09", "this can never be reached", statement, help="delete it")
        if number == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # a docstring
        lower_statement(fx, statement)


def lower_statement(fx: Lowering, node: ast.stmt) -> None:
    """One statement."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise fx.refuse("PYN-L01", f"{describe(node)} is not in the language", node, "this statement")
    handler(fx, node)


# ---- assignment


def _assign(fx: Lowering, node: ast.Assign) -> None:
    if len(node.targets) != 1:
        raise fx.refuse("PYN-L10", "several targets at once", node, help="write one assignment for each")
    target = node.targets[0]
    if isinstance(target, ast.Tuple):
        _assign_tuple(fx, target, node)
    elif isinstance(target, ast.Name):
        assign_name(fx, target, node.value)
    else:
        _assign_place(fx, target, keep_raw(fx, lower(fx, node.value), node.value), node)


def _assign_tuple(fx: Lowering, target: ast.Tuple, node: ast.Assign) -> None:
    if not isinstance(node.value, ast.Tuple) or len(node.value.elts) != len(target.elts):
        raise fx.refuse("PYN-L10", "a tuple on one side only", node, help="write as many values as targets")
    values = [fx.temporary("kept", (v := lower(fx, each)).expr, v.type, each) for each in node.value.elts]
    for each, value in zip(target.elts, values, strict=True):
        if isinstance(each, ast.Name):
            bind(fx, each.id, value, each)
        else:
            _assign_place(fx, each, value, node)


def _annotated(fx: Lowering, node: ast.AnnAssign) -> None:
    if not isinstance(node.target, ast.Name):
        raise fx.refuse("PYN-L10", "only locals are annotated in a function", node)
    if node.value is None:
        raise fx.refuse("PYN-L11", f"{node.target.id} has no value", node, help="assign one where it is declared")
    assign_name(fx, node.target, node.value, fx.read_annotation(node.annotation))


def assign_name(fx: Lowering, target: ast.Name, value: ast.expr, type: t.Type | None = None) -> None:
    """`name = value`. A struct is built in the local itself."""
    name = target.id
    if name not in fx.locals and isinstance(value, ast.Call):
        into = _prospective(fx, name, value)
        if into is not None:
            result = lower_call(fx, value, into)
            if result.local is into:
                fx.locals[name] = into
                register(fx, into, target)
                return
            _discard(fx, into)
            bind(fx, name, result, target, type)
            return
    bind(fx, name, lower(fx, value), target, type)


def _prospective(fx: Lowering, name: str, value: ast.Call) -> Local | None:
    """A local to build the result in, if the result is a struct that a constructor or a method makes."""
    made = result_type(fx, value)
    if made is None or not fx.is_stored(made):
        return None
    zeroed = not (isinstance(value.func, ast.Attribute) and value.func.attr == "load")
    return fx.storage(name, made, value, zeroed=zeroed)


def _discard(fx: Lowering, local: Local) -> None:
    fx.out[:] = [each for each in fx.out if not (isinstance(each, ir.Declare) and each.symbol is local.symbol)]
    if local.symbol is not None:
        fx.symbols.remove(local.symbol)


def result_type(fx: Lowering, node: ast.Call) -> t.Type | None:
    """The type of a call's result, without lowering it; None where that takes lowering or it is no struct."""
    match node.func:
        case ast.Name(id="shared", ctx=ast.Load()) if isinstance(node.args[0], ast.Name) and node.args[0].id in fx.locals:
            return t.SharedType(fx.context.resolve(t.unmarked(fx.locals[node.args[0].id].type)))
        case ast.Name(id=name) if name not in fx.locals:
            found = fx.context.scope.find(fx.module, name)
            if isinstance(found, ClassDecl) and not found.is_reference:
                return fx.bindings.substitute(t.ClassType(found, tuple(t.VarType(each) for each in found.variables)))
            if isinstance(found, FuncDecl) and found.node.returns is not None:
                return fx.context.resolve(fx.context.annotations.read(found.module, found.node.returns, fx.bindings))
        case ast.Subscript(value=ast.Name(id=name)) if isinstance(fx.context.scope.find(fx.module, name), ClassDecl):
            return fx.read_annotation(node.func)
        case ast.Attribute(value=ast.Name(id="raw"), attr=name) if fx.context.is_kernel_struct(name):
            return t.RawType(c.Struct(name), struct=True)
        case ast.Attribute(value=base, attr="load") if len(node.args) == 1 and isinstance(base, ast.Name):
            return fx.read_annotation(node.args[0])
        case ast.Attribute(value=base, attr=name):
            owner = _static_type(fx, base)
            method = owner.decl.method(name) if owner is not None else None
            if owner is not None and method is not None and method.node.returns is not None and not method.is_generator:
                bindings = t.Bindings(dict(zip(owner.decl.variables, owner.args, strict=False)))
                return fx.context.resolve(fx.context.annotations.read(method.module, method.node.returns, bindings, owner))
    return None


def _static_type(fx: Lowering, node: ast.expr) -> t.ClassType | None:
    """The class of `name` or `name.field`, without lowering."""
    from pyndis.frontend.layout import field_type

    found: t.Type | None = None
    match node:
        case ast.Name(id=name) if name in fx.locals:
            found = fx.reference(fx.locals[name]).type
        case ast.Attribute(value=base, attr=name):
            owner = _static_type(fx, base)
            field = owner.decl.field(name) if owner is not None else None
            if owner is not None and field is not None:
                found = field_type(fx.context, owner, field)
            elif (
                owner is not None and (method := owner.decl.method(name)) and method.decorator("property") and method.node.returns
            ):
                found = fx.context.annotations.read(method.module, method.node.returns, t.Bindings(), owner)
        case ast.Call():
            found = result_type(fx, node)
    inner = fx.context.resolve(t.strip(found)) if found is not None else None
    return inner if isinstance(inner, t.ClassType) else None


def bind(fx: Lowering, name: str, value: Value, node: ast.AST, type: t.Type | None = None) -> Local:
    """Give a name to a value."""
    local = fx.locals.get(name)
    if local is not None and local.alias is not None:
        raise fx.refuse("PYN-L12", f"{name} is a parameter of a generator and cannot be assigned", node)
    if local is None and type is None and value.fresh and isinstance(value.expr, ir.Var) and value.local is None:
        return _adopt(fx, name, value, value.expr.symbol, node)
    if local is None:
        declared = type or (t.NUMBER if isinstance(value.type, t.NumberType) else value.type)
        if isinstance(declared, t.NoneType):
            declared = t.OptionalType(t.VarType("?"))
        local = Local(name, declared)
        kind = fx.c_value(type) if type is not None else _kind(fx, declared, value)
        local.symbol = fx.symbol(name, kind, node)
        fx.locals[name] = local
    elif isinstance(local.type, t.OptionalType) and local.type.inner == t.VarType("?") and not isinstance(value.type, t.NoneType):
        local.type = t.optional(value.type)
        assert local.symbol is not None
        local.symbol.type = fx.c_value(value.type)
    elif isinstance(value.type, t.OptionalType) and t.unmarked(local.type) == t.unmarked(value.type.inner):
        local.type = value.type
    _store_local(fx, local, value, node)
    return local


def _adopt(fx: Lowering, name: str, value: Value, symbol: ir.Symbol, node: ast.AST) -> Local:
    """A call's result gets its name."""
    fx.rename(symbol, name)
    local = fx.locals[name] = Local(name, value.type, symbol)
    if isinstance(t.strip_optional(value.type), t.OwnedType | t.SharedType):
        register(fx, local, node)
    return local


def _kind(fx: Lowering, declared: t.Type, value: Value) -> c.CType:
    if isinstance(declared, t.OptionalType) and declared.inner == t.VarType("?"):
        return c.Named("PVOID")
    return fx.c_value(declared) if not isinstance(declared, t.RawType) or declared.struct else value.expr.type


def _store_local(fx: Lowering, local: Local, value: Value, node: ast.AST) -> None:
    assert local.symbol is not None
    wanted = local.type
    if isinstance(wanted, t.IntType) and isinstance(value.type, t.NumberType | t.IntType):
        pass
    expr = coerce(fx, value, wanted, node) if not isinstance(value.type, t.SharedType) else value.expr
    fx.emit(ir.Assign(ir.Var(local.symbol.type, local.symbol), expr), node)
    fx.live.narrow.pop(local, None)
    if isinstance(wanted, t.OptionalType):
        if isinstance(value.type, t.NoneType):
            fx.live.narrow[local] = t.NONE
        elif not isinstance(value.type, t.OptionalType):
            fx.live.narrow[local] = value.type
    if isinstance(t.strip_optional(value.type), t.OwnedType | t.SharedType):
        if value.local is not None and value.local.owner is not None and value.local is not local:
            fx.consume(value.local.owner)
        register(fx, local, node)


def register(fx: Lowering, local: Local, node: ast.AST) -> None:
    """From here on the local owns what it holds, if its type says so."""
    release = releaser(fx, local, node)
    if release is not NOTHING:
        local.owner = fx.own(local.name, node, release)


NOTHING = object()


def releaser(fx: Lowering, local: Local, node: ast.AST) -> object:
    """How what a local holds is released: a function, None where only the author can, NOTHING where it owns nothing."""
    type = fx.context.resolve(local.type)
    inner = t.strip_optional(type)
    if isinstance(inner, t.SharedType):
        return lambda raising: _drop_share(fx, local, inner, node, raising)
    held = fx.context.resolve(inner.inner) if isinstance(inner, t.OwnedType) else inner
    if isinstance(held, t.ClassType) and held.decl.name == "Chain" and held.decl.module.library:
        if not (local.stored or isinstance(inner, t.OwnedType)):
            return NOTHING
        member_type = held.args[0]
        release = member_type.decl.method("release_chain") if isinstance(member_type, t.ClassType) else None
        if release is not None:
            return lambda raising: _release_chain(fx, local, release, member_type, held, node)
        return None
    if isinstance(inner, t.OwnedType):
        return None
    return NOTHING


def _drop_share(fx: Lowering, local: Local, type: t.SharedType, node: ast.AST, raising: bool) -> None:
    from pyndis.frontend.layout import storage_struct
    from pyndis.frontend.raising import drop_unit

    value = fx.reference(local)
    if type.unit:
        drop_unit(fx, Value(type, value.expr), node)
        return
    share = storage_struct(fx.context, type)
    inner = fx.context.resolve(type.inner)
    failed = inner.decl.method("set_failed") if isinstance(inner, t.ClassType) else None
    if raising and fx.request is not None and failed is not None and isinstance(inner, t.ClassType):
        holder = member(fx, Value(share, value.expr), "object", node)
        status = Value(t.EnumType(fx.context.scope.library("Status")), ir.Var(c.NTSTATUS, fx.status_symbol()))  # type: ignore[arg-type]
        call_instance(fx, instance_of(fx.context, failed, inner, node=node), [Value(inner, holder.expr), status], node)
    drop = share.decl.method("drop")
    assert drop is not None
    call_instance(fx, instance_of(fx.context, drop, share, node=node), [Value(share, value.expr)], node)


def _release_chain(fx: Lowering, local: Local, release: FuncDecl, member_type: t.Type, held: t.ClassType, node: ast.AST) -> None:
    assert isinstance(member_type, t.ClassType)
    value = fx.reference(local)
    instance = instance_of(fx.context, release, member_type, node=node)
    call_instance(fx, instance, [Value(t.OwnedType(held), value.expr)], node)


def _assign_place(fx: Lowering, target: ast.expr, value: Value, node: ast.AST) -> None:
    if isinstance(target, ast.Attribute):
        if isinstance(target.value, ast.Name) and target.value.id == "raw" and "raw" not in fx.locals:
            raise fx.refuse("PYN-L10", "the kernel's names cannot be assigned", target)
        place = member(fx, lower(fx, target.value), target.attr, target)
    elif isinstance(target, ast.Subscript):
        place = lower(fx, target)
    else:
        raise fx.refuse("PYN-L10", "this cannot be assigned", target)
    store(fx, place, value, node)


def store(fx: Lowering, place: Value, value: Value, node: ast.AST) -> None:
    """`place = value`, with what changes hands."""
    if isinstance(place.expr, ir.Call):
        raise fx.refuse("PYN-L10", "a property cannot be assigned", node)
    wanted = place.type
    if isinstance(wanted, t.RawType) and not wanted.struct:
        expr = value.expr if not isinstance(value.expr, ir.Null) else ir.Null(place.expr.type)
    elif isinstance(place.expr, ir.AddressOf):
        raise fx.refuse("PYN-L13", "a struct in place cannot be assigned as a whole", node, help="assign its fields")
    else:
        expr = coerce(fx, value, wanted, node)
    fx.emit(ir.Assign(place.expr, expr), node)
    if (
        isinstance(t.strip_optional(wanted), t.OwnedType | t.SharedType)
        and value.local is not None
        and value.local.owner is not None
    ):
        fx.consume(value.local.owner)


def store_field(fx: Lowering, place: Value, type: t.ClassType, name: str, value: Value, node: ast.AST) -> None:
    """`self.name = value` of an `__init__`, written out where the object is made."""
    field = type.decl.field(name)
    assert field is not None, f"{type} has no field {name}"
    store(fx, field_value(fx, place, type, field), value, node)


def _augmented(fx: Lowering, node: ast.AugAssign) -> None:
    value = ast.copy_location(ast.BinOp(_as_load(node.target), node.op, node.value), node)
    ast.fix_missing_locations(value)
    if isinstance(node.target, ast.Name):
        bind(fx, node.target.id, lower(fx, value), node.target)
    else:
        _assign_place(fx, node.target, lower(fx, value), node)


def _as_load(target: ast.expr) -> ast.expr:
    return (
        ast.parse(ast.unparse(target), mode="eval").body
        if not isinstance(target, ast.Name)
        else ast.copy_location(ast.Name(target.id, ast.Load()), target)
    )


# ---- the rest


def _expression(fx: Lowering, node: ast.Expr) -> None:
    if isinstance(node.value, ast.Yield | ast.YieldFrom):
        lower_yield(fx, node.value)
        return
    if isinstance(node.value, ast.Constant):
        return
    if not isinstance(node.value, ast.Call):
        raise fx.refuse("PYN-L14", "this expression has no effect", node, help="delete it, or use its value")
    value = lower(fx, node.value)
    if isinstance(t.strip_optional(value.type), t.OwnedType | t.SharedType) and value.fresh:
        raise fx.refuse(
            "PYN-O01", f"the result, {value.type}, is owned and nothing becomes of it", node, help="give it a name and consume it"
        )
    if isinstance(value.expr, ir.Call) and not value.expr.pure:
        fx.emit(ir.Do(value.expr), node)


def _if(fx: Lowering, node: ast.If) -> None:
    decided = _decided(fx, node.test)
    if decided is not None:
        lower_block(fx, node.body if decided else node.orelse)
        return
    test = truth(fx, node.test)
    before = fx.live.copy()
    then, after_then = _branch(fx, before, node.test, True, node.body)
    orelse, after_else = _branch(fx, before, node.test, False, node.orelse)
    fx.emit(ir.If(test, then, orelse) if then or not orelse else ir.If(negate(test), orelse), node)
    fx.state = fx.join(node, after_then, after_else)


def _decided(fx: Lowering, test: ast.expr) -> bool | None:
    """An `if` on an option or another constant is decided here, and the other branch not looked at."""
    if any(isinstance(each, ast.Name) and each.id in fx.locals for each in ast.walk(test)):
        return None
    value = fx.context.constants.maybe(fx.module, test)
    return None if isinstance(value, NotConstant) or not isinstance(value, bool) else value


def _branch(fx: Lowering, before: State, test: ast.expr, holds: bool, body: list[ast.stmt]) -> tuple[list[ir.Stmt], State | None]:
    fx.state = before.copy()
    fx.depth += 1
    with fx.block() as statements:
        narrow(fx, test, holds)
        lower_block(fx, body)
    fx.depth -= 1
    after, fx.state = fx.state, before
    return statements, after


def _return(fx: Lowering, node: ast.Return) -> None:
    if fx.generators:
        _leave_generator(fx, node)
        return
    expr: ir.Expr | None = None
    if node.value is not None and not (
        isinstance(node.value, ast.Constant) and node.value.value is None and fx.result_out is None
    ):
        expr = _returned(fx, node.value, node)
    elif isinstance(fx.instance.result, t.OptionalType):
        expr = ir.Null(fx.c_value(fx.instance.result))
    fx.release_since([], node)
    fx.disposition_at_end = fx.live.disposition
    fx.emit(ir.Return(expr), node)
    fx.state = None


def _returned(fx: Lowering, value: ast.expr, node: ast.Return) -> ir.Expr | None:
    result = fx.instance.result
    if fx.result_out is not None:
        into = Local("Result", result, stored=True)
        into.alias = Value(result, ir.Var(fx.result_out.type, fx.result_out))
        _build_result(fx, value, into, node)
        return None
    found = keep_raw(fx, lower(fx, value), value)
    expr = coerce(fx, found, result, node)
    if found.local is not None and found.local.owner is not None:
        fx.consume(found.local.owner)
    elif fx.live.live and not isinstance(expr, (ir.Var, ir.Const, ir.Null)):
        expr = fx.temporary("value", expr, result, node).expr
    return expr


def _build_result(fx: Lowering, value: ast.expr, into: Local, node: ast.Return) -> None:
    """The result is a struct: it is built where the caller wants it."""
    assert into.alias is not None
    pointer = into.alias.expr
    place = ir.Deref(pointer.type.target, pointer) if isinstance(pointer.type, c.Pointer) else pointer
    into.alias.expr = ir.AddressOf(pointer.type, place)
    if isinstance(value, ast.Call):
        made = result_type(fx, value)
        if isinstance(value.func, ast.Name | ast.Subscript) and made is not None:
            if isinstance(made, t.ClassType):
                into.alias.expr = pointer
                _zero_unless_complete(fx, made, place, node)
                constructed = construct(fx, made, value, into)
                del constructed
                return
        lower_call(fx, value, into)
        return
    found = lower(fx, value)
    assert isinstance(found.expr, ir.AddressOf), "a struct is returned from a place"
    fx.emit(ir.Assign(place, found.expr.place), node)
    if found.local is not None and found.local.owner is not None:
        fx.consume(found.local.owner)


def _zero_unless_complete(fx: Lowering, made: t.ClassType, place: ir.Expr, node: ast.AST) -> None:
    init = made.decl.method("__init__")
    stored = {
        each.targets[0].attr
        for each in (init.node.body if init else [])
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Attribute)
    }
    if {each.name for each in made.decl.extra_fields} - stored:
        pointer = c.Pointer(place.type)
        size = ir.SizeOf(c.SIZE_T, place.type)
        fx.emit(ir.Do(ir.Call(c.VOID, "RtlZeroMemory", [ir.AddressOf(pointer, place), size])), node)


def _leave_generator(fx: Lowering, node: ast.Return) -> None:
    frame = fx.generators[-1]
    if node.value is not None:
        raise fx.refuse("PYN-L15", "a generator returns no value", node)
    fx.release_since(frame.base, node)
    frame.states.append(fx.live.copy())
    fx.emit(ir.Goto(frame.end_label), node)
    fx.state = None


def _raise(fx: Lowering, node: ast.Raise) -> None:
    match node.exc:
        case ast.Call(func=ast.Name(id=name), args=[argument]) if name == "NtError":
            status = lower(fx, argument)
            if not isinstance(status.type, t.EnumType) or status.type.decl.name not in ("Status", "NdisStatus"):
                raise fx.refuse("PYN-K11", f"found {status.type}, wanted a Status or NdisStatus", argument)
            raise_status(fx, status.expr, status.type.decl.name, node)
        case ast.Call(func=ast.Name(id=name), args=[]) | ast.Name(id=name) if name in PRIVATE:
            raise_status(fx, private_code(fx, name), name, node)
        case _:
            raise fx.refuse("PYN-L16", "only NtError and its like are raised", node, help="write `raise NtError(Status.…)`")


def _try(fx: Lowering, node: ast.Try) -> None:
    if node.finalbody:
        raise fx.refuse(
            "PYN-L17", "`finally` is not in the language", node.finalbody[0], help="use `with`: it releases on every path"
        )
    labels: dict[str, str] = {}
    for handler in node.handlers:
        if not isinstance(handler.type, ast.Name) or handler.type.id not in ("NtError", *PRIVATE):
            raise fx.refuse("PYN-L18", "a handler names one exception of the framework", handler, help="write `except NtError:`")
        labels[handler.type.id] = fx.label("Except" if handler.type.id == "NtError" else handler.type.id)
    frame = TryFrame(labels, list(fx.live.live))
    fx.tries.append(frame)
    fx.depth += 1
    with fx.block() as body:
        lower_block(fx, node.body)
    fx.tries.pop()
    with fx.block() as orelse:
        if fx.state is not None:
            lower_block(fx, node.orelse)
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
        lower_block(fx, handler.body)
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


def _match(fx: Lowering, node: ast.Match) -> None:
    """`match` on a number or enum: a chain of `if`s; guards are part of the tests."""
    subject = lower(fx, node.subject)
    if not isinstance(subject.expr, (ir.Var, ir.Const)):
        subject = fx.temporary("subject", subject.expr, subject.type, node.subject)
    before = fx.live.copy()
    out, ends, covered = fx.out, [], False
    chain: list[ir.Stmt] = []
    current = chain
    for case in node.cases:
        fx.out = current
        fx.state = before.copy()
        test = _case_test(fx, subject, case)
        fx.depth += 1
        with fx.block() as body:
            lower_block(fx, case.body)
        fx.depth -= 1
        ends.append(fx.state)
        if test is None:
            current.extend(body)
            covered = True
            break
        following: list[ir.Stmt] = []
        current.append(ir.If(test, body, following, span=fx.span(case.pattern)))
        current = following
    fx.out = out
    fx.out.extend(chain)
    fx.state = fx.join(node, *ends, None if covered else before)


def _case_test(fx: Lowering, subject: Value, case: ast.match_case) -> ir.Expr | None:
    test = _pattern_test(fx, subject, case.pattern)
    if case.guard is None:
        return test
    guard = truth(fx, case.guard)
    return guard if test is None else ir.Logic(c.BOOL, "&&", test, guard)


def _pattern_test(fx: Lowering, subject: Value, pattern: ast.pattern) -> ir.Expr | None:
    match pattern:
        case ast.MatchAs(pattern=None, name=None):
            return None
        case ast.MatchValue(value=value):
            found = fx.context.constants.maybe(fx.module, value)
            if isinstance(found, NotConstant):
                raise fx.refuse("PYN-C02", "a case is a constant", value)
            wanted = constant_value(fx, found, value)
            return ir.Compare(c.BOOL, "==", subject.expr, wanted.expr, span=fx.span(value))
        case ast.MatchOr(patterns=patterns):
            tests = [_pattern_test(fx, subject, each) for each in patterns]
            result = tests[0]
            for each in tests[1:]:
                assert result is not None and each is not None
                result = ir.Logic(c.BOOL, "||", result, each)
            return result
    raise fx.refuse("PYN-L20", "a case is a number, a member of an enum, or `_`", pattern)


def _assert(fx: Lowering, node: ast.Assert) -> None:
    with fx.block() as statements:
        test = truth(fx, node.test)
    if statements:
        raise fx.refuse(
            "PYN-L21", "an assertion calls something", node, help="Release builds leave assertions out: call before it"
        )
    fx.emit(ir.Assert(test), node)
    narrow(fx, node.test, True)


def _break(fx: Lowering, node: ast.Break) -> None:
    frame = fx.loops[-1]
    fx.release_since(frame.base, node)
    frame.break_states.append(fx.live.copy())
    frame.breaks += 1
    fx.emit(ir.Goto(frame.break_label), node)
    fx.state = None


def _continue(fx: Lowering, node: ast.Continue) -> None:
    frame = fx.loops[-1]
    fx.release_since(frame.base, node)
    frame.continue_states.append(fx.live.copy())
    fx.emit(ir.Goto(frame.continue_label), node)
    fx.state = None


def _pass(fx: Lowering, node: ast.Pass) -> None:
    del fx, node


_HANDLERS: dict[type[ast.stmt], Callable[..., None]] = {
    ast.Assign: _assign, ast.AnnAssign: _annotated, ast.AugAssign: _augmented, ast.Expr: _expression, ast.If: _if, ast.While: lower_while,
    ast.For: lower_for, ast.Return: _return, ast.Raise: _raise, ast.Try: _try, ast.Match: _match, ast.Assert: _assert, ast.Break: _break,
    ast.Continue: _continue, ast.Pass: _pass, ast.With: lower_with,
}  # fmt: skip
__all__ = ["Owner", "integer", "lower_block", "lower_statement"]
