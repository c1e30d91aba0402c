"""Classes: bases, fields, methods, members of enums; what one of a driver may not hold."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pyndis.frontend.constructs import describe, instead
from pyndis.frontend.declarations import (
    TABLES,
    ClassDecl,
    Declared,
    EnumDecl,
    FieldDecl,
    FuncDecl,
)
from pyndis.frontend.errors import error, span_of
from pyndis.frontend.source import Module

if TYPE_CHECKING:
    from pyndis.frontend.scope import Scope


def read_class(scope: Scope, module: Module, node: ast.ClassDef) -> ClassDecl | EnumDecl:
    """A class statement."""
    bases = [head(base) for base in node.bases]
    if bases == ["IntEnum"]:
        return _enum(module, node)
    decl = ClassDecl(node.name, module, node)
    decl.is_protocol = "Protocol" in bases
    decl.is_struct = any(isinstance(each, ast.Name) and each.id == "struct" for each in node.decorator_list)
    for base in node.bases:
        _base(scope, module, decl, base)
    for keyword in node.keywords:
        if keyword.arg and isinstance(keyword.value, ast.Constant):
            decl.keywords[keyword.arg] = keyword.value.value
    for item in node.body:
        _member(module, decl, item)
    if not module.library:
        _refuse_overrides(decl)
    return decl


def _refuse_overrides(decl: ClassDecl) -> None:
    """The library calls its own methods and fields by their names. What an adapter hooks in is asked for by name, too."""
    if decl.base is None or decl.base.name in TABLES or decl.extends("Driver"):
        return
    for name, mine in {**decl.fields, **decl.methods}.items():
        hooked = isinstance(mine, FuncDecl) and any(
            isinstance(each, ast.Attribute) and each.attr == name for each in mine.decorators
        )
        if hooked or (isinstance(mine, FieldDecl) and mine.declared is not None and decl.extends("Adapter") and name == "device"):
            continue
        theirs = decl.base.method(name) or decl.base.field(name)
        if theirs is not None or (name == "__init__" and decl.is_reference):
            raise error(
                "PYN-S22",
                f"{decl.base.name} has {name} already" if theirs is not None else f"{decl.name} is not made by a call",
                (mine.span, f"{decl.name} cannot replace it" if theirs is not None else "so this would never run"),
                help="give it another name; hooks are the only methods that the framework calls",
            )


def _base(scope: Scope, module: Module, decl: ClassDecl, base: ast.expr) -> None:
    name = head(base)
    if name == "Generic" and isinstance(base, ast.Subscript):
        inside = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
        decl.variables = [each.id for each in inside if isinstance(each, ast.Name)]
    elif name in ("Protocol", "Exception"):
        return
    else:
        found = scope.find(module, name)
        if not isinstance(found, ClassDecl):
            raise error(
                "PYN-S10",
                f"{decl.name} extends {name}, which is not a class of the framework",
                (span_of(module.file, base), "here"),
            )
        if decl.base is not None or not found.module.library:
            raise error(
                "PYN-S11",
                f"{decl.name} is more than one level below the framework's classes",
                (span_of(module.file, base), "this base"),
                help="let it extend one class of pyndis.kernel, and use fields for the rest",
            )
        decl.base = found


def _enum(module: Module, node: ast.ClassDef) -> EnumDecl:
    decl = EnumDecl(node.name, module, node)
    for item in node.body:
        match item:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int() as number)):
                decl.members[name] = number
                continue
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                continue
        raise error("PYN-S12", "an IntEnum holds `NAME = number` only", (span_of(module.file, item), "here"))
    return decl


def _member(module: Module, decl: ClassDecl, item: ast.stmt) -> None:
    match item:
        case ast.FunctionDef(name=name):
            refuse_twice(module, item, name, decl.methods.get(name) or decl.fields.get(name))
            decl.methods[name] = FuncDecl(name, module, item, decl)
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
            refuse_twice(module, item, name, decl.methods.get(name) or decl.fields.get(name))
            if value is not None and not module.library:
                raise error(
                    "PYN-S23",
                    f"the field {name} has a first value",
                    (span_of(module.file, value), "nothing would store it"),
                    help="fields begin as zeros; store other values in a method, or in `__init__`",
                )
            path = ""
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "at":
                path = str(value.args[0].value) if isinstance(value.args[0], ast.Constant) else ""
            decl.fields[name] = FieldDecl(name, module, item, annotation, path)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            refuse_twice(module, item, name, decl.methods.get(name) or decl.fields.get(name))
            decl.fields[name] = FieldDecl(name, module, item, None, "", value)
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            pass
        case _:
            refuse_async(module, item)
            raise error(
                "PYN-S13",
                "a class holds fields, declarations and methods only",
                (span_of(module.file, item), "this is none of them"),
            )


def refuse_twice(module: Module, node: ast.AST, name: str, first: Declared | None) -> None:
    """In a driver a name means one thing."""
    if first is not None and not module.library:
        raise error(
            "PYN-S25",
            f"{name} is defined twice",
            (span_of(module.file, node), "this is the second"),
            (first.span, "this is the first"),
            help="give one of them another name, or delete it",
        )


def refuse_async(module: Module, node: ast.stmt) -> None:
    """`async def` is no function of the language."""
    if isinstance(node, ast.AsyncFunctionDef):
        place = (span_of(module.file, node), "here")
        raise error("PYN-L01", f"{describe(node)} is not in the language", place, help=instead(node))


def head(annotation: ast.expr) -> str:
    """The outermost name of an annotation."""
    if isinstance(annotation, ast.Subscript):
        return head(annotation.value)
    return annotation.id if isinstance(annotation, ast.Name) else ""
