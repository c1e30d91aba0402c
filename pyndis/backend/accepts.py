"""What the backend takes: a program that `checks.ranges` has been over. What it should have removed is a fault that names it."""

from __future__ import annotations

from collections.abc import Iterator

from pyndis.backend.faults import bad_ir
from pyndis.backend.walk import of_body, within
from pyndis.diagnostics import Span
from pyndis.ir.nodes import Case, Declare, Expr, Function, Program, SizeOf, Stmt, Wrap
from pyndis.ir.types import Array, CType, Number, Pointer


def accept(program: Program) -> None:
    """Raise InternalFault (PYN-B01) if a Number or a Wrap is left."""
    for constant in program.constants:
        for node in within(constant.value):
            _accept_node(node, constant.name)
    for struct in program.structs:
        for each in struct.fields:
            _accept_type(each.type, f"{struct.name}.{each.name}", struct.span)
    for function in program.functions:
        _accept_function(function)


def _accept_function(function: Function) -> None:
    for param in function.params:
        _accept_type(param.symbol.type, f"{function.name}({param.symbol.name})", function.span)
    _accept_type(function.result, f"the result of {function.name}", function.span)
    for node in of_body(function.body):
        _accept_node(node, function.name)


def _accept_node(node: Expr | Stmt | Case, where: str) -> None:
    span = None if isinstance(node, Case) else node.span
    if isinstance(node, Wrap):
        raise bad_ir(f"checks.ranges left a Wrap ({node.kind}) in {where}", span)
    for type in _types(node):
        _accept_type(type, where, span)


def _types(node: Expr | Stmt | Case) -> Iterator[CType]:
    if isinstance(node, Expr):
        yield node.type
    if isinstance(node, SizeOf):
        yield node.measured
    if isinstance(node, Declare):
        yield node.symbol.type


def _accept_type(type: CType, where: str, span: Span | None) -> None:
    while isinstance(type, Pointer | Array):
        type = type.target if isinstance(type, Pointer) else type.element
    if isinstance(type, Number):
        raise bad_ir(f"checks.ranges left an integer without a width in {where}", span)
