"""The table of what the INF verifier judges: codes, InfVerif's numbers for the same, and the tests that show each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pyndis.diagnostics.codes import Explanation, explanations

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PAGE = ROOT / "docs" / "inf-rules.md"
_SOURCES = ROOT / "pyndis" / "package" / "infverif"
_CODE = re.compile(r"PYN-V\d\d")
_NUMBERS = re.compile(r"InfVerif: ([^.]*)")
# By what makes a finding: the last two decide by whether the package shall be a Windows Driver's.
_SEVERITIES = {
    "error": "error",
    "warning": "warning",
    "Diagnostic": "error",
    "_found": "warning; error for a Windows Driver",
    "say": "warning; error for a Windows Driver",
}


def page() -> str:
    """docs/inf-rules.md."""
    head, _, rest = (HERE / "page.md").read_text("utf-8").partition("<!-- table -->\n")
    rows = [_row(each) for code, each in explanations().items() if code.startswith("PYN-V")]
    titles = ["| code | what is wrong | InfVerif's numbers | it is | tests |", "| --- | --- | --- | --- | --- |"]
    return head + "\n".join([*titles, *rows, ""]) + rest


def codes_with_tests() -> set[str]:
    """The codes that a test names."""
    return {code for _, text in _statements() for code in _CODE.findall(text)}


def _row(code: Explanation) -> str:
    numbers = _NUMBERS.search(code.explanation)
    said = " ".join(numbers[1].split()) if numbers else ""
    tests = "; ".join(f"`{where}`" for where, text in _statements() if code.code in text)
    return f"| {code.code} | {code.title} | {said} | {' or '.join(sorted(_severities()[code.code]))} | {tests} |"


@cache
def _statements() -> tuple[tuple[str, str], ...]:
    """Tests and lists of cases: their places, and their text."""
    return tuple(_named())


def _named() -> Iterator[tuple[str, str]]:
    for file in sorted(HERE.glob("test_*.py")):
        text = file.read_text("utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef):
                cases = "".join(ast.get_source_segment(text, each) or "" for each in node.decorator_list)
                yield f"{file.name}: {node.name}", cases + (ast.get_source_segment(text, node) or "")
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                yield f"{file.name}: {node.targets[0].id}", ast.get_source_segment(text, node) or ""


@cache
def _severities() -> dict[str, set[str]]:
    """For each code, how the verifier's own text makes its findings."""
    found: dict[str, set[str]] = {}
    for file in _SOURCES.glob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        constants = {node.targets[0].id: node.value for node in tree.body if _is_constant(node)}
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            maker = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            for argument in call.args[:2] if maker in _SEVERITIES else ():
                value = constants.get(argument.id, argument) if isinstance(argument, ast.Name) else argument
                if isinstance(value, ast.Constant) and _CODE.fullmatch(str(value.value)):
                    found.setdefault(str(value.value), set()).add(_SEVERITIES[maker])
    return found


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant)
