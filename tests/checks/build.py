"""A few short words to write the intermediate form by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyndis.diagnostics import Diagnostic
from pyndis.ir import nodes as ir
from pyndis.ir.types import BOOL, NUMBER, UCHAR, ULONG, USHORT, VOID, CType, Int, Number, Pointer, Struct

SPAN = ir.StructDecl("SPAN", [ir.StructField("Offset", ULONG), ir.StructField("Size", ULONG)])
SPAN_POINTER = Pointer(Struct("SPAN"))


@dataclass
class FakeParam:
    name: str
    type: str


@dataclass
class FakeDdi:
    name: str
    params: list[FakeParam] = field(default_factory=list)
    irql_min: int | None = None
    irql_max: int | None = 2
    irql_requires: int | None = None
    irql_when: tuple[object, ...] = ()
    raises_irql: int | None = None
    restores_irql: bool = False
    calls_out: bool = False
    min_ntddi: str | None = None
    min_ndis: str | None = None
    module: str | None = "ntoskrnl.exe"
    inline: bool = False
    macro: bool = False


class FakeFacts:
    def __init__(self, *functions: FakeDdi) -> None:
        self.functions = {each.name: each for each in functions}

    def function(self, name: str, arch: str = "amd64") -> FakeDdi | None:
        return self.functions.get(name)

    def callback(self, name: str, arch: str = "amd64") -> None:
        return None

    def struct(self, name: str, arch: str = "amd64") -> None:
        return None

    def constant(self, name: str, arch: str = "amd64") -> int | None:
        return {"PagedPool": 1}.get(name)

    def scalar(self, name: str, arch: str = "amd64") -> tuple[str, int, int] | None:
        return {"CCHAR": ("char", 1, 1), "POOL_TYPE": ("enum _POOL_TYPE", 4, 4)}.get(name)


def local(name: str, type_: CType = NUMBER) -> ir.Symbol:
    return ir.Symbol(name, type_, name.lower())


def v(symbol: ir.Symbol) -> ir.Var:
    return ir.Var(symbol.type, symbol)


def n(value: int, type_: CType = NUMBER) -> ir.Const:
    return ir.Const(type_, value)


def to_expr(value: ir.Expr | ir.Symbol | int) -> ir.Expr:
    if isinstance(value, ir.Symbol):
        return v(value)
    return n(value) if isinstance(value, int) else value


def op(left: ir.Expr | ir.Symbol | int, operator: str, right: ir.Expr | ir.Symbol | int) -> ir.Binary:
    return ir.Binary(NUMBER, operator, to_expr(left), to_expr(right))


def test(left: ir.Expr | ir.Symbol | int, operator: str, right: ir.Expr | ir.Symbol | int) -> ir.Compare:
    return ir.Compare(BOOL, operator, to_expr(left), to_expr(right))


test.__test__ = False  # type: ignore[attr-defined]


def both(left: ir.Expr, right: ir.Expr) -> ir.Logic:
    return ir.Logic(BOOL, "&&", left, right)


def either(left: ir.Expr, right: ir.Expr) -> ir.Logic:
    return ir.Logic(BOOL, "||", left, right)


def at(base: ir.Symbol | ir.Expr, name: str, type_: CType = ULONG) -> ir.Field:
    return ir.Field(type_, to_expr(base), name)


def declare(symbol: ir.Symbol, value: ir.Expr | ir.Symbol | int | None = None) -> ir.Declare:
    return ir.Declare(symbol, None if value is None else to_expr(value))


def put(target: ir.Symbol | ir.Expr, value: ir.Expr | ir.Symbol | int) -> ir.Assign:
    return ir.Assign(to_expr(target), to_expr(value))


def give(value: ir.Expr | ir.Symbol | int | None = None) -> ir.Return:
    return ir.Return(None if value is None else to_expr(value))


def when(condition: ir.Expr, *then: ir.Stmt, orelse: list[ir.Stmt] | None = None) -> ir.If:
    return ir.If(condition, list(then), orelse or [])


def call(function: ir.Function | str, *args: ir.Expr | ir.Symbol | int, type_: CType = VOID, pure: bool = False) -> ir.Call:
    result = function.result if isinstance(function, ir.Function) else type_
    return ir.Call(result, function, [to_expr(each) for each in args], pure)


def do(function: ir.Function | str, *args: ir.Expr | ir.Symbol | int) -> ir.Do:
    return ir.Do(call(function, *args))


def address(place: ir.Symbol | ir.Expr) -> ir.AddressOf:
    expr = to_expr(place)
    return ir.AddressOf(Pointer(expr.type), expr)


def function(name: str, params: list[ir.Symbol], body: list[ir.Stmt], result: CType = VOID, **more: object) -> ir.Function:
    return ir.Function(name, [ir.Param(each) for each in params], result, body, source=name.lower(), **more)  # type: ignore[arg-type]


def program(*functions: ir.Function, structs: list[ir.StructDecl] | None = None) -> ir.Program:
    return ir.Program("test", structs=structs or [SPAN], functions=list(functions))


def codes(found: list[Diagnostic]) -> list[str]:
    return [each.code for each in found]


def u(bits: int, low: int, high: int) -> Int:
    return {8: UCHAR, 16: USHORT, 32: ULONG}[bits].within(low, high)


def is_open(type_: CType) -> bool:
    return isinstance(type_, Number)
