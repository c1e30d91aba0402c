"""Expressions as messages quote them: the author's names, Python's operators."""

from __future__ import annotations

from pyndis.ir import nodes as ir

_WORDS = {"&&": "and", "||": "or", "!": "not "}


def spell(expr: ir.Expr) -> str:
    """An expression in the author's terms."""
    return _outer(expr)


def _outer(expr: ir.Expr) -> str:
    match expr:
        case ir.Binary() | ir.Compare():
            return f"{_inner(expr.left)} {expr.op} {_inner(expr.right)}"
        case ir.Logic():
            return f"{_inner(expr.left)} {_WORDS[expr.op]} {_inner(expr.right)}"
        case ir.Choose():
            return f"{_inner(expr.then)} if {_inner(expr.test)} else {_inner(expr.orelse)}"
    return _inner(expr)


def _inner(expr: ir.Expr) -> str:
    match expr:
        case ir.Const():
            return expr.name or str(expr.value)
        case ir.Text():
            return repr(expr.value)
        case ir.Null():
            return "None"
        case ir.Var():
            return expr.symbol.source or expr.symbol.name
        case ir.Global():
            return expr.name
        case ir.Field():
            return f"{_inner(expr.base)}.{expr.name}"
        case ir.Index():
            return f"{_inner(expr.base)}[{_outer(expr.index)}]"
        case ir.Deref():
            return _inner(expr.pointer)
        case ir.AddressOf():
            return _inner(expr.place)
        case ir.Unary():
            return f"{_WORDS.get(expr.op, expr.op)}{_inner(expr.operand)}"
        case ir.Wrap():
            return f"{'wrapping' if expr.kind == 'wrap' else 'saturating'}({_outer(expr.operand)})"
        case ir.Cast():
            return _inner(expr.operand)
        case ir.SizeOf():
            return f"sizeof({expr.measured})"
        case ir.Call(pure=True, args=[inside]) if expr.name.endswith("_OF"):
            return _inner(inside)  # the driver's own fields of a kernel object
        case ir.Call():
            name = expr.name if isinstance(expr.function, str) else expr.function.source or expr.name
            return f"{name}({', '.join(_outer(arg) for arg in expr.args)})"
        case ir.Zeroed():
            return "zeros"
    return f"({_outer(expr)})"
