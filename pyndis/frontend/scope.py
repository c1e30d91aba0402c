"""The names of all modules."""

from __future__ import annotations

import ast

from pyndis.frontend.classes import head, read_class, refuse_async, refuse_twice
from pyndis.frontend.declarations import (
    AliasDecl,
    ConstantDecl,
    FuncDecl,
    Named,
    VariableDecl,
)
from pyndis.frontend.errors import SourceError, error, span_of
from pyndis.frontend.source import Module, Sources


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
            if not module.library:
                self._refuse_missing_imports(module)
        return self._tables[module.name]

    def _refuse_missing_imports(self, module: Module) -> None:
        aliases = {
            each.asname or each.name: each
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ImportFrom)
            for each in node.names
        }
        for name, (target, original) in module.imports.items():
            if original is not None and self.find(module, name) is None:
                where = target.name if target is not None else "pyndis.kernel"
                place = (span_of(module.file, aliases[name]), "imported here")
                raise error("PYN-S26", f"{where} has no {original}", place, help="mend the name")

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
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
            refuse_twice(module, node, name, table.get(name))
    match node:
        case ast.ClassDef(name=name):
            table[name] = read_class(scope, module, node)
        case ast.FunctionDef(name=name):
            table[name] = FuncDecl(name, module, node)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            kind = head(node.annotation)
            if kind == "Final":
                table[name] = ConstantDecl(name, module, node, value)
            elif kind == "TypeAlias":
                table[name] = AliasDecl(name, module, node, value)
            else:
                raise _variable(module, node, name)
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="TypeVar"))):
            table[name] = VariableDecl(name, module, node)
        case ast.Assign(targets=[ast.Name(id=name)]) if not module.library:
            raise _variable(module, node, name)
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            pass
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
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
            refuse_async(module, node)
            raise error(
                "PYN-S09",
                "a module holds imports, constants, classes and functions only",
                (span_of(module.file, node), "nothing runs when a driver is loaded but its entry point"),
                help="write `NAME: Final = …` for a constant, or move the statement into a function",
            )


def _variable(module: Module, node: ast.AST, name: str) -> SourceError:
    return error(
        "PYN-S07",
        f"{name} is a variable of a module",
        (span_of(module.file, node), "all adapters would share it, without a lock"),
        help=f"make it a constant, `{name}: Final = …`, or a field of the adapter",
    )
