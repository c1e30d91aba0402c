"""Which test proves which number of the specification: read from the marks, without running anything."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
PAGE = ROOT / "docs" / "wintun-tests.md"
COMMAND = "python -m pytest tests/drivers/wintun/test_spec_map.py --regenerate-golden"
_EXCUSES = {"skip", "skipif", "xfail"}


@dataclass(frozen=True)
class Marked:
    """A test function: its file, its name, the numbers that it is marked with, and whether it may be left out."""

    file: str
    name: str
    numbers: tuple[str, ...]
    excused: bool


def numbers() -> dict[str, str]:
    """Every number of the specification and what it is about."""
    return _data("numbers")


def later() -> dict[str, str]:
    """The numbers that wait for a later issue, wholly or in part, and for which."""
    return _data("later")


def _data(section: str) -> dict[str, str]:
    return cast("dict[str, str]", json.loads((FOLDER / "spec.json").read_text("utf-8"))[section])


def marked() -> list[Marked]:
    """The marked tests, by file and as they stand there."""
    return [each for file in sorted(FOLDER.glob("test_*.py")) for each in _of_file(file)]


def _of_file(file: Path) -> Iterator[Marked]:
    body = ast.parse(file.read_text("utf-8")).body
    shared = [mark for node in body for each in _module_marks(node) for mark in _mark(each)]
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            marks = [*shared, *(mark for each in node.decorator_list for mark in _mark(each))]
            found = tuple(number for name, arguments in marks if name == "spec" for number in arguments)
            excused = any(name in _EXCUSES for name, _ in marks)
            if found:
                yield Marked(file.relative_to(ROOT).as_posix(), node.name, found, excused)


def _module_marks(node: ast.stmt) -> Sequence[ast.expr]:
    """What a module gives to all of its tests: `pytestmark = …`."""
    match node:
        case ast.Assign(targets=[ast.Name(id="pytestmark")], value=ast.List(elts=marks)):
            return marks
        case ast.Assign(targets=[ast.Name(id="pytestmark")], value=mark):
            return [mark]
    return []


def _mark(decorator: ast.expr) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The name of `@pytest.mark.NAME(…)` and its texts."""
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    match call:
        case ast.Attribute(value=ast.Attribute(attr="mark"), attr=name):
            arguments = decorator.args if isinstance(decorator, ast.Call) else []
            yield name, tuple(each.value for each in arguments if isinstance(each, ast.Constant) and isinstance(each.value, str))


def page() -> str:
    """docs/wintun-tests.md."""
    lines = ["# Which test proves which number of the Wintun specification", "", f"Made by `{COMMAND}`.", ""]
    tests = marked()
    for number, about in numbers().items():
        lines += [f"**{number}** {about}", ""]
        if number in later():
            lines.append(f"- {later()[number]}")
        lines += [f"- `{each.file}::{each.name}`" for each in tests if number in each.numbers]
        lines.append("")
    return "\n".join(lines)
