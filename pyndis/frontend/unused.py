"""What no entry point reaches is looked at all the same: its errors do not wait for its first user. It leaves no C behind."""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.frontend import types as t
from pyndis.frontend.declarations import ClassDecl, FuncDecl
from pyndis.frontend.instances import instance_of
from pyndis.frontend.program import Context


def check_unused(context: Context, *, keep: bool) -> set[str]:
    """Lower the driver's own functions that nothing has lowered, and forget or `keep` them: their names in C.

    Raises SourceError.
    """
    kept: set[str] = set()
    functions, structs, constants = list(context.functions), dict(context.structs), dict(context.used_constants)
    lowered = {instance.decl for instance in context.instances.values()}
    for decl, owner in _own(context):
        if decl not in lowered and not decl.is_generator and _is_plain(context, decl, owner):
            instance = instance_of(context, decl, owner, node=decl.node)
            assert instance.ir is not None
            instance.ir.entry_irql, instance.ir.inline = (0, 2), False
            kept.add(instance.c_name)
    if keep:
        return kept
    context.functions[:] = functions
    context.structs, context.used_constants = structs, constants
    context.callbacks.clear()
    return set()


def _own(context: Context) -> Iterator[tuple[FuncDecl, t.ClassType | None]]:
    for module in list(context.sources.modules.values()):
        if module.library:
            continue
        for decl in list(context.scope.table(module).values()):
            if isinstance(decl, FuncDecl):
                yield decl, None
            elif isinstance(decl, ClassDecl) and not decl.variables and not decl.is_protocol:
                yield from ((method, t.ClassType(decl)) for method in list(decl.methods.values()))


def _is_plain(context: Context, decl: FuncDecl, owner: t.ClassType | None) -> bool:
    """Whether its types are all known: no variables, no protocols that the program binds nowhere."""
    arguments = decl.node.args
    for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        if each.annotation is not None:
            found = t.strip(context.annotations.read(decl.module, each.annotation, t.Bindings(), owner))
            if isinstance(found, t.VarType) or _is_open(context, found):
                return False
    return True


def _is_open(context: Context, type: t.Type) -> bool:
    resolved = context.resolve(type)
    return isinstance(resolved, t.ClassType) and resolved.decl.is_protocol
