"""The intermediate form as text: for `--emit ir`, golden files and comparisons. Same program, same bytes; no places of sources.

Expressions are in full parentheses, so that the text needs no table of precedence to be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pyndis.ir.nodes import (
    AddressOf,
    Assert,
    Assign,
    Binary,
    Break,
    Call,
    Cast,
    Choose,
    Comment,
    Compare,
    Const,
    ConstantDecl,
    Continue,
    Declare,
    Deref,
    Do,
    Expr,
    Field,
    Function,
    Global,
    Goto,
    If,
    Index,
    Label,
    Logic,
    Loop,
    Null,
    Param,
    Program,
    Return,
    SizeOf,
    Stmt,
    StructDecl,
    Switch,
    Text,
    Unary,
    Var,
    Wrap,
    Zeroed,
)
from pyndis.ir.types import Array, Bool, CType, Int, Pointer


def program(whole: Program) -> str:
    """All of a program."""
    parts = [f"program {whole.name}\n", "".join(f"{_constant(each)}\n" for each in whole.constants)]
    parts += [struct(each) for each in whole.structs]
    parts += [function(each) for each in whole.functions]
    return "\n".join(part for part in parts if part)


def struct(declaration: StructDecl) -> str:
    """A struct with its layout's conditions."""
    overlay = f" over {declaration.overlay[0]}: {declaration.overlay[1]}" if declaration.overlay else ""
    lines = [f"struct {declaration.name}{overlay}", *_doc(declaration.doc), *(f"  fits {each}" for each in declaration.fits)]
    for each in declaration.fields:
        lines.append(f"  {each.name}: {type_text(each.type)}{f'  # {_flat(each.doc)}' if each.doc else ''}")
    return "\n".join(lines) + "\n"


def function(whole: Function) -> str:
    """A function with what the passes found out about it."""
    head = f"function {whole.name}({', '.join(_param(each) for each in whole.params)}) -> {type_text(whole.result)}"
    return "\n".join([head, *_facts(whole), *_doc(whole.doc), *body(whole.body)]) + "\n"


def _facts(whole: Function) -> Iterator[str]:
    pairs = (("role", whole.role), ("entry_irql", whole.entry_irql), ("locked", whole.locked), ("section", whole.section))
    later = (("irql_max", whole.irql_max), ("returns", whole.returns), ("inline", whole.inline or None))
    for name, fact in (*pairs, *later):
        if fact is not None and fact != "":
            yield f"  @{name} {f'{fact[0]}..{fact[1]}' if isinstance(fact, tuple) else fact}"
    yield from (f"  @sal {each}" for each in whole.annotations)


def _param(param: Param) -> str:
    return f"{param.sal} {param.symbol.name}: {type_text(param.symbol.type)}"


def _constant(declaration: ConstantDecl) -> str:
    remark = f"  # {_flat(declaration.doc)}" if declaration.doc else ""
    return f"constant {declaration.name}: {type_text(declaration.value.type)} = {expression(declaration.value)}{remark}"


def _doc(text: str) -> list[str]:
    return [f"  # {_flat(text)}"] if text else []


def _flat(text: str) -> str:
    return " ".join(text.split())


def type_text(type: CType) -> str:
    """A type, with the values of an integer that may not hold all that its width allows."""
    if isinstance(type, Int):
        full = Int(type.name, type.bits, type.signed, *_full(type))
        return type.name if type == full else f"{type.name}[{type.low}..{type.high}]"
    if isinstance(type, Pointer):
        marks = ("const " if type.const else "") + ("volatile " if type.volatile else "")
        return f"{marks}{type_text(type.target)} *"
    return f"{type_text(type.element)}[{type.count}]" if isinstance(type, Array) else str(type)


def _full(type: Int) -> tuple[int, int]:
    bits = type.bits or 64
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if type.signed else (0, (1 << bits) - 1)


def body(statements: Sequence[Stmt], depth: int = 1) -> list[str]:
    """Statements, a line each."""
    return [line for each in statements for line in _statement(each, depth)]


