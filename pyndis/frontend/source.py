"""Reading modules: the driver's own, and those of the library that it imports."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyndis
from pyndis.frontend.errors import error, span_of

_LIBRARY = Path(pyndis.__file__).resolve().parent / "kernel"


@dataclass(eq=False)
class Module:
    """A parsed module. `imports`: local name -> (module, name there or None for the module itself)."""

    name: str
    file: Path
    tree: ast.Module
    library: bool
    imports: dict[str, tuple[Module | None, str | None]] = field(default_factory=dict)
    raw: bool = False
    stars: list[Module] = field(default_factory=list)


class Sources:
    """All modules of one program, each read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: dict[str, Module] = {}
        self._reading: list[str] = []

    def driver(self) -> Module:
        """The driver's main module: the one named after its folder, else the only one."""
        main = self.folder / f"{self.folder.resolve().name}.py"
        if not main.is_file():
            found = sorted(path for path in self.folder.glob("*.py") if path.name != "__init__.py")
            if len(found) != 1:
                raise error(
                    "PYN-S01",
                    f"{self.folder.resolve().name} has no {main.name}, and {len(found)} other modules",
                    help=f"name the driver's main module {main.name}",
                )
            main = found[0]
        return self._read(main.stem, main, library=False)

    def library(self, name: str) -> Module:
        """A module of pyndis.kernel, by its last name."""
        return self._read(f"pyndis.kernel.{name}", _LIBRARY / f"{name}.py", library=True)

    def _read(self, name: str, file: Path, *, library: bool) -> Module:
        if name in self.modules:
            return self.modules[name]
        tree = _parse(file)
        module = Module(name, file, tree, library)
        self.modules[name] = module
        self._reading.append(name)
        for node in _imports(tree):
            self._import(module, node)
        self._reading.pop()
        return module

    def _import(self, module: Module, node: ast.ImportFrom) -> None:
        origin = node.module or ""
        if node.level:
            for alias in node.names:
                target = self._sibling(module, origin or alias.name, node)
                module.imports[alias.asname or alias.name] = (target, alias.name if origin else None)
        elif origin == "pyndis.kernel" or origin.startswith("pyndis.kernel."):
            self._import_library(module, node, origin.removeprefix("pyndis.kernel").lstrip("."))
        elif origin not in ("__future__", "typing", "enum", "collections.abc", "contextlib", "pyndis.ddi"):
            raise error(
                "PYN-S02",
                f"a driver cannot import {origin}",
                (span_of(module.file, node), "there is no such module in a kernel"),
                help="import from pyndis.kernel, from a module beside this one, or from typing, enum and collections.abc",
            )

    def _import_library(self, module: Module, node: ast.ImportFrom, name: str) -> None:
        if not name:
            for alias in node.names:
                if alias.name == "*":
                    module.stars.extend(self.public())
                elif alias.name == "raw":
                    module.raw = True
                else:
                    module.imports[alias.asname or alias.name] = (None, alias.name)
            return
        if not (_LIBRARY / f"{name}.py").is_file():
            place = (span_of(module.file, node), "imported here")
            raise error("PYN-S03", f"pyndis.kernel has no module {name}", place, help="write `from pyndis.kernel import *`")
        target = self.library(name)
        for alias in node.names:
            module.imports[alias.asname or alias.name] = (target, alias.name)

    def public(self) -> list[Module]:
        """All modules of the library."""
        names = sorted(path.stem for path in _LIBRARY.glob("*.py") if path.stem not in ("__init__", "raw"))
        return [self.library(name) for name in names]

    def _sibling(self, module: Module, name: str, node: ast.ImportFrom) -> Module:
        file = self.folder / f"{name}.py"
        if not file.is_file():
            raise error(
                "PYN-S03", f"there is no module {name} beside {module.file.name}", (span_of(module.file, node), "imported here")
            )
        if name in self._reading:
            circle = " -> ".join([*self._reading[self._reading.index(name) :], name])
            raise error(
                "PYN-S04",
                f"modules import each other in a circle: {circle}",
                (span_of(module.file, node), "this import closes the circle"),
                help="move what both need into a third module",
            )
        return self._read(name, file, library=False)


def _parse(file: Path) -> ast.Module:
    try:
        tree = ast.parse(file.read_bytes(), filename=str(file), feature_version=(3, 11))
        with warnings.catch_warnings(action="ignore"):
            compile(tree, str(file), "exec", dont_inherit=True)  # Python's own rules of where a statement may stand
        return tree
    except SyntaxError as fault:
        place = span_of(file, ast.Pass(lineno=fault.lineno or 1, col_offset=max((fault.offset or 1) - 1, 0)))
        raise error("PYN-S05", f"this is not Python: {fault.msg}", (place, "here")) from None
    except (RecursionError, MemoryError):
        raise error(
            "PYN-S05", "this is not Python: it is nested too deeply", (span_of(file, ast.Pass()), "in this module")
        ) from None
    except (OSError, ValueError) as fault:
        raise error("PYN-S06", f"cannot read {file}: {fault}", help="check that the file exists and is UTF-8 text") from None


def _imports(tree: ast.Module) -> Iterator[ast.ImportFrom]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If):  # `if TYPE_CHECKING:`
            yield from (each for each in node.body if isinstance(each, ast.ImportFrom))
