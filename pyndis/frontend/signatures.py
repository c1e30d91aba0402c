"""What each hook's method takes and gives back, and the error for one that does not."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.declarations import ClassDecl, EnumDecl, FuncDecl
from pyndis.frontend.errors import error
from pyndis.frontend.program import Context
from pyndis.ir import types as c

SIGNATURES = {
    "on.send": "chain: Owned[Chain[Nbl]]",
    "on.cancel_send": "cancel_id: usize",
    "on.returned": "chain: Owned[Chain[PoolNbl]]",
    "on.flow_stopped": "status: NdisStatus",
    "on.halt": "",
    "device.create": "file: File",
    "device.cleanup": "file: File",
    "device.close": "file: File",
    "device.read": "irp: Owned[Irp]",
    "device.write": "irp: Owned[Irp]",
    "elapsed": "",
    "one_at_a_time": "",
    "oid.set": "value: u32",
}
"""The parameters behind `self`. In place of a class of the framework stands it or one that extends it."""


def check_signature(context: Context, method: FuncDecl, hook: str) -> None:
    """Raises PYN-S21 where the method is not what the hook calls."""
    wanted = SIGNATURES[hook]
    result = "bool" if hook == "one_at_a_time" else "None"
    heads = ["", wanted] if hook == "oid.set" else [wanted]
    if any(_has(context, method, each) for each in heads) and _returns(method, result):
        return
    written = " or ".join(f"`def {method.name}({', '.join(filter(None, ('self', each)))}) -> {result}`" for each in heads)
    raise error(
        "PYN-S21",
        f"{method.name} does not have the signature that its hook calls",
        (method.span, f"hooked to {hook}"),
        help=f"write {written}",
    )


def _returns(method: FuncDecl, result: str) -> bool:
    return method.node.returns is not None and ast.unparse(method.node.returns) == result


def _has(context: Context, method: FuncDecl, wanted: str) -> bool:
    arguments = method.node.args
    names = [*arguments.posonlyargs, *arguments.args]
    if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or len(names) != (2 if wanted else 1):
        return False
    if not wanted:
        return True
    found = names[1].annotation
    if found is None:
        return False
    type = context.annotations.read(method.module, found, t.Bindings(), context.adapter_type)
    return _fits(type, _library_type(context, ast.parse(wanted.partition(": ")[2], mode="eval").body))


def _library_type(context: Context, node: ast.expr) -> t.Type:
    """A type of SIGNATURES."""
    match node:
        case ast.Subscript(value=ast.Name(id="Owned"), slice=inner):
            return t.OwnedType(_library_type(context, inner))
        case ast.Subscript(value=ast.Name(id=name), slice=inner):
            return t.ClassType(context.library_class(name), (_library_type(context, inner),))
        case ast.Name(id="u32" | "usize" as name):
            return t.IntType(c.ULONG if name == "u32" else c.ULONG_PTR)
        case ast.Name(id=name):
            found = context.scope.library(name)
            if isinstance(found, EnumDecl):
                return t.EnumType(found)
            assert isinstance(found, ClassDecl)
            return t.ClassType(found)
    raise AssertionError(f"SIGNATURES has {ast.unparse(node)}")


def _fits(found: t.Type, wanted: t.Type) -> bool:
    match found, wanted:
        case t.OwnedType(one), t.OwnedType(other):
            return _fits(one, other)
        case t.ClassType(one, ones), t.ClassType(other, others):
            return other in one.ancestors and len(ones) == len(others) and all(map(_fits, ones, others))
        case t.IntType(one), t.IntType(other):
            return one.name == other.name
    return found == wanted
