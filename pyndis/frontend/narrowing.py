"""What a condition says of locals that may be None."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.function import Lowering


def narrow(fx: Lowering, test: ast.expr, holds: bool) -> None:
    """What a condition says of locals that may be None."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            narrow(fx, operand, not holds)
        case ast.BoolOp(op=ast.And(), values=values) if holds:
            for each in values:
                narrow(fx, each, True)
        case ast.BoolOp(op=ast.Or(), values=values) if not holds:
            for each in values:
                narrow(fx, each, False)
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(value=None)]):
            local = fx.locals.get(name)
            while local is not None and local.alias is not None and local.alias.local not in (None, local):
                local = local.alias.local
            if local is not None and fx.state is not None and isinstance(local.type, t.OptionalType):
                is_none = isinstance(op, ast.Is) == holds
                if is_none:
                    fx.state.narrow[local] = t.NONE
                    if local.owner is not None:
                        fx.consume(local.owner)
                else:
                    fx.state.narrow[local] = local.type.inner
