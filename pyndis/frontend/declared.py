"""Declarations in an adapter's class body: `pool = NblPool(mtu=MTU)` is a field, made and unmade with the adapter."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pyndis.frontend import types as t
from pyndis.frontend.declarations import ClassDecl, FieldDecl
from pyndis.frontend.errors import error, span_of

if TYPE_CHECKING:
    from pyndis.frontend.program import Context


def declared_type(context: Context, field: FieldDecl) -> t.Type:
    """The type of a declared field."""
    call = field.declared
    if isinstance(call, ast.Call):
        if isinstance(call.func, ast.Subscript):
            return context.resolve(context.annotations.read(field.module, call.func, t.Bindings()))
        if isinstance(call.func, ast.Name):
            found = context.scope.find(field.module, call.func.id)
            if isinstance(found, ClassDecl):
                return t.ClassType(found)
    raise error(
        "PYN-S14",
        f"{field.name} is declared by something else than a class of the framework",
        (span_of(field.module.file, field.node), "here"),
        help="declare it as `name = Class(…)`, or as a field, `name: type`",
    )
