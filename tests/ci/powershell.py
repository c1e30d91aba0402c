"""Where a PowerShell script cannot be parsed: by tree-sitter's grammar, as there is no PowerShell here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


def syntax_errors(text: str) -> list[str]:
    """Line, column (from 1) and what stands there, of each place that is no PowerShell."""
    tree_sitter = pytest.importorskip("tree_sitter")
    grammar = pytest.importorskip("tree_sitter_powershell")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    tree = parser.parse(f"{text}\n".encode())  # the grammar wants the last line ended
    return [
        f"{node.start_point.row + 1}:{node.start_point.column + 1}: {node.text.decode()[:60]}" for node in _wrong(tree.root_node)
    ]


def _wrong(node: Any) -> Iterator[Any]:
    if node.is_error or node.is_missing:
        yield node
    for child in node.children:
        yield from _wrong(child)
