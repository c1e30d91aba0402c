"""Short spellings of IR, so that a test shows what it is about."""

from __future__ import annotations

from pyndis.ir.nodes import (
    Assign,
    Binary,
    Call,
    Compare,
    Const,
    Declare,
    Expr,
    Field,
    Function,
    Null,
    Param,
    Program,
    Stmt,
    Symbol,
    Var,
)
from pyndis.ir.types import BOOL, ULONG, VOID, CType, Int, Pointer, Struct

IRP = Pointer(Struct("IRP"))


def var(name: str, type: CType = ULONG) -> Var:
    return Var(type, Symbol(name, type))


def num(value: int, type: Int = ULONG, name: str = "") -> Const:
    return Const(type, value, name)


def null(type: CType = IRP) -> Null:
    return Null(type)


def binary(left: Expr, op: str, right: Expr, type: CType | None = None) -> Binary:
    return Binary(type or left.type, op, left, right)


def compare(left: Expr, op: str, right: Expr) -> Compare:
    return Compare(BOOL, op, left, right)


def field(base: Expr, name: str, type: CType = ULONG) -> Field:
    return Field(type, base, name)


def call(function: Function | str, *args: Expr, type: CType = VOID, pure: bool = False) -> Call:
    return Call(function.result if isinstance(function, Function) else type, function, list(args), pure)


def let(of: Var, value: Expr | None = None) -> Declare:
    return Declare(of.symbol, value)


def assign(target: Expr, value: Expr) -> Assign:
    return Assign(target, value)


def add(target: Expr, value: Expr) -> Assign:
    return Assign(target, binary(target, "+", value))


def function(name: str, *params: Var, body: list[Stmt], result: CType = VOID, **more: object) -> Function:
    return Function(name, [Param(each.symbol) for each in params], result, body, **more)


def program(*functions: Function, **more: object) -> Program:
    return Program("sample", functions=list(functions), **more)
