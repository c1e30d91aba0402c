"""What the lookups return. Types are C text as the public headers spell them; IRQLs are numbers (PASSIVE = 0)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["in", "out", "inout"]
Convention = Literal["stdcall", "fastcall", "cdecl"]
RuleKind = Literal["min", "max", "requires"]


@dataclass(frozen=True)
class Param:
    """One parameter. `reserved`: must be 0 or NULL; `size`: the expression that bounds a buffer, in `unit`s."""

    name: str
    type: str
    direction: Direction
    optional: bool = False
    reserved: bool = False
    size: str | None = None
    unit: Literal["bytes", "elements"] | None = None


@dataclass(frozen=True)
class IrqlRule:
    """A limit that holds only `when` the arguments satisfy a condition (a C-like expression over the parameters)."""

    kind: RuleKind
    level: int
    when: str


@dataclass(frozen=True)
class Function:
    """A kernel call, inline function or function-like macro.

    `irql_*` hold whatever the arguments; where the limit depends on them, `irql_max` is the lowest and `irql_when` has them all.
    `raises_irql` is the level that the call raises to, `restores_irql` says that it goes back to a saved one.
    `calls_out`: it may run other code of this or another driver, so no spin lock may be held. `module` is the exporter
    (None: inline, a macro, or a static library); `cc386` is the calling convention on x86.
    `min_ntddi`, `min_ndis`: the first version that declares it, None = Windows 7 and NDIS 6.20.
    """

    name: str
    ret: str
    params: tuple[Param, ...]
    header: str
    irql_min: int | None = None
    irql_max: int | None = None
    irql_requires: int | None = None
    irql_when: tuple[IrqlRule, ...] = ()
    raises_irql: int | None = None
    restores_irql: bool = False
    calls_out: bool = False
    module: str | None = None
    cc386: Convention = "stdcall"
    inline: bool = False
    macro: bool = False
    variadic: bool = False
    must_inspect: bool = False
    min_ntddi: str | None = None
    min_ndis: str | None = None


@dataclass(frozen=True)
class Callback:
    """A function type that a driver implements; `role` is the declared function class that analysis tools know."""

    name: str
    ret: str
    params: tuple[Param, ...]
    header: str
    role: str | None = None
    irql_min: int | None = None
    irql_max: int | None = None
    irql_requires: int | None = None
    cc386: Convention = "stdcall"


@dataclass(frozen=True)
class Struct:
    """A layout on one architecture. `fields`: dotted name -> (offset, size, type text), sizes and offsets in bytes.

    Members of anonymous structs and unions appear as the parent's; `bits`: dotted name -> (first bit, width).
    """

    name: str
    tag: str | None
    kind: Literal["struct", "union"]
    size: int
    align: int
    fields: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    bits: dict[str, tuple[int, int]] = field(default_factory=dict)
