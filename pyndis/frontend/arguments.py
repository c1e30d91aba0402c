"""The arguments of a call, in the order of the parameters."""

from __future__ import annotations

import ast

from pyndis.frontend.declarations import FuncDecl
from pyndis.frontend.expressions import lower
from pyndis.frontend.function import Lowering
from pyndis.frontend.instances import refuse_starred_parameters
from pyndis.frontend.known import constant_value
from pyndis.frontend.state import Value


def lower_arguments(fx: Lowering, decl: FuncDecl, node: ast.Call, skip: int) -> list[Value]:
    """The arguments in the order of the parameters."""
    parameters = [*decl.node.args.posonlyargs, *decl.node.args.args, *decl.node.args.kwonlyargs][skip:]
    given: dict[str, ast.expr] = {}
    refuse_starred_parameters(decl)
    for each in [*node.args, *node.keywords]:
        if isinstance(each, ast.Starred) or (isinstance(each, ast.keyword) and each.arg is None):
            raise fx.refuse("PYN-L04", "`*` and `**` arguments are not in the language", each, help="write out the arguments")
    if len(node.args) > len(parameters):
        raise fx.refuse("PYN-K15", f"{decl.name} takes {len(parameters)} arguments, found {len(node.args)}", node)
    for parameter, argument in zip(parameters, node.args, strict=False):
        given[parameter.arg] = argument
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg not in [each.arg for each in parameters] or keyword.arg in given:
            raise fx.refuse("PYN-K15", f"{decl.name} has no parameter {keyword.arg} left", keyword.value)
        given[keyword.arg] = keyword.value
    defaults = _defaults(fx, decl)
    missing = [each.arg for each in parameters if each.arg not in given and each.arg not in defaults]
    if missing:
        raise fx.refuse("PYN-K15", f"{decl.name} needs {', '.join(missing)}", node, "this call lacks it")
    return [lower(fx, given[each.arg]) if each.arg in given else defaults[each.arg] for each in parameters]


def _defaults(fx: Lowering, decl: FuncDecl) -> dict[str, Value]:
    """What parameters are where the call does not give them: constants."""
    arguments = decl.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(reversed(positional), reversed(arguments.defaults), strict=False)]
    pairs += [(each, value) for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value is not None]
    return {each.arg: constant_value(fx, fx.context.constants.default(decl.module, value), value) for each, value in pairs}
