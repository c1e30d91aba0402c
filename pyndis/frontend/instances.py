"""Functions for certain types: found or lowered on demand, callees first."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.declarations import FuncDecl
from pyndis.frontend.errors import error, span_of
from pyndis.frontend.layout import c_prefix
from pyndis.frontend.names import camel
from pyndis.frontend.program import Context, Instance
from pyndis.frontend.validity import check_type


def instance_of(
    context: Context,
    decl: FuncDecl,
    owner: t.ClassType | None,
    *,
    node: ast.AST,
    bindings: t.Bindings | None = None,
    shares: tuple[t.Type, ...] = (),
    caller: Instance | None = None,
) -> Instance:
    """The function for an owner and the kinds of the shares that it is given. Lowered when it returns."""
    from pyndis.frontend.bodies import lower_body

    bound = bindings or t.Bindings()
    key = (decl, owner, tuple(sorted((name, str(type)) for name, type in bound.variables.items())), tuple(map(str, shares)))
    if key not in context.instances:
        instance = _new(context, decl, owner, bound, shares)
        context.instances[key] = instance
        _refuse_recursion(context, instance, node, caller)
        context.lowering.append(instance)
        try:
            lower_body(context, instance)
        finally:
            context.lowering.pop()
    instance = context.instances[key]
    _refuse_recursion(context, instance, node, caller)
    return instance


_PLAIN_DECORATORS = ("property", "staticmethod", "callback", "completes", "pends")


def _refuse_decorators(decl: FuncDecl) -> None:
    """The hooks of an adapter have been read; elsewhere a decorator would be a call that nobody makes."""
    if decl.module.library or (decl.owner is not None and decl.owner.extends("Adapter")):
        return
    for each in decl.decorators:
        head = each.func if isinstance(each, ast.Call) else each
        if not (isinstance(head, ast.Name) and head.id in _PLAIN_DECORATORS and decl.owner is not None):
            raise error(
                "PYN-S19",
                f"`@{ast.unparse(each)}` is no hook of the framework",
                (span_of(decl.module.file, each), "here"),
                help="hooks hang on methods of the adapter; call other functions by name",
            )


def _new(context: Context, decl: FuncDecl, owner: t.ClassType | None, bound: t.Bindings, shares: tuple[t.Type, ...]) -> Instance:
    _refuse_decorators(decl)
    variables = dict(bound.variables)
    if owner is not None:
        variables |= dict(zip(owner.decl.variables, owner.args, strict=False))
        for ancestor in owner.decl.ancestors:
            variables |= dict(zip(ancestor.variables, owner.args, strict=False))
    generic = "".join(c_prefix(t.strip(each)) for each in bound.variables.values())
    prefix = c_prefix(owner) if owner is not None else generic or camel(context.name)
    instance = Instance(decl, owner, t.Bindings(variables), prefix + camel(decl.name))
    instance.parameters = _parameters(context, instance, list(shares))
    returns = decl.node.returns
    instance.result = (
        context.resolve(context.annotations.read(decl.module, returns, instance.bindings, owner)) if returns else t.NONE
    )
    if returns is not None and not isinstance(instance.result, t.IteratorType):
        check_type(context, decl.module, returns, instance.result)
    return instance


def _parameters(context: Context, instance: Instance, shares: list[t.Type]) -> list[tuple[str, t.Type]]:
    decl = instance.decl
    found: list[tuple[str, t.Type]] = []
    arguments = decl.node.args
    refuse_starred_parameters(decl)
    for number, argument in enumerate([*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]):
        if number == 0 and decl.owner is not None and decl.decorator("staticmethod") is None:
            found.append((argument.arg, _self_type(instance, argument)))
            continue
        if argument.annotation is None:
            raise error(
                "PYN-K05",
                f"the parameter {argument.arg} has no type",
                (span_of(decl.module.file, argument), "write one here"),
                help=f"for example `{argument.arg}: u32`",
            )
        type = context.resolve(context.annotations.read(decl.module, argument.annotation, instance.bindings, instance.owner))
        check_type(context, decl.module, argument.annotation, type)
        if isinstance(type, t.SharedType) and shares:
            type = shares.pop(0)
        found.append((argument.arg, type))
    if decl.node.returns is None and decl.name != "__init__":
        raise error(
            "PYN-K06",
            f"{decl.name} does not say what it returns",
            (decl.span, "this function"),
            help="write `-> None` or the type",
        )
    return found


def refuse_starred_parameters(decl: FuncDecl) -> None:
    """A function has the parameters that its head names."""
    arguments = decl.node.args
    starred = arguments.kwarg or (arguments.vararg if decl.name != "__exit__" else None)
    if starred is not None:
        raise error(
            "PYN-L04",
            "`*` and `**` parameters are not in the language",
            (span_of(decl.module.file, starred), "this parameter"),
            help="name each parameter",
        )


def _self_type(instance: Instance, argument: ast.arg) -> t.Type:
    assert instance.owner is not None
    owned = isinstance(argument.annotation, ast.Subscript) and isinstance(argument.annotation.value, ast.Name)
    marked = owned and argument.annotation.value.id == "Owned"  # type: ignore[union-attr]
    return t.OwnedType(instance.owner) if marked else instance.owner


def _refuse_recursion(context: Context, instance: Instance, node: ast.AST, caller: Instance | None) -> None:
    if instance in context.lowering:
        module = (caller or instance).decl.module
        circle = context.lowering[context.lowering.index(instance) :]
        names = " -> ".join(each.decl.name for each in [*circle, instance])
        raise error(
            "PYN-L05",
            f"functions call each other in a circle: {names}",
            (span_of(module.file, node), "this call closes the circle"),
            (instance.decl.span, "it began here"),
            help="a kernel stack has 12 KB; write a loop",
        )
