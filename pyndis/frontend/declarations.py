"""What modules declare: classes, functions, enums, constants, aliases. Names are found here; bodies are not looked at."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TypeAlias

from pyndis.frontend.constructs import describe, instead
from pyndis.frontend.errors import error, span_of
from pyndis.frontend.names import camel, upper
from pyndis.frontend.source import Module, Sources

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


class Scope:
    """The names of all modules."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._tables: dict[str, dict[str, Named]] = {}

    def table(self, module: Module) -> dict[str, Named]:
        """What a module itself declares."""
        if module.name not in self._tables:
            table: dict[str, Named] = {}
            self._tables[module.name] = table
            for node in module.tree.body:
                _declare(self, module, node, table)
        return self._tables[module.name]

    def find(self, module: Module, name: str) -> Named | None:
        """What a name means in a module, or None."""
        if name in self.table(module):
            return self.table(module)[name]
        if name in module.imports:
            target, original = module.imports[name]
            if target is not None and original is not None:
                return self.find(target, original)
            if target is None and original is not None:
                return self._public(original)
            return None
        for star in module.stars:
            if name in self.table(star) and not name.startswith("_"):
                return self.table(star)[name]
        return None

    def library(self, name: str) -> Named:
        """A public name of the library."""
        found = self._public(name)
        assert found is not None, f"pyndis.kernel has no {name}"
        return found

    def _public(self, name: str) -> Named | None:
        for module in self.sources.public():
            if name in self.table(module):
                return self.table(module)[name]
        return None


def _declare(scope: Scope, module: Module, node: ast.stmt, table: dict[str, Named]) -> None:
    match node:
        case ast.ClassDef(name=name):
            table[name] = _class(scope, module, node)
        case ast.FunctionDef(name=name):
            table[name] = FuncDecl(name, module, node)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            kind = _head(node.annotation)
            if kind == "Final":
                table[name] = ConstantDecl(name, module, node, value)
            elif kind == "TypeAlias":
                table[name] = AliasDecl(name, module, node, value)
            else:
                raise error(
                    "PYN-S07",
                    f"{name} is a variable of a module",
                    (span_of(module.file, node), "every driver would share it, without a lock"),
                    help=f"make it a constant, `{name}: Final = …`, or a field of the adapter",
                )
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="TypeVar"))):
            table[name] = VariableDecl(name, module, node)
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.If():
            if isinstance(node, ast.Import):
                raise error(
                    "PYN-S08",
                    "`import …` is not in the language",
                    (span_of(module.file, node), "here"),
                    help="write `from module import name`",
                )
        case _:
            if module.library and isinstance(node, ast.Assign):
                return
            _refuse_async(module, node)
            raise error(
                "PYN-S09",
                "a module holds imports, constants, classes and functions only",
                (span_of(module.file, node), "nothing runs when a driver is loaded but its entry point"),
                help="write `NAME: Final = …` for a constant, or move the statement into a function",
            )


def _refuse_async(module: Module, node: ast.stmt) -> None:
    if isinstance(node, ast.AsyncFunctionDef):
        place = (span_of(module.file, node), "here")
        raise error("PYN-L01", f"{describe(node)} is not in the language", place, help=instead(node))


def _head(annotation: ast.expr) -> str:
    """The outermost name of an annotation."""
    if isinstance(annotation, ast.Subscript):
        return _head(annotation.value)
    return annotation.id if isinstance(annotation, ast.Name) else ""


def _class(scope: Scope, module: Module, node: ast.ClassDef) -> ClassDecl | EnumDecl:
    bases = [_head(base) for base in node.bases]
    if bases == ["IntEnum"]:
        return _enum(module, node)
    decl = ClassDecl(node.name, module, node)
    decl.is_protocol = "Protocol" in bases
    decl.is_struct = any(isinstance(each, ast.Name) and each.id == "struct" for each in node.decorator_list)
    for base in node.bases:
        _base(scope, module, decl, base)
    for keyword in node.keywords:
        if keyword.arg and isinstance(keyword.value, ast.Constant):
            decl.keywords[keyword.arg] = keyword.value.value
    for item in node.body:
        _member(module, decl, item)
    return decl


def _base(scope: Scope, module: Module, decl: ClassDecl, base: ast.expr) -> None:
    name = _head(base)
    if name == "Generic" and isinstance(base, ast.Subscript):
        inside = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
        decl.variables = [each.id for each in inside if isinstance(each, ast.Name)]
    elif name in ("Protocol", "Exception"):
        return
    else:
        found = scope.find(module, name)
        if not isinstance(found, ClassDecl):
            raise error(
                "PYN-S10",
                f"{decl.name} extends {name}, which is not a class of the framework",
                (span_of(module.file, base), "here"),
            )
        if decl.base is not None or not found.module.library:
            raise error(
                "PYN-S11",
                f"{decl.name} is more than one level below the framework's classes",
                (span_of(module.file, base), "this base"),
                help="let it extend one class of pyndis.kernel, and use fields for the rest",
            )
        decl.base = found


def _enum(module: Module, node: ast.ClassDef) -> EnumDecl:
    decl = EnumDecl(node.name, module, node)
    for item in node.body:
        if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name) and isinstance(item.value, ast.Constant):
            decl.members[item.targets[0].id] = int(item.value.value)  # type: ignore[arg-type]
        elif not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)):
            raise error("PYN-S12", "an IntEnum holds `NAME = number` only", (span_of(module.file, item), "here"))
    return decl


def _member(module: Module, decl: ClassDecl, item: ast.stmt) -> None:
    match item:
        case ast.FunctionDef(name=name):
            decl.methods[name] = FuncDecl(name, module, item, decl)
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
            path = ""
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "at":
                path = str(value.args[0].value) if isinstance(value.args[0], ast.Constant) else ""
            decl.fields[name] = FieldDecl(name, module, item, annotation, path)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            decl.fields[name] = FieldDecl(name, module, item, None, "", value)
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            pass
        case _:
            _refuse_async(module, item)
            raise error(
                "PYN-S13",
                "a class holds fields, declarations and methods only",
                (span_of(module.file, item), "this is none of them"),
            )
