"""What the whole compilation knows: modules, facts, and the functions and structs that have come to be needed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from pyndis.diagnostics import Span
from pyndis.frontend import types as t
from pyndis.frontend.annotations import Annotations, c_type
from pyndis.frontend.constants import Constants
from pyndis.frontend.declarations import ClassDecl, FuncDecl
from pyndis.frontend.scope import Scope
from pyndis.frontend.source import Sources
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


class Facts(Protocol):
    """What the frontend asks of `pyndis.ddi`."""

    def function(self, name: str) -> Any: ...
    def callback(self, name: str) -> Any: ...
    def struct(self, name: str, arch: str) -> Any: ...
    def constant(self, name: str, arch: str = "amd64") -> int | None: ...


@cache
def kernel_data() -> dict[str, Any]:
    """Names that the facts do not have: the C spelling of enums, macros and intrinsics, and what the templates define."""
    data: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "kernel.json").read_bytes())
    return data


@dataclass(eq=False)
class Instance:
    """A function for certain types. `ir` is complete once it has been lowered."""

    decl: FuncDecl
    owner: t.ClassType | None
    bindings: t.Bindings
    c_name: str
    parameters: list[tuple[str, t.Type]] = field(default_factory=list)
    result: t.Type = t.NONE
    raises: set[str] = field(default_factory=set)
    ir: ir.Function | None = None
    pure: bool = False

    @property
    def fallible(self) -> bool:
        """Whether it returns a status."""
        return bool(self.raises)


class Context:
    """One compilation."""

    def __init__(self, folder: Path, facts: Facts, options: dict[str, str]) -> None:
        self.name = folder.resolve().name
        self.sources = Sources(folder)
        self.scope = Scope(self.sources)
        self.constants = Constants(self)
        self.annotations = Annotations(self)
        self.facts = facts
        self.options = options
        self.instances: dict[object, Instance] = {}
        self.functions: list[ir.Function] = []
        self.structs: dict[str, ir.StructDecl] = {}
        self.bound_at: dict[ClassDecl, Span] = {}
        self.protocols: dict[ClassDecl, t.ClassType] = {}
        self.used_constants: dict[str, ir.ConstantDecl] = {}
        self.unsafe: list[tuple[object, str]] = []
        self.adapter: ClassDecl | None = None
        self.lowering: list[Instance] = []
        self.undocumented: set[str] = set()
        self.requests: set[FuncDecl] = set()
        self.callbacks: list[tuple[FuncDecl, t.ClassType]] = []

    def is_kernel_struct(self, name: str) -> bool:
        """Whether the kernel headers declare a struct of this name."""
        return name not in ("VOID", "HANDLE", "NDIS_HANDLE") and self.facts.struct(name, "amd64") is not None

    def library_class(self, name: str) -> ClassDecl:
        """A class of the library."""
        found = self.scope.library(name)
        assert isinstance(found, ClassDecl)
        return found

    @property
    def adapter_type(self) -> t.ClassType:
        """The program's one adapter class."""
        assert self.adapter is not None, "frontend.driver has not found the adapter"
        return t.ClassType(self.adapter)

    def resolve(self, type: t.Type) -> t.Type:
        """`Adapter` means the program's adapter; a protocol means the class that it stands for."""
        match type:
            case t.ClassType(decl, _) if decl.name == "Adapter" and decl.module.library and self.adapter is not None:
                return self.adapter_type
            case t.ClassType(decl, _) if decl in self.protocols:
                return self.protocols[decl]
            case t.OptionalType(inner):
                return t.optional(self.resolve(inner))
            case t.OwnedType(inner):
                return t.OwnedType(self.resolve(inner))
            case t.SharedType(inner, unit):
                return t.SharedType(self.resolve(inner), unit)
            case t.RefType(inner):
                return t.RefType(self.resolve(inner))
        return type

    def enum(self, type: t.EnumType) -> tuple[c.Int, str]:
        """The C type of an enum, and the pattern of its members' names (empty: the driver's own)."""
        known = kernel_data()["enums"].get(type.decl.name) if type.decl.module.library else None
        if known is None:
            return c.ULONG, ""
        found = c_type(self, known[0])
        assert isinstance(found, c.Int)
        return found, known[1]