def _statement(statement: Stmt, depth: int) -> list[str]:
    indent = "  " * depth
    match statement:
        case If():
            lines = [f"{indent}if {expression(statement.test)}", *body(statement.then, depth + 1)]
            return [*lines, f"{indent}else", *body(statement.orelse, depth + 1)] if statement.orelse else lines
        case Loop():
            test = f" {expression(statement.test)}" if statement.test else ""
            step = f"; {_line(statement.step)}" if statement.step else ""
            return [f"{indent}loop{test}{step}", *body(statement.body, depth + 1)]
        case Switch():
            lines = [f"{indent}switch {expression(statement.subject)}"]
            for case in statement.cases:
                values = ", ".join(expression(each) for each in case.values)
                lines += [f"{indent}case {values}" if values else f"{indent}default", *body(case.body, depth + 1)]
            return lines
        case Label():
            return [f"{'  ' * (depth - 1)}{statement.name}:"]
        case _:
            return [indent + _line(statement)]


def _line(statement: Stmt) -> str:
    match statement:
        case Declare(symbol=symbol):
            start = f" = {expression(statement.value)}" if statement.value else ""
            return f"let {symbol.name}: {type_text(symbol.type)}{start}"
        case Assign():
            return f"{expression(statement.target)} = {expression(statement.value)}"
        case Do():
            return f"do {expression(statement.call)}"
        case Break() | Continue():
            return type(statement).__name__.lower()
        case Goto():
            return f"goto {statement.label}"
        case Return():
            return f"return {expression(statement.value)}" if statement.value else "return"
        case Assert():
            return f"assert {expression(statement.test)}"
        case Comment():
            return f"# {_flat(statement.text)}"
        case _:
            raise TypeError(f"no text for a statement {type(statement).__name__}")


def expression(expr: Expr) -> str:
    """An expression. Two that print alike mean the same."""
    match expr:
        case Const():
            return _const(expr)
        case Text():
            return f"{'L' if expr.wide else ''}{expr.value!a}"
        case Null():
            return "null"
        case Zeroed():
            return "zeroed"
        case Var():
            return expr.symbol.name
        case Global():
            return f"@{expr.name}"
        case SizeOf():
            return f"sizeof({type_text(expr.measured)})"
        case Call():
            return f"{expr.name}{'' if expr.pure else '!'}({', '.join(expression(each) for each in expr.args)})"
        case Cast() | Wrap():
            return _converted(expr)
        case Field() | Index() | Deref() | AddressOf():
            return _place(expr)
        case _:
            return _operation(expr)


def _const(const: Const) -> str:
    if const.name:
        return const.name
    return ("false", "true")[bool(const.value)] if isinstance(const.type, Bool) else f"{const.value}:{type_text(const.type)}"


def _converted(expr: Cast | Wrap) -> str:
    kind = "cast" if isinstance(expr, Cast) else expr.kind
    return f"{kind}<{type_text(expr.type)}>({expression(expr.operand)})"


def _place(expr: Field | Index | Deref | AddressOf) -> str:
    match expr:
        case Field():
            return f"{expression(expr.base)}{'->' if isinstance(expr.base.type, Pointer) else '.'}{expr.name}"
        case Index():
            return f"{expression(expr.base)}[{expression(expr.index)}]"
        case Deref():
            return f"*({expression(expr.pointer)})"
        case AddressOf():
            return f"&({expression(expr.place)})"


def _operation(expr: Expr) -> str:
    match expr:
        case Unary():
            return f"{expr.op}({expression(expr.operand)})"
        case Binary() | Compare() | Logic():
            return f"({expression(expr.left)} {expr.op} {expression(expr.right)})"
        case Choose():
            return f"({expression(expr.test)} ? {expression(expr.then)} : {expression(expr.orelse)})"
        case _:
            raise TypeError(f"no text for an expression {type(expr).__name__}")
