"""Constant expressions: computed when the driver is compiled."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pyndis.frontend.declarations import ConstantDecl, EnumDecl
from pyndis.frontend.errors import error, span_of
from pyndis.frontend.source import Module

if TYPE_CHECKING:
    from pyndis.frontend.program import Context


@dataclass(frozen=True)
class Member:
    """A member of an IntEnum."""

    decl: EnumDecl
    name: str

    @property
    def value(self) -> int:
        """Its number."""
        return self.decl.members[self.name]


Constant: TypeAlias = int | str | bool | Member | tuple["Constant", ...] | dict["Constant", "Constant"] | None

_BINARY: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.LShift: operator.lshift, ast.RShift: operator.rshift, ast.BitOr: operator.or_, ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], Callable[[object, object], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Is: operator.is_, ast.IsNot: operator.is_not,
}  # fmt: skip


_WIDEST = 64
"""The greatest sensible shift, in bits."""


class NotConstant(Exception):
    """The expression is not known when the driver is compiled."""


class Constants:
    """Evaluates constants, each once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._values: dict[ConstantDecl, Constant] = {}
        self._computing: list[ConstantDecl] = []

    def of(self, decl: ConstantDecl) -> Constant:
        """The value of a module's constant. Raises NotConstant."""
        if decl in self._computing:
            raise error("PYN-C01", f"{decl.name} is defined by itself", (decl.span, "here"))
        if decl not in self._values:
            self._computing.append(decl)
            try:
                self._values[decl] = self.value(decl.module, decl.value)
            finally:
                self._computing.pop()
        return self._values[decl]

    def integer(self, module: Module, node: ast.expr) -> int:
        """An integer that must be constant."""
        try:
            value = self.value(module, node)
        except NotConstant:
            value = None
        if isinstance(value, Member):
            return value.value
        if not isinstance(value, int):
            raise error(
                "PYN-C02", f"`{ast.unparse(node)}` is not a constant number", (span_of(module.file, node), "it must be one here")
            )
        return value

    def default(self, module: Module, node: ast.expr) -> Constant:
        """The default of a parameter, which must be constant."""
        try:
            return self.value(module, node)
        except NotConstant:
            place = (span_of(module.file, node), "it must be constant")
            raise error("PYN-C02", f"`{ast.unparse(node)}` is not a constant", place) from None

    def maybe(self, module: Module, node: ast.expr) -> Constant | NotConstant:
        """The value, or a NotConstant (not raised)."""
        try:
            return self.value(module, node)
        except NotConstant as no:
            return no

    def value(self, module: Module, node: ast.expr) -> Constant:
        """The value of an expression. Raises NotConstant."""
        match node:
            case ast.Constant(value=bool() | int() | str() | None as value):
                return value
            case ast.Name(id=name):
                return self._named(module, name)
            case ast.Attribute(value=ast.Name(id=name), attr=member):
                found = self.context.scope.find(module, name)
                if isinstance(found, EnumDecl):
                    return self._member(module, node, found, member)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._number(module, operand)
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return ~self._number(module, operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return self._binary(module, node, left, op, right)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                return self._compare(module, node, _COMPARE[type(op)], self.value(module, left), self.value(module, right))
            case ast.Tuple(elts=items):
                return tuple(self.value(module, each) for each in items)
            case ast.Dict(keys=keys, values=values):
                return {
                    self.value(module, key): self.value(module, value) for key, value in zip(keys, values, strict=True) if key
                }
            case ast.Call(func=ast.Name(id="option"), args=arguments):
                if len(arguments) < 2:
                    place = (span_of(module.file, node), "this call")
                    raise error("PYN-K15", "option() needs a name and at least one value", place, help='as in `option("a", "b")`')
                name, *allowed = (str(self.value(module, each)) for each in arguments)
                return self._option(module, node, name, allowed)
        raise NotConstant

    def _compare(
        self, module: Module, node: ast.expr, compare: Callable[[object, object], bool], left: Constant, right: Constant
    ) -> bool:
        kinds = [each.decl.name if isinstance(each, Member) else type(each).__name__ for each in (left, right)]
        if kinds[0] != kinds[1] and None not in (left, right):
            place = (span_of(module.file, node), "here")
            raise error("PYN-K14", f"{kinds[0]} is never equal to {kinds[1]}", place, help="compare things of one type")
        return compare(left, right)

    def _named(self, module: Module, name: str) -> Constant:
        found = self.context.scope.find(module, name)
        if isinstance(found, ConstantDecl):
            return self.of(found)
        raise NotConstant

    def _member(self, module: Module, node: ast.expr, decl: EnumDecl, name: str) -> Member:
        if name not in decl.members:
            raise error(
                "PYN-C03",
                f"{decl.name} has no member {name}",
                (span_of(module.file, node), "here"),
                help=f"one of {', '.join(decl.members)}",
            )
        return Member(decl, name)

    def _number(self, module: Module, node: ast.expr) -> int:
        value = self.value(module, node)
        if isinstance(value, Member):
            return value.value
        if isinstance(value, int):
            return value
        raise NotConstant

    def _binary(self, module: Module, node: ast.expr, left: ast.expr, op: ast.operator, right: ast.expr) -> int:
        one, other = self._number(module, left), self._number(module, right)
        try:
            if isinstance(op, ast.LShift) and other > _WIDEST:
                raise OverflowError("no number of C has so many bits")
            return _BINARY[type(op)](one, other)
        except (ArithmeticError, ValueError) as fault:
            raise error("PYN-C04", f"this constant cannot be computed: {fault}", (span_of(module.file, node), "here")) from None

    def _option(self, module: Module, node: ast.expr, name: str, allowed: list[str]) -> str:
        chosen = self.context.options.get(name, allowed[0])
        if chosen not in allowed:
            raise error(
                "PYN-C05",
                f"the option {name} is {chosen!r} in driver.toml",
                (span_of(module.file, node), f"the driver knows {', '.join(allowed)}"),
                help=f"set {name} to one of {', '.join(allowed)}",
            )
        return chosen
