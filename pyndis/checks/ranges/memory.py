"""What a store or a call may overwrite.

Sound for typed memory: raw bytes (`UCHAR *`, `PVOID`) that someone writes are taken not to be a struct that is in use at the same
time; only `unsafe` could make them one. Locals whose address was not given away survive all calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyndis.checks import walk
from pyndis.checks.facts import Facts, lock_taken_by
from pyndis.checks.ranges.linear import Step, Term
from pyndis.checks.ranges.places import Places, is_aggregate, root, width
from pyndis.ir import nodes as ir
from pyndis.ir.types import Int, Pointer, Struct


@dataclass(frozen=True)
class Writes:
    """`everything`: any memory. `kernel`: anything in kernel objects. Beside these, the steps."""

    steps: frozenset[Step] = frozenset()
    kernel: bool = False
    everything: bool = False

    def __or__(self, other: Writes) -> Writes:
        return Writes(self.steps | other.steps, self.kernel or other.kernel, self.everything or other.everything)

    def hit(self, term: Term) -> bool:
        """Whether a term reads what is written."""
        if self.everything:
            return bool(term.steps)
        return any((self.kernel and read.kernel) or any(_overlap(write, read) for write in self.steps) for read in term.steps)


NOTHING, EVERYTHING = Writes(), Writes(everything=True)


def _overlap(write: Step, read: Step) -> bool:
    if not write.struct or not read.struct:
        return write.type == read.type or read.struct == write.type or write.struct == read.type
    if write.struct == read.struct:
        first = write.name.split(".")[0]
        return "*" in (write.name, read.name) or first == read.name.split(".")[0]
    return write.type == read.type and write.name.split(".")[-1] == read.name.split(".")[-1]


def of_store(places: Places, target: ir.Expr) -> Writes:
    """What an assignment to a place in memory writes; nothing for a local that is not aliased."""
    variable = root(target)
    if variable is not None and variable.symbol.name not in places.aliased:
        return NOTHING
    if is_aggregate(target.type):
        return EVERYTHING
    match target:
        case ir.Field():
            owner = target.base.type.target if isinstance(target.base.type, Pointer) else target.base.type
            return Writes(
                frozenset({Step(str(owner), target.name.split("[")[0], width(target.type), str(owner) not in places.structs)})
            )
        case ir.Index() if isinstance(target.base, ir.Field):
            return of_store(places, ir.Field(target.type, target.base.base, target.base.name))
        case ir.Call() if target.pure:  # a macro that stands for a member: NET_BUFFER_LIST_STATUS(Nbl) = ...
            return Writes(kernel=True)
    return Writes(frozenset({Step("", "", width(target.type))}))


def local_outputs(call: ir.Call) -> list[ir.Expr]:
    """The places in locals whose address a call gets and may write through."""
    found = []
    for position, arg in enumerate(call.args):
        place = _addressed(arg)
        if place is not None and root(place) is not None and not _reads_only(call, position, arg):
            found.append(place)
    return found


def _addressed(arg: ir.Expr) -> ir.Expr | None:
    while isinstance(arg, ir.Cast):
        arg = arg.operand
    return arg.place if isinstance(arg, ir.AddressOf) else None


def _reads_only(call: ir.Call, position: int, arg: ir.Expr) -> bool:
    type_ = arg.type
    if isinstance(call.function, ir.Function) and position < len(call.function.params):
        type_ = call.function.params[position].symbol.type
    return isinstance(type_, Pointer) and type_.const


class Summaries:
    """What each function may write to memory, its callees included."""

    def __init__(self, structs: dict[str, ir.StructDecl], facts: Facts) -> None:
        self.structs = structs
        self.facts = facts
        self._known: dict[ir.Function, Writes] = {}

    def of_call(self, places: Places, call: ir.Call) -> Writes:
        """What a call may write, beside the locals that `local_outputs` names."""
        if isinstance(call.function, ir.Function):
            return self.of_function(call.function)
        if call.pure:
            return NOTHING
        if self._lets_others_write(call.function):
            return EVERYTHING
        writes = Writes(kernel=True)
        for arg in call.args:
            writes |= self._through(places, arg)
        return writes

    def _lets_others_write(self, name: str) -> bool:
        """A DDI that runs driver code, or after which what others wrote meanwhile is seen."""
        known = self.facts.function(name)
        return known is None or known.calls_out or lock_taken_by(name) is not None

    def _through(self, places: Places, arg: ir.Expr) -> Writes:
        while isinstance(arg, ir.Cast):
            arg = arg.operand
        if isinstance(arg, ir.AddressOf):
            program = isinstance(arg.place.type, Struct) and arg.place.type.name in self.structs
            return EVERYTHING if program and root(arg.place) is None else of_store_inside(places, arg.place)
        if not isinstance(arg.type, Pointer) or arg.type.const:
            return NOTHING
        target = arg.type.target
        if isinstance(target, Struct):
            return EVERYTHING if target.name in self.structs else NOTHING
        return Writes(frozenset({Step("", "", width(target))})) if isinstance(target, Int) else NOTHING

    def of_function(self, function: ir.Function) -> Writes:
        """What a program function may write. Takes a program without recursion."""
        if function not in self._known:
            places = Places(self.structs, function)
            writes = NOTHING
            for statement in walk.statements(function.body):
                if isinstance(statement, ir.Assign):
                    writes |= of_store(places, statement.target)
            for call in walk.calls(function.body):
                writes |= self.of_call(places, call)
            self._known[function] = writes
        return self._known[function]


def of_store_inside(places: Places, place: ir.Expr) -> Writes:
    """What someone who gets the address of a kernel object or number inside other memory may write."""
    variable = root(place)
    if variable is not None and variable.symbol.name not in places.aliased:
        return NOTHING
    if isinstance(place, ir.Field):
        owner = place.base.type.target if isinstance(place.base.type, Pointer) else place.base.type
        return Writes(
            frozenset({Step(str(owner), place.name.split("[")[0], width(place.type), str(owner) not in places.structs)})
        )
    return of_store(places, place)


def overwritten(parts: str) -> Callable[[Term], bool]:
    """The terms that read a place in a local, or something inside it."""
    return lambda term: parts in term.parts
