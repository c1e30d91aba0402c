from __future__ import annotations

from pathlib import Path

import pytest

from pyndis.backend.source_map import SourceMap
from pyndis.diagnostics import Span
from pyndis.toolchains.msbuild.output import Message
from pyndis.toolchains.msbuild.places import Places

DRIVER, LIBRARY = Path("/d/drivers/tunnel/adapter.py"), Path("/p/pyndis/kernel/adapter.py")
SEND = Span(DRIVER, 12, 4, 12, 20)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "tunnel.c").write_text("")
    return Places(tmp_path, "tunnel.c", SourceMap({556: SEND, 557: SEND, 900: Span(LIBRARY, 3)}))


def said(file: str, line: int, code: str = "C28182", is_error: bool = False) -> Message:
    return Message(file, line, is_error, code, "a null pointer")


def test_a_line_of_c_is_told_of_the_python_that_it_comes_from(places: Places) -> None:
    found = places.diagnostic(said(r"D:\b\Tunnel.c", 556))
    assert (found.code, found.message, found.is_error) == ("PYN-T26", "C28182: a null pointer", False)
    assert found.labels[0].span == SEND
    assert found.notes == ("in the C, tunnel.c:556",)


def test_a_line_of_a_template_is_told_of_the_c(places: Places, tmp_path: Path) -> None:
    found = places.diagnostic(said(r"D:\b\tunnel.c", 3, is_error=True))
    assert found.is_error
    assert found.labels[0].span == Span(tmp_path / "tunnel.c", 3)


def test_a_header_of_the_kit_is_told_as_it_is_called(places: Places) -> None:
    header = r"C:\Windows Kits\10\Include\10.0.22621.0\km\ndis.h"
    assert places.diagnostic(said(header, 556)).labels[0].span == Span(Path(header), 556)


@pytest.mark.parametrize(("file", "message"), [("LINK", "LINK: C28182: a null pointer"), ("", "C28182: a null pointer")])
def test_what_is_about_no_line_has_no_place(places: Places, file: str, message: str) -> None:
    found = places.diagnostic(said(file, 0))
    assert (found.message, found.labels) == (message, ())


@pytest.mark.parametrize(("named", "file"), [(r"drivers\tunnel\adapter.py", DRIVER), ("pyndis/kernel/adapter.py", LIBRARY)])
def test_c_that_calls_itself_python_by_line_directives(places: Places, named: str, file: Path) -> None:
    assert places.diagnostic(said(named, 12)).labels[0].span == Span(file, 12)


def test_two_lines_of_c_from_one_of_python_are_told_once(places: Places) -> None:
    assert len(places.diagnostics([said("tunnel.c", 556), said("tunnel.c", 557), said("tunnel.c", 900)])) == 2
