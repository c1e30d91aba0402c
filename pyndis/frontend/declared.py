"""Declarations in an adapter's class body: `pool = NblPool(mtu=MTU)` is a field, made and unmade with the adapter."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pyndis.frontend import types as t
from pyndis.frontend.constants import Constant, Member, NotConstant
from pyndis.frontend.declarations import ClassDecl, FieldDecl
from pyndis.frontend.errors import SourceError, error, span_of
from pyndis.frontend.validity import check_type
from pyndis.ir import types as c

if TYPE_CHECKING:
    from pyndis.frontend.program import Context


def declares(field: FieldDecl, name: str) -> bool:
    """Whether the field is declared as `name(…)`."""
    call = field.declared
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name


def declared_arguments(context: Context, field: FieldDecl, decl: ClassDecl) -> dict[str, tuple[Constant, ast.expr]]:
    """The arguments of a declaration by the names of the parameters, each a constant of the parameter's type."""
    call = field.declared
    if not isinstance(call, ast.Call):
        raise _no_declaration(field)
    init = decl.method("__init__")
    arguments = init.node.args if init is not None else ast.arguments([], [], None, [], [], None, [])
    positional = [*arguments.posonlyargs, *arguments.args][1:]
    parameters = {each.arg: each for each in [*positional, *arguments.kwonlyargs]}
    given: dict[str, ast.expr] = {}
    if len(call.args) > len(positional):
        raise _wrong(field, f"{decl.name} takes {len(positional)} arguments without a name, found {len(call.args)}", call)
    given |= {parameter.arg: each for parameter, each in zip(positional, call.args, strict=False)}
    for keyword in call.keywords:
        if keyword.arg not in parameters or keyword.arg in given:
            raise _wrong(field, f"{decl.name} has no parameter {keyword.arg} left", keyword.value)
        given[keyword.arg] = keyword.value
    missing = [each for each in parameters if each not in given]
    if missing:
        raise _wrong(field, f"{decl.name} needs {', '.join(missing)}", call)
    return {name: (_constant(context, field, decl, parameters[name], node), node) for name, node in given.items()}


def _wrong(field: FieldDecl, message: str, node: ast.AST) -> SourceError:
    return error("PYN-K15", message, (span_of(field.module.file, node), "in this declaration"))


def _constant(context: Context, field: FieldDecl, decl: ClassDecl, parameter: ast.arg, node: ast.expr) -> Constant:
    value = context.constants.maybe(field.module, node)
    place = (span_of(field.module.file, node), "here")
    if isinstance(value, NotConstant):
        raise error("PYN-C02", f"{parameter.arg} is not constant", place, help="use numbers, text, enums, and constants")
    assert parameter.annotation is not None, f"{decl.name}.{parameter.arg} has no type"
    wanted = ast.unparse(parameter.annotation)
    if not _is_a(context, decl, parameter.annotation, wanted, value):
        raise error("PYN-C07", f"{parameter.arg} is {ast.unparse(node)}, wanted {_in_words(wanted)}", place)
    return value


def _is_a(context: Context, decl: ClassDecl, annotation: ast.expr, wanted: str, value: Constant) -> bool:
    match wanted:
        case "str":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
        case "tuple[str, ...]":
            return isinstance(value, tuple) and all(isinstance(each, str) for each in value)
        case "tuple[int, int]":
            return isinstance(value, tuple) and len(value) == 2 and all(isinstance(each, int) for each in value)
        case "dict[Oid, int | str]":
            return isinstance(value, dict) and all(_is_answer(*each) for each in value.items())
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
    type = context.annotations.read(decl.module, annotation, t.Bindings())
    if isinstance(type, t.EnumType):
        return isinstance(value, Member) and value.decl is type.decl
    assert isinstance(type, t.IntType), f"{decl.name} declares with {wanted}"
    return isinstance(value, int) and not isinstance(value, bool) and type.c.low <= value <= type.c.high


def _is_answer(oid: Constant, value: Constant) -> bool:
    number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= c.ULONG.high
    return isinstance(oid, Member) and oid.decl.name == "Oid" and (number or isinstance(value, str))


def _in_words(wanted: str) -> str:
    words = {
        "str": "text",
        "bool": "True or False",
        "tuple[str, ...]": "a tuple of texts",
        "tuple[int, int]": "two numbers, as in `(6, 20)`",
        "dict[Oid, int | str]": "a table from members of Oid to numbers of 32 bits, or texts",
        "int": "a number",
        "u32": "a number of 32 bits",
        "Amount": "a number of 31 bits",
    }
    return words.get(wanted, f"a member of {wanted}")


def declared_type(context: Context, field: FieldDecl) -> t.Type:
    """The type of a declared field."""
    call = field.declared
    if isinstance(call, ast.Call):
        if isinstance(call.func, ast.Subscript):
            found_type = context.resolve(context.annotations.read(field.module, call.func, t.Bindings()))
            check_type(context, field.module, call.func, found_type, field=True)
            return found_type
        if isinstance(call.func, ast.Name):
            found = context.scope.find(field.module, call.func.id)
            if isinstance(found, ClassDecl):
                if found.variables:
                    place = (span_of(field.module.file, call), "here")
                    raise error("PYN-K03", f"{found.name} needs to know of what", place, help=f"write `{found.name}[…]()`")
                return t.ClassType(found)
    raise _no_declaration(field)


def _no_declaration(field: FieldDecl) -> SourceError:
    return error(
        "PYN-S14",
        f"{field.name} is declared by something else than a class of the framework",
        (span_of(field.module.file, field.node), "here"),
        help="declare it as `name = Class(…)`, or as a field, `name: type`",
    )
