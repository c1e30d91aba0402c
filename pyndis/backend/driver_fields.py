"""An adapter's declared fields as the template makes them, in order, and takes them down, in reverse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyndis.backend.templates import C
from pyndis.ir.plan import Call, FieldPlan

_LOCKS = {"": "", "Locked": "KeInitializeSpinLock", "Mutexed": "ExInitializeFastMutex"}
_FIRST = C("DeregisterDevice")  # what is undone when nothing else has been made


@dataclass(frozen=True)
class Called:
    """A function of the program. `status`: whether it returns one."""

    name: C
    status: bool


@dataclass(frozen=True)
class Made:
    """A field to make. `arguments` follow its address; `undo` is the label to go to if making it fails."""

    name: C
    lock: C
    has_adapter: bool
    settings: list[tuple[C, C]]
    make: Called | None
    arguments: C
    undo: C


@dataclass(frozen=True)
class Unmade:
    """A field to take down. `label`: empty where nobody goes to."""

    name: C
    unmake: Called
    label: C


def called(call: Call) -> Called:
    """A function of the plan's for the template."""
    return Called(C(call.name), bool(call.status))


def made(fields: Iterable[FieldPlan]) -> list[Made]:
    """All fields, in order."""
    found: list[Made] = []
    undo = _FIRST
    for each in fields:
        settings = [(C(member), C(value)) for member, value in each.settings]
        arguments = C("".join(f", {argument}" for argument in each.arguments))
        make = called(each.make) if each.make else None
        found.append(Made(C(each.name), C(_LOCKS[each.lock]), each.has_adapter, settings, make, arguments, undo))
        undo = _label(each) if each.unmake else undo
    return found


def unmade(fields: list[FieldPlan]) -> list[Unmade]:
    """What halting takes down, in this order."""
    return [Unmade(C(each.name), called(each.unmake), C("")) for each in reversed(fields) if each.unmake]


def undone(fields: list[FieldPlan]) -> list[Unmade]:
    """What a failed initialize takes down, in this order: all that can have been made before the last that can fail."""
    used = {each.undo for each in made(fields) if each.make and each.make.status}
    ladder = [Unmade(C(each.name), called(each.unmake), _label(each)) for each in reversed(fields) if each.unmake]
    while ladder and ladder[0].label not in used:
        ladder.pop(0)
    return [each if each.label in used else Unmade(each.name, each.unmake, C("")) for each in ladder]


def _label(field: FieldPlan) -> C:
    return C(f"Unmake{field.name}")
