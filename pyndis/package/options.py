"""The options that a driver's modules declare: `option("receive", "pend", "copy")`, the first value being the default."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from pyndis.diagnostics import Span


@dataclass(frozen=True)
class Option:
    """A choice that is made when the driver is built."""

    name: str
    values: tuple[str, ...]
    span: Span

    @property
    def default(self) -> str:
        """The value where nobody chooses."""
        return self.values[0]

    @property
    def listed(self) -> str:
        """The values, for a message."""
        return ", ".join(f'"{value}"' for value in self.values)


def declared_options(folder: Path) -> dict[str, Option] | None:
    """The options of all modules below `folder`, or None when there are no modules or one does not parse."""
    found: dict[str, Option] = {}
    modules = sorted(folder.rglob("*.py"))
    for file in modules:
        try:
            tree = ast.parse(file.read_text("utf-8"))
        except (SyntaxError, ValueError, OSError):
            return None
        for node in ast.walk(tree):
            if option := _declaration(file, node):
                found.setdefault(option.name, option)
    return found if modules else None


def _declaration(file: Path, node: ast.AST) -> Option | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "option"):
        return None
    words = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if len(words) < 2 or len(words) != len(node.args):
        return None
    span = Span(file, node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0)
    return Option(words[0], tuple(words[1:]), span)
