"""From expressions to terms: which places can be spoken of twice, and what memory each reads."""

from __future__ import annotations

from dataclasses import dataclass

from pyndis.checks import walk
from pyndis.checks.ranges.intervals import UNBOUNDED, Interval
from pyndis.checks.ranges.linear import Step, Term
from pyndis.ir import nodes as ir
from pyndis.ir.types import Array, Bool, CType, Int, Number, Pointer, Struct

MAX_OBJECT = 1 << 24  # bytes: no type that a driver measures with sizeof is larger


def is_integer(type_: CType) -> bool:
    """Whether values of the type take part in arithmetic."""
    return isinstance(type_, Int | Number)


def bounds(type_: CType) -> Interval:
    """All values that a declared type lets in."""
    match type_:
        case Int():
            return type_.low, type_.high
        case Bool():
            return 0, 1
    return UNBOUNDED


def width(type_: CType) -> str:
    """A text that types share when a pointer to one may point to the other."""
    return f"i{type_.bits}" if isinstance(type_, Int) else str(type_)


@dataclass(frozen=True)
class Path:
    """How a place or pointer is reached."""

    text: str
    parts: frozenset[str]
    steps: frozenset[Step] = frozenset()

    def deeper(self, text: str, *parts: str, step: Step | None = None) -> Path:
        """A place inside this one, or behind it."""
        return Path(text, self.parts | {text, *parts}, self.steps | ({step} if step else set()))


class Places:
    """The places of one function. `aliased`: locals whose address is kept, so that they are memory like any other."""

    def __init__(self, program_structs: dict[str, ir.StructDecl], function: ir.Function) -> None:
        self.structs = program_structs
        self.aliased = kept_addresses(function)

    def term(self, expr: ir.Expr) -> Term | None:
        """The term of an integer place or accessor; None where two loads may differ (volatile, array elements)."""
        if isinstance(expr, ir.Call) and not self._accessor(expr):
            return None
        path = self.path(expr) if is_integer(expr.type) or isinstance(expr.type, Bool) else None
        if path is None:
            return None
        pointer_sized = isinstance(expr.type, Int) and expr.type.bits == 0
        return Term(path.text, bounds(expr.type), path.parts, path.steps, pointer_sized)

    def path(self, expr: ir.Expr) -> Path | None:
        """How an expression's value is reached, if that is the same twice."""
        match expr:
            case ir.Var():
                name = expr.symbol.name
                step = Step("", "", width(expr.type)) if name in self.aliased else None
                return Path(name, frozenset({name}), frozenset({step} if step else ()))
            case ir.Global():
                return Path(expr.name, frozenset({expr.name}), frozenset({Step("", "", width(expr.type))}))
            case ir.Const():
                return Path(str(expr.value), frozenset())
            case ir.Field():
                return self._field(expr)
            case ir.Deref():
                base = self.path(expr.pointer)
                volatile = isinstance(expr.pointer.type, Pointer) and expr.pointer.type.volatile
                return None if volatile or base is None else base.deeper(f"*{base.text}", step=Step("", "", width(expr.type)))
            case ir.AddressOf():
                base = self.path(expr.place)
                return None if base is None else Path(f"&{base.text}", base.parts, base.steps)
            case ir.Cast():
                base = self.path(expr.operand) if isinstance(expr.type, Pointer) else None
                return None if base is None else Path(f"({expr.type}){base.text}", base.parts, base.steps)
            case ir.Call():
                return self._call(expr)
        return None

    def _field(self, expr: ir.Field) -> Path | None:
        through = expr.base.type if isinstance(expr.base.type, Pointer) else None
        base = self.path(expr.base)
        if base is None or (through and through.volatile) or "[" in expr.name:
            return None
        owner = through.target if through else expr.base.type
        dot = "->" if through else "."
        pieces = expr.name.split(".")
        parts = [base.text + dot + ".".join(pieces[: n + 1]) for n in range(len(pieces))]
        memory = through is not None or bool(base.steps)
        step = Step(str(owner), expr.name, width(expr.type), str(owner) not in self.structs) if memory else None
        return base.deeper(parts[-1], *parts, step=step)

    def _call(self, expr: ir.Call) -> Path | None:
        """A pure macro: the address that it computes, or what it loads of the objects that it is given."""
        paths = [self.path(arg) for arg in expr.args]
        if not expr.pure or not expr.args or any(path is None for path in paths):
            return None
        known = [path for path in paths if path is not None]
        steps = frozenset().union(*(path.steps for path in known))
        if not self._overlay(expr.type):
            steps |= {Step(str(owner), "*", "", str(owner) not in self.structs) for arg in expr.args if (owner := _pointee(arg))}
        text = f"{expr.name}({', '.join(path.text for path in known)})"
        return Path(text, frozenset().union(*(path.parts for path in known)), steps)

    def _accessor(self, expr: ir.Call) -> bool:
        """Whether a call that gives a number reads nothing but a field of a kernel object: not a clock, not an atomic load."""
        owners = [_pointee(arg) for arg in expr.args]
        return expr.pure and any(owners) and not any(isinstance(arg, ir.AddressOf) for arg in expr.args)

    def _overlay(self, type_: CType) -> bool:
        """Whether this points to a program struct that lies in a kernel object's words: finding it loads nothing."""
        return isinstance(type_, Pointer) and str(type_.target) in self.structs


def _pointee(expr: ir.Expr) -> CType | None:
    return expr.type.target if isinstance(expr.type, Pointer) and isinstance(expr.type.target, Struct) else None


def is_aggregate(type_: CType) -> bool:
    """Whether a store of this type writes more than one value."""
    return isinstance(type_, Struct | Array)


def root(place: ir.Expr) -> ir.Var | None:
    """The local or parameter that a place lies in; None when a pointer leads to it."""
    match place:
        case ir.Var():
            return place
        case ir.Field() | ir.Index():
            return None if isinstance(place.base.type, Pointer) else root(place.base)
    return None


def kept_addresses(function: ir.Function) -> frozenset[str]:
    """Locals whose address goes anywhere but straight into a call that gives no pointer back."""
    kept: set[str] = set()

    def visit(expr: ir.Expr, in_call: bool) -> None:
        if isinstance(expr, ir.AddressOf) and (variable := root(expr.place)) and not in_call:
            kept.add(variable.symbol.name)
        into_call = isinstance(expr, ir.Call) and not expr.pure and not isinstance(expr.type, Pointer)
        passes_on = into_call or (in_call and isinstance(expr, ir.Cast))
        for child in walk.children(expr):
            visit(child, passes_on)

    for statement in walk.statements(function.body):
        for outer in walk.own_expressions(statement):
            visit(outer, False)
    return frozenset(kept)
