from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

import pefile
import pytest

from pyndis.cli.compile import Compiled, compile_driver
from pyndis.host.pdb import read_pdb
from pyndis.package.manifest import Manifest
from tests.cli.conftest import REPOSITORY, Run
from tests.drivers.wintun import images as wintun_images
from tests.kept import kept

WINTUN = REPOSITORY / "drivers" / "wintun"
DIRECTIVE = re.compile(r'#line ([0-9]+) "(.*)"')
LIBRARY = "pyndis/kernel/"


@pytest.fixture(scope="module")
def plain() -> Compiled:
    return compile_driver(WINTUN, Manifest.load(WINTUN), "Release")


@pytest.fixture(scope="module")
def directed() -> Compiled:
    return compile_driver(WINTUN, Manifest.load(WINTUN), "Release", line_directives=True)


@pytest.fixture(scope="module")
def images() -> tuple[Path, Path]:
    """Without and with directives."""
    build = wintun_images.built
    return build(WINTUN, kept("wintun", "plain")), build(WINTUN, kept("wintun", "python"), line_directives=True)


def presumed(text: str) -> Iterator[tuple[int, str, str, int]]:
    """Each line of C that is no directive: its number, its text, and where a compiler takes it to be."""
    file, line = "wintun.c", 1
    for number, each in enumerate(text.split("\n"), start=1):
        if found := DIRECTIVE.fullmatch(each):
            file, line = found[2], int(found[1])
        else:
            yield number, each, file, line
            line += 1


def words(text: str) -> str:
    return " ".join(" ".join(line for line in text.split("\n") if not line.startswith("#line")).split())


def test_the_c_is_the_same_but_for_the_directives(plain: Compiled, directed: Compiled) -> None:
    assert words(directed.c_source) == words(plain.c_source)
    assert "#line" not in plain.c_source


def test_a_compiler_takes_code_for_the_line_that_it_was_written_in(directed: Compiled) -> None:
    python = [each for each in presumed(directed.c_source) if each[2].endswith(".py") and each[1]]
    assert len(python) > 1000
    for number, text, file, line in python:
        span = directed.source_map.python_place(number)
        assert span is not None
        assert span.line == line, text
        assert span.file.as_posix().endswith(file)


def test_what_is_no_code_of_the_driver_stays_with_the_c(directed: Compiled) -> None:
    for number, text, file, line in presumed(directed.c_source):
        if file == "wintun.c":
            assert line == number, text
    assert ("static NDIS_HANDLE DriverHandle;", "wintun.c") in {(each[1], each[2]) for each in presumed(directed.c_source)}


def test_no_directive_stands_in_a_comment_or_in_a_statement(directed: Compiled) -> None:
    text = re.sub(r"^#line .*$", "@", directed.c_source, flags=re.M)
    comments = re.findall(r"/\*.*?\*/", text, flags=re.S)
    assert not [each for each in comments if re.search("^@$", each, re.M)]
    before = re.findall(r"(.*)\n+@$", text, flags=re.M)
    # a statement, a brace, a condition, a label, a comment, else
    assert {each.strip()[-1:] for each in before if each and each.strip() != "else"} <= set(";{}):/")


def test_files_are_named_from_the_driver_and_the_library_on(directed: Compiled) -> None:
    files = {found[2] for line in directed.c_source.split("\n") if (found := DIRECTIVE.fullmatch(line))}
    assert {"wintun.c", "wintun/wintun.py", LIBRARY + "irp.py"} <= files
    assert all(each == "wintun.c" or each.startswith(("wintun/", LIBRARY)) for each in files)


def test_the_code_in_the_image_is_the_same(images: tuple[Path, Path]) -> None:
    plain, directed = (
        {each.Name.rstrip(b"\0"): each.get_data() for each in pefile.PE(str(image), fast_load=True).sections} for image in images
    )
    for name in (b".text", b"INIT", b".data", b".pdata", b".rsrc", b".reloc"):
        assert directed[name] == plain[name], name


def test_the_pdb_names_lines_of_python(images: tuple[Path, Path]) -> None:
    _, lines, _, inlined = read_pdb((images[1].parents[1] / "wintun.pdb").read_bytes())
    found = {place for place in [place for _, place in lines] + [each.place for each in inlined] if ".py:" in place}
    assert {each.rsplit(":", 1)[0] for each in found} >= {"wintun/wintun.py", "kernel/queues.py"}
    for place in found:
        name, line = place.rsplit(":", 1)
        file = REPOSITORY / ("drivers" if name.startswith("wintun/") else "pyndis") / name
        assert file.read_text("utf-8").split("\n")[int(line) - 1].strip(), place


def test_inlined_code_lies_within_one_function(images: tuple[Path, Path]) -> None:
    functions, _, _, inlined = read_pdb((images[1].parents[1] / "wintun.pdb").read_bytes())
    starts = sorted(functions)
    assert len({each.place for each in inlined}) > 500
    for each in inlined:
        assert each.start < each.end
        assert bisect_right(starts, each.start) == bisect_right(starts, each.end - 1), each


def test_neither_pdb_nor_c_names_a_folder_of_this_machine(images: tuple[Path, Path], directed: Compiled) -> None:
    pdb = (images[1].parents[1] / "wintun.pdb").read_bytes()
    assert b"C:\\build\\wintun\\wintun.py\0" in pdb
    for folder in (REPOSITORY, images[1].parents[3], Path.home()):
        assert str(folder).encode() not in pdb
        assert str(folder) not in directed.c_source


def test_a_build_with_directives_is_another_build(pyndis: Run, built: Path) -> None:
    ended = pyndis("build", "example", "--line-directives")
    assert (ended.code, ended.is_tidy) == (0, True)
    assert "the options have changed" in ended.err
    assert pyndis("build", "example", "--line-directives").out.startswith("nothing to do")
