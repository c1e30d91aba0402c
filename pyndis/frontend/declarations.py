"""What modules declare: classes, functions, enums, constants, aliases. Names are found here; bodies are not looked at."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TypeAlias

from pyndis.frontend.errors import span_of
from pyndis.frontend.names import camel, upper
from pyndis.frontend.source import Module

TABLES = ("Attributes", "OidTable", "NdisVersion")


@dataclass(eq=False)
class Declared:
    """Anything with a name in a module."""

    name: str
    module: Module
    node: ast.AST

    @property
    def span(self):  # type: ignore[no-untyped-def]
        """Where it is declared."""
        return span_of(self.module.file, self.node)

    @property
    def doc(self) -> str:
        """Its docstring, or nothing."""
        if isinstance(self.node, (ast.ClassDef, ast.FunctionDef)):
            return ast.get_docstring(self.node) or ""
        return ""

    def __hash__(self) -> int:
        return id(self)


@dataclass(eq=False)
class ConstantDecl(Declared):
    """`NAME: Final = value`."""

    value: ast.expr


@dataclass(eq=False)
class AliasDecl(Declared):
    """`Name: TypeAlias = …`."""

    value: ast.expr


@dataclass(eq=False)
class VariableDecl(Declared):
    """`T = TypeVar("T")`."""


@dataclass(eq=False)
class FuncDecl(Declared):
    """A function or method."""

    node: ast.FunctionDef
    owner: ClassDecl | None = None

    @property
    def decorators(self) -> list[ast.expr]:
        """As written."""
        return self.node.decorator_list

    def decorator(self, name: str) -> ast.expr | None:
        """The decorator of this name, plain or called."""
        for each in self.decorators:
            head = each.func if isinstance(each, ast.Call) else each
            if isinstance(head, ast.Name) and head.id == name:
                return each
        return None

    @property
    def is_generator(self) -> bool:
        """Whether it yields."""
        return any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in ast.walk(self.node))


@dataclass(eq=False)
class EnumDecl(Declared):
    """An IntEnum: members in order."""

    members: dict[str, int] = field(default_factory=dict)


@dataclass(eq=False)
class FieldDecl(Declared):
    """An annotated field. `path`: where the kernel's own struct has it; `declared`: the value of a declaration."""

    annotation: ast.expr | None = None
    path: str = ""
    declared: ast.expr | None = None

    @property
    def is_field(self) -> bool:
        """Whether it takes room: tables of attributes and OIDs are for the compiler only."""
        call = self.declared
        head = call.func if isinstance(call, ast.Call) else None
        return self.annotation is not None or (head is not None and not (isinstance(head, ast.Name) and head.id in TABLES))


@dataclass(eq=False)
class ClassDecl(Declared):
    """A class. `keywords` are those of the class statement; `base` the one class that it extends."""

    node: ast.ClassDef
    base: ClassDecl | None = None
    keywords: dict[str, object] = field(default_factory=dict)
    fields: dict[str, FieldDecl] = field(default_factory=dict)
    methods: dict[str, FuncDecl] = field(default_factory=dict)
    variables: list[str] = field(default_factory=list)
    is_struct: bool = False
    is_protocol: bool = False

    @property
    def ancestors(self) -> list[ClassDecl]:
        """Itself, then what it extends."""
        return [self, *(self.base.ancestors if self.base else [])]

    def extends(self, name: str) -> bool:
        """Whether it is, or extends, the library class of this name."""
        return any(each.name == name and each.module.library for each in self.ancestors)

    def keyword(self, name: str) -> object:
        """A class keyword, inherited."""
        for each in self.ancestors:
            if name in each.keywords:
                return each.keywords[name]
        return None

    @property
    def kernel(self) -> str:
        """The kernel struct that it points to, or nothing."""
        return str(self.keyword("kernel") or "")

    @property
    def counted(self) -> bool:
        """Whether it has shares."""
        return bool(self.keyword("counted"))

    @property
    def is_reference(self) -> bool:
        """Whether values of it are always pointers to something elsewhere."""
        return bool(self.kernel) or self.extends("Allocated") or self.extends("Adapter")

    def method(self, name: str) -> FuncDecl | None:
        """A method, its own or inherited."""
        for each in self.ancestors:
            if name in each.methods:
                return each.methods[name]
        return None

    def field(self, name: str) -> FieldDecl | None:
        """A field, its own or inherited."""
        for each in self.ancestors:
            if name in each.fields:
                return each.fields[name]
        return None

    @property
    def extra_fields(self) -> list[FieldDecl]:
        """For a kernel object: the fields that lie in the owner's words, base first. Else all fields."""
        found: dict[str, FieldDecl] = {}
        for decl in reversed(self.ancestors):
            found |= {name: each for name, each in decl.fields.items() if not each.path and each.is_field}
        return list(found.values())

    @property
    def c_struct(self) -> str:
        """The name of its C struct."""
        return upper(self.name)

    @property
    def c_name(self) -> str:
        """Its name as a part of C names."""
        return camel(self.name)


Named: TypeAlias = ConstantDecl | AliasDecl | VariableDecl | FuncDecl | EnumDecl | ClassDecl
