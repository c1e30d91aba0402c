from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pyndis.cli.compile import Compiled, compile_driver
from pyndis.diagnostics import Span
from pyndis.package.manifest import Manifest
from tests.cli.conftest import REPOSITORY

WINTUN = REPOSITORY / "drivers" / "wintun"
PLACES = (WINTUN, REPOSITORY / "pyndis" / "kernel")


@pytest.fixture(scope="module")
def wintun() -> Compiled:
    return compile_driver(WINTUN, Manifest.load(WINTUN), "Release")


@pytest.fixture(scope="module")
def lines(wintun: Compiled) -> list[str]:
    return wintun.c_source.split("\n")


def bodies(lines: list[str]) -> Iterator[range]:
    """The lines of each function's body, counted from 1, its braces included."""
    start = 0
    for number, line in enumerate(lines, start=1):
        if line == "{" and lines[number - 2].endswith(")"):
            start = number
        if line == "}" and start:
            yield range(start, number + 1)
            start = 0


def python(span: Span | None) -> str:
    assert span is not None
    return span.file.read_text("utf-8").split("\n")[span.line - 1].strip()


@pytest.mark.parametrize(
    ("c", "source"),
    [
        ("if (Count == MAX_PACKETS || Size > MTU)", "if count == MAX_PACKETS or size > MTU:"),
        ("Subject = Head.Version >> 4;", "match head.version >> 4:"),
        ("Protocol = NDIS_ETH_TYPE_IPV4;", "protocol = EtherType.IPV4"),
        ("while (AtomicRead(&Turn->Calls) != IDLE)", "while self._calls.read() != IDLE:"),
        ("NdisFreeIoWorkItem(Turn->Item);", "raw.NdisFreeIoWorkItem(self._item)"),
    ],
)
def test_a_line_of_c_leads_to_its_statement(wintun: Compiled, lines: list[str], c: str, source: str) -> None:
    number = next(number for number, line in enumerate(lines, start=1) if line.strip() == c)
    assert python(wintun.source_map.python_place(number)) == source


def test_every_line_of_a_function_leads_into_the_driver_or_the_library(wintun: Compiled, lines: list[str]) -> None:
    known = [body for body in bodies(lines) if wintun.source_map.python_place(body[0])]
    assert len(known) > 100
    for number in (number for body in known for number in body):
        span = wintun.source_map.python_place(number)
        assert span, lines[number - 1]
        assert span.file.resolve().parent in PLACES


def test_a_body_leads_to_the_function_that_it_was_or_to_one_that_it_runs_through(wintun: Compiled, lines: list[str]) -> None:
    for body in bodies(lines):
        if span := wintun.source_map.python_place(body[0]):
            found = {function(place) for number in body if (place := wintun.source_map.python_place(number))}
            assert function(span) in found
            assert all(each == function(span) or is_generator(each) for each in found), (lines[body[0] - 2], found)


def function(span: Span) -> tuple[Path, int]:
    """The function around a place, by its file and line."""
    around = (node.lineno for node in functions(span.file) if node.lineno <= span.line <= (node.end_lineno or 0))
    return span.file, max(around, default=0)


@cache
def functions(file: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)]


def is_generator(place: tuple[Path, int]) -> bool:
    (node,) = (node for node in functions(place[0]) if node.lineno == place[1])
    return any(isinstance(each, ast.Yield) for each in ast.walk(node))


def test_what_a_template_made_leads_nowhere(wintun: Compiled, lines: list[str]) -> None:
    for text in (
        "#include <ndis.h>",
        "static NDIS_HANDLE DriverHandle;",
        "DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)",
    ):
        assert text in lines
        assert wintun.source_map.python_place(lines.index(text) + 1) is None
    assert wintun.source_map.python_place(len(lines) + 1) is None
